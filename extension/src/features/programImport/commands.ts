export const commands = {
  switchToPlue: 'plue.switchToPlue',
  undoSwitch: 'plue.undoSwitch',
} as const;
