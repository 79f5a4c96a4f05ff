export const commands = {
  explain: 'plue.terminal.explain',
  fix: 'plue.terminal.fix',
} as const;
