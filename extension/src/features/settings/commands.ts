export const commands = {
  openSettings: 'plue.openSettings',
} as const;
