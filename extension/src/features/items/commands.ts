export const commands = {
  newFromTemplate: 'plue.newFromTemplate',
  newTask: 'plue.newTask',
  newChatFromTemplate: 'plue.newChatFromTemplate',
  openItem: 'plue.openItem',
  openCodex: 'plue.openCodex',
  renameDocument: 'plue.renameDocument',
  deleteDocument: 'plue.deleteDocument',
  restoreDocument: 'plue.restoreDocument',
  showHistory: 'plue.showHistory',
  restoreVersion: 'plue.restoreVersion',
  undoChange: 'plue.undoChange',
  redoChange: 'plue.redoChange',
} as const;
