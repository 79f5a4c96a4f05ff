export const commands = {
  selectTools: 'plue.selectTools',
} as const;
