export const commands = {
  newFromTemplate: 'plue.newFromTemplate',
  openItem: 'plue.openItem',
  deleteDocument: 'plue.deleteDocument',
  restoreDocument: 'plue.restoreDocument',
  showHistory: 'plue.showHistory',
  restoreVersion: 'plue.restoreVersion',
  undoChange: 'plue.undoChange',
  redoChange: 'plue.redoChange',
} as const;
