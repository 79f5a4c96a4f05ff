export const commands = {
  start: 'plue.compare.start',
  open: 'plue.compare.open',
} as const;
