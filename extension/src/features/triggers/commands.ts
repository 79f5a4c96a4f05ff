export const commands = {
  triggers: 'plue.triggers',
} as const;
