export const commands = {
  newChat: 'plue.newChat',
  openChat: 'plue.openChat',
  stop: 'plue.stop',
  addFileToChat: 'plue.addFileToChat',
  addSelectionToChat: 'plue.addSelectionToChat',
  acceptCode: 'plue.applyCode.accept',
  discardCode: 'plue.applyCode.discard',
  undo: 'plue.chat.undo',
  redo: 'plue.chat.redo',
  find: 'plue.chat.find',
  jump: 'plue.chat.jump',
  compact: 'plue.chat.compact',
} as const;
