export const commands = {
  getStarted: 'plue.getStarted',
  openDataFolder: 'plue.openDataFolder',
} as const;
