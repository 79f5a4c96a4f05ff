export const commands = {
  openPlan: 'plue.openPlan',
} as const;
