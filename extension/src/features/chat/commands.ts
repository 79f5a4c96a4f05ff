export const commands = {
  newChat: 'plue.newChat',
  openChat: 'plue.openChat',
  stop: 'plue.stop',
  addFileToChat: 'plue.addFileToChat',
  addSelectionToChat: 'plue.addSelectionToChat',
  acceptCode: 'plue.applyCode.accept',
  discardCode: 'plue.applyCode.discard',
} as const;
