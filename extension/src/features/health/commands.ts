export const commands = {
  checkHealth: 'plue.checkHealth',
  checkHealthOnline: 'plue.checkHealthOnline',
  copyHealth: 'plue.copyHealth',
} as const;
