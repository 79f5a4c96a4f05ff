export const commands = {
  chooseModel: 'plue.chooseCompletionModel',
  toggle: 'plue.toggleCompletions',
  menu: 'plue.completionsMenu',
} as const;
