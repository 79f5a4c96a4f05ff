export const commands = {
  newChat: 'plue.newChat',
  openChat: 'plue.openChat',
  stop: 'plue.stop',
  addFileToChat: 'plue.addFileToChat',
  addSelectionToChat: 'plue.addSelectionToChat',
} as const;
