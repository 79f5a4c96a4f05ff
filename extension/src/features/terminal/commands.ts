export const commands = {
  explain: 'plue.terminal.explain',
  fix: 'plue.terminal.fix',
  /** Not in the Command Palette: shows the terminal of the background command with this ID. */
  showBackground: 'plue.terminal.showBackground',
  /** Not in the Command Palette: returns the last command of the active terminal as text, for chats. */
  lastCommand: 'plue.terminal.lastCommand',
} as const;
