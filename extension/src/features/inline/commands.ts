export const commands = {
  edit: 'plue.inlineEdit',
  accept: 'plue.inlineEdit.accept',
  reject: 'plue.inlineEdit.reject',
  retry: 'plue.inlineEdit.retry',
  followUp: 'plue.inlineEdit.followUp',
  showDiff: 'plue.inlineEdit.showDiff',
  continueInChat: 'plue.inlineEdit.continueInChat',
  fix: 'plue.fix',
  explain: 'plue.explain',
  document: 'plue.document',
  generateTests: 'plue.generateTests',
  fixTest: 'plue.fixTest',
} as const;
