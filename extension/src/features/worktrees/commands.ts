export const commands = {
  open: 'plue.worktrees.open',
  showChanges: 'plue.worktrees.showChanges',
  merge: 'plue.worktrees.merge',
  commit: 'plue.worktrees.commit',
  pullRequest: 'plue.worktrees.createPullRequest',
  remove: 'plue.worktrees.remove',
} as const;
