export const commands = {
  servers: 'plue.servers',
  importServers: 'plue.importMcpServers',
} as const;
