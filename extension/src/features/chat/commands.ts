export const commands = {
  newChat: 'plue.newChat',
  openChat: 'plue.openChat',
  stop: 'plue.stop',
} as const;
