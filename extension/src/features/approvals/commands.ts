export const commands = {
  show: 'plue.approvals',
  manageRules: 'plue.manageRules',
  /** Takes the ID of an approval. */
  openDiff: 'plue.openApprovalDiff',
} as const;
