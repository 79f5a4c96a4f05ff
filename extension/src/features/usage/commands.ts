export const commands = {
  usage: 'plue.usage',
} as const;
