export const commands = {
  reviewChanges: 'plue.reviewChanges',
  acceptChange: 'plue.acceptChange',
  rejectChange: 'plue.rejectChange',
  acceptAllChanges: 'plue.acceptAllChanges',
  rejectAllChanges: 'plue.rejectAllChanges',
  nextChange: 'plue.nextChange',
  previousChange: 'plue.previousChange',
  undoTurn: 'plue.undoTurn',
  redoTurn: 'plue.redoTurn',
} as const;
