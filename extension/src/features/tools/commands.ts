export const commands = {
  selectVsCodeTools: 'plue.selectVsCodeTools',
} as const;
