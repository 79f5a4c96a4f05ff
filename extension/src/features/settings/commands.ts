export const commands = {
  openSettings: 'plue.openSettings',
  addHook: 'plue.addHook',
} as const;
