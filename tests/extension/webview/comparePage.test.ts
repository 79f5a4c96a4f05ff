// @vitest-environment jsdom
import { beforeEach, expect, it } from 'vitest';
import type { ContestantView, TaskView } from '../../../extension/src/protocol/protocol.generated';
import type { FromComparePage } from '../../../extension/src/common/messages/compare';
import { ComparePage } from '../../../extension/src/webview/compare/comparePage';

const uri = 'codex://tasks/task_0';
const spent = { usd: 0.25, tokens: 1000, rounds: 3, seconds: 65 };

let page: ComparePage;
let posted: FromComparePage[];
let state: unknown;

function task(name: string, status: string): TaskView {
  return {
    uri: `codex://tasks/${name}`,
    templateId: 'careful',
    templateName: 'Careful',
    title: 'Goal',
    status,
    providerName: name,
    model: 'large',
    spent,
    totalSpent: spent,
    budget: {},
    isLocal: false,
    createdAt: '2026-11-25T10:00:00Z',
    updatedAt: '2026-11-25T10:00:00Z',
    waiting: 0,
    unread: false,
    archived: false,
    worktree: { task: name, folder: `/w/${name}`, branch: `plue/${name}`, repository: '/shop', state: 'ready' },
  };
}

function show(...contestants: ContestantView[]): void {
  page.receive({ type: 'comparison', comparison: { uri, goal: 'Do it', budget: { usd: 2 }, spent, contestants } });
}

const labels = (at: number): string[] =>
  [...(document.querySelectorAll('.contestant')[at]?.querySelectorAll('button') ?? [])].map((button) => button.textContent);

beforeEach(() => {
  document.body.innerHTML = '<div id="app"></div>';
  posted = [];
  state = undefined;
  const root = document.getElementById('app');
  if (root === null) throw new Error('There is no root.');
  page = new ComparePage(
    root,
    { post: (message) => posted.push(message), getState: () => state, setState: (next) => void (state = next) },
    { uri },
  );
});

it('Requests the comparison that it showed before a reload', () => {
  expect(posted).toEqual([{ type: 'ready', uri }]);
  show({ templateName: 'Careful', checks: [], isChosen: false, task: task('a', 'done') });
  expect(state).toEqual({ uri });
});

it('Says what it is for if there is no comparison', () => {
  page.receive({ type: 'empty' });
  expect(document.body.textContent).toContain('No comparisons yet');
});

it('Shows changes, checks, cost and time of each contestant, and what can be done with it', () => {
  show(
    {
      templateName: 'Careful',
      task: task('a', 'done'),
      diff: { files: 2, added: 10, removed: 3 },
      checks: [
        { name: 'npm test', state: 'passed', seconds: 2 },
        { name: 'npm run lint', state: 'failed', seconds: 1, problem: 'It failed.' },
        { name: 'npm run build', state: 'waiting' },
      ],
      isChosen: false,
    },
    { templateName: 'Careful', task: task('b', 'running'), checks: [], isChosen: false },
    { templateName: 'Careful', task: task('c', 'failed'), checks: [], isChosen: false },
    { templateName: 'Other', problem: 'It has no model.', checks: [], isChosen: false },
  );
  const [first, , , last] = document.querySelectorAll('.contestant');
  expect(first?.querySelector('h2')?.textContent).toBe('a · large');
  const facts = [...(first?.querySelectorAll('dd') ?? [])].map((fact) => fact.textContent);
  expect(facts).toEqual(['+10 −3 · 2 files', '1 of 3 passed', '$0.250', '1 min 5 s']);
  expect(first?.querySelectorAll('.contestant-checks .failed')[0]?.textContent).toContain('npm run lint');
  expect([labels(0), labels(1), labels(2), labels(3)]).toEqual([
    ['Choose…', 'Review', 'Open Task'],
    ['Review', 'Stop', 'Open Task'],
    ['Choose…', 'Review', 'Resume', 'Open Task'],
    [],
  ]);
  expect(last?.textContent).toContain('It has no model.');
  expect(document.querySelector('.page-header')?.textContent).toContain('$0.250 of $2.00');
});

it('Posts the action of a button, and offers no merge of a chosen one', () => {
  show({ templateName: 'Careful', task: task('a', 'done'), checks: [], isChosen: true });
  expect(labels(0)).toEqual(['Review', 'Open Task']);
  document.querySelector<HTMLButtonElement>('.contestant button')?.click();
  expect(posted.at(-1)).toEqual({ type: 'act', action: 'review', task: 'codex://tasks/a' });
});
