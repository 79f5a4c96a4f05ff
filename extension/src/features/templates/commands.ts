export const commands = {
  newTemplate: 'plue.newTemplate',
  tryTemplate: 'plue.tryTemplate',
  checkTemplates: 'plue.checkTemplates',
} as const;
