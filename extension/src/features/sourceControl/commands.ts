export const commands = {
  commitMessage: 'plue.generateCommitMessage',
  stopCommitMessage: 'plue.stopCommitMessage',
  pullRequest: 'plue.summarizePullRequest',
  conflicts: 'plue.resolveConflicts',
} as const;
