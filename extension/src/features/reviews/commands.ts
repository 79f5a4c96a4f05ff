export const commands = {
  reviewChangesOf: 'plue.reviewChangesOf',
  showFindings: 'plue.showReviewFindings',
  applyFix: 'plue.findings.applyFix',
  resolve: 'plue.findings.resolve',
  dismiss: 'plue.findings.dismiss',
  markWrong: 'plue.findings.markWrong',
} as const;
