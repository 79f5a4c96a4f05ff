// How a task's state is drawn and said on the pages, as in the tree: by shape, and in words.
const states: Readonly<Record<string, { icon: string; words: string }>> = {
  queued: { icon: 'circle-large-outline', words: 'queued' },
  running: { icon: 'loading', words: 'running' },
  paused: { icon: 'debug-pause', words: 'paused' },
  waiting_for_approval: { icon: 'question', words: 'needs an answer' },
  waiting_for_child: { icon: 'type-hierarchy-sub', words: 'waits for an agent' },
  over_budget: { icon: 'credit-card', words: 'over budget' },
  done: { icon: 'check', words: 'done' },
  failed: { icon: 'close', words: 'failed' },
  stopped: { icon: 'circle-slash', words: 'stopped' },
  interrupted: { icon: 'warning', words: 'interrupted' },
};

export function stateOf(status: string): { icon: string; words: string } {
  return states[status] ?? { icon: 'circle-large-outline', words: status.replaceAll('_', ' ') };
}

/** It can be stopped. */
export function isWorking(status: string): boolean {
  return ['queued', 'running', 'paused', 'waiting_for_approval', 'waiting_for_child'].includes(status);
}

/** It stands still and can go on. */
export function isResumable(status: string): boolean {
  return ['paused', 'interrupted', 'stopped', 'failed'].includes(status);
}

/** Nothing goes on until the user has said something. */
export function waitsForUser(status: string | undefined): boolean {
  return status === 'waiting_for_approval' || status === 'over_budget';
}
