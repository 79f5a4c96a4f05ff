export const commands = {
  commitMessage: 'plue.generateCommitMessage',
  pullRequest: 'plue.summarizePullRequest',
  conflicts: 'plue.resolveConflicts',
} as const;
