export const commands = {
  show: 'plue.approvals',
  manageRules: 'plue.manageRules',
} as const;
