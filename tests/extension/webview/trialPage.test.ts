// @vitest-environment jsdom
import { beforeEach, expect, test } from 'vitest';
import type { FieldView, TemplateTryResult } from '../../../extension/src/protocol/protocol.generated';
import type { FromTrialPage, Trial } from '../../../extension/src/common/messages/trial';
import { readSavedState, type SavedState } from '../../../extension/src/webview/trial/savedState';
import { TrialPage } from '../../../extension/src/webview/trial/trialPage';

const goal: FieldView = { name: 'goal', type: 'textarea', required: true, options: [], properties: [] };
const trial: Trial = { id: 'log-reader', name: 'Log reader', collection: 'tasks', path: '/p/log-reader.json5', fields: [goal], values: {} };
const result: TemplateTryResult = {
  id: 'log-reader',
  name: 'Log reader',
  system: 'You read logs.\u202E',
  message: 'Find the leak.',
  sources: [{ kind: 'prompt', source: 'codex://prompts/log-reader.md', title: 'log-reader', version: 'a', hiddenCharacters: 1 }],
  tools: [
    { name: 'read', description: 'Reads a file.', hasSideEffects: false, isKnown: true },
    { name: 'bash', description: 'Runs a command.', hasSideEffects: true, isKnown: true },
    { name: 'raed', description: '', hasSideEffects: false, isKnown: false },
  ],
  provider: {
    providerId: 'house',
    name: 'House server',
    model: 'small-1',
    status: 'connected',
    isFree: false,
    contextWindow: 8000,
    price: { inputPerMillion: 1, outputPerMillion: 2 },
  },
  inputTokens: 1234,
  firstRequestCost: 0.012,
  maxCost: 0.5,
  findings: [
    {
      kind: 'risk',
      code: 'risk.write-anywhere',
      templateId: 'log-reader',
      path: '/p/log-reader.json5',
      line: 7,
      column: 3,
      message: 'It may write anywhere.',
    },
  ],
};

let root: HTMLElement;
let page: TrialPage;
let posted: FromTrialPage[];
let kept: unknown;

beforeEach(() => open());

function open(before?: SavedState): void {
  posted = [];
  root = document.createElement('main');
  document.body.replaceChildren(root);
  page = new TrialPage(
    root,
    { post: (message) => posted.push(message), getState: () => kept, setState: (state) => (kept = state) },
    before,
  );
}

function press(words: string): void {
  const button = [...root.querySelectorAll('button')].find(({ textContent, hidden }) => textContent === words && !hidden);
  if (button === undefined) throw new Error(`There is no button ${words}.`);
  button.click();
}

function typeGoal(words: string): void {
  const input = root.querySelector('textarea');
  if (input === null) throw new Error('There is no field for the goal.');
  input.value = words;
  input.dispatchEvent(new Event('change', { bubbles: true }));
}

test('Shows instructions and cost, and makes hidden characters visible', () => {
  page.receive({ type: 'trial', trial, result });
  const said = root.textContent;
  for (const words of [
    'You read logs.⟨U+202E⟩',
    'Find the leak.',
    'House server',
    '1.2k tokens of a 8k context window',
    '$0.012 at max output',
    '$0.500',
    '1 hidden character',
  ])
    expect(said).toContain(words);
});

test('Each tool shows whether it may change things, and an unknown one is marked', () => {
  page.receive({ type: 'trial', trial, result });
  const rows = [...root.querySelectorAll('tbody tr')].map(({ textContent }) => textContent);
  expect(rows).toEqual(['readReads a file. read-only', 'bashRuns a command. may change things', 'raedUnknown tool. unknown']);
});

test('A finding leads to its line', () => {
  page.receive({ type: 'trial', trial, result });
  press('log-reader.json5:7');
  expect(posted.at(-1)).toEqual({ type: 'openFinding', index: 0 });
});

test('Keeps typed values when the template is saved, and uses them in the next preview', () => {
  page.receive({ type: 'trial', trial, result });
  typeGoal('Find the other leak.');
  page.receive({ type: 'trial', trial, result: { ...result, system: 'You read everything.' } });
  expect(root.textContent).toContain('You read everything.');
  press('Refresh');
  expect(posted.at(-1)).toEqual({ type: 'try', values: { goal: 'Find the other leak.' } });
});

test('It is started with what was typed, and not without what is needed', () => {
  page.receive({ type: 'trial', trial, result });
  press('Start Task');
  expect(posted.at(-1)?.type).toBe('ready');
  expect(root.textContent).toContain('This field is required.');
  typeGoal('Find it.');
  press('Start Task');
  expect(posted.at(-1)).toEqual({ type: 'start', values: { goal: 'Find it.' } });
});

test('It shows progress below the name, and links to the instructions', () => {
  page.receive({ type: 'trying', name: 'Log\u202Ereader' });
  expect(root.querySelector('h1')?.textContent).toBe('Log⟨U+202E⟩reader');
  expect(root.querySelector('[role=status]')?.textContent).toBe('Searching…');
  const sources = [
    { kind: 'prompt' as const, source: 'codex://prompts/log-reader.md', title: 'log-reader', version: 'a' },
    { kind: 'prompt' as const, source: '/p/rules.md', title: '', version: 'b', hiddenCharacters: 3 },
    { kind: 'prompt' as const, source: '/p/long.md', title: 'long', version: 'c', hiddenCharacters: 3, omittedReason: 'It is too long.' },
  ];
  page.receive({ type: 'trial', trial, result: { ...result, sources, findings: [] } });
  expect(root.querySelector('[role=status]')?.textContent).not.toBe('Searching…');
  const rows = [...root.querySelectorAll('.source')].map(({ textContent }) => textContent);
  expect(rows[1]).toContain('/p/rules.md');
  expect(rows[1]).toContain('3 hidden characters');
  expect(rows[2]).toContain('Omitted. It is too long.');
  expect(rows[2]).not.toContain('hidden characters');
  press('/p/rules.md');
  expect(posted.at(-1)).toEqual({ type: 'openSource', index: 1 });
  expect(root.textContent).toContain('No problems found.');
});

test('Without a template one is asked for', () => {
  page.receive({ type: 'empty' });
  press('Choose a Template…');
  expect(posted.at(-1)).toEqual({ type: 'choose' });
});

test('A failed check shows why, keeps the earlier findings and can be repeated', () => {
  page.receive({ type: 'trial', trial, result });
  page.receive({ type: 'refused', error: { kind: 'conflict', message: 'Line 3 has a mistake.' } });
  expect(root.textContent).toContain('Line 3 has a mistake. The results below may be outdated.');
  expect(root.textContent).toContain('You read logs.');
  press('Try Again');
  expect(posted.at(-1)).toEqual({ type: 'try', values: {} });
  page.receive({ type: 'trial', trial, result });
  expect(root.textContent).not.toContain('from before');
});

test('A shipped template cannot be opened as a file; a new one can be based on it', () => {
  page.receive({ type: 'trial', trial: { id: 'task', name: 'Task', collection: 'tasks', fields: [goal], values: {} }, result });
  expect(() => press('Open Template')).toThrow();
  press('New Template…');
  expect(posted.at(-1)).toEqual({ type: 'newTemplate' });
});

test('The template and what was typed are there after a reload of the window', () => {
  page.receive({ type: 'trial', trial, result });
  typeGoal('Find it.');
  open(readSavedState(kept));
  expect(posted).toEqual([{ type: 'ready', id: 'log-reader', values: { goal: 'Find it.' } }]);
  page.receive({ type: 'trial', trial: { ...trial, values: { goal: 'Find it.' } }, result });
  expect(root.querySelector('textarea')?.value).toBe('Find it.');
});

test('Fills in a form without naming a model', () => {
  page.receive({ type: 'trial', trial: { ...trial, collection: 'items' }, result });
  expect(root.querySelector('.kind')?.textContent).toBe('form');
  expect(root.textContent).toContain('A form doesn’t call a model.');
  expect(root.textContent).not.toContain('Model and cost');
  expect([...root.querySelectorAll('button')].map((button) => button.textContent)).toContain('Fill In');
});
