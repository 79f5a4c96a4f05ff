export const commands = {
  servers: 'plue.servers',
} as const;
