export const commands = {
  manageProviders: 'plue.manageProviders',
  checkClaudeCodeAuth: 'plue.checkClaudeCodeAuth',
} as const;
