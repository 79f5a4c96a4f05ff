// @vitest-environment jsdom
import * as fc from 'fast-check';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { ChangedFileView, TimelineLane } from '../../../extension/src/protocol/protocol.generated';
import { barsOf } from '../../../extension/src/webview/chat/task/budget';
import { timelineOf } from '../../../extension/src/webview/chat/task/timeline';
import { ChatPage } from '../../../extension/src/webview/chat/chatPage';
import type { FromChatPage, ToChatPage } from '../../../extension/src/common/messages/chat';
import { answer, chat, codex, provider, question } from './chatSamples';
import { child, detail, spend, task, taskId } from './taskSamples';

let page: ChatPage;
let posted: FromChatPage[];

async function receive(...messages: ToChatPage[]): Promise<void> {
  for (const message of messages) page.receive(message);
  await vi.waitFor(() => expect(page.isDrawn).toBe(true));
}

function snapshot(change = {}): ToChatPage {
  const codexOfTask = codex({ uri: taskId, templateId: 'task-orchestrator', taskStatus: 'running', title: 'Add export command' });
  return {
    type: 'snapshot',
    chat: chat([question('m1', 'Add it.'), answer('m2', 'I will.')], { codex: codexOfTask, ...change }),
    providers: [provider()],
  };
}

function button(label: string, within = 'body'): HTMLButtonElement {
  const found = [...document.querySelectorAll<HTMLButtonElement>(`${within} button`)].find((one) => one.textContent === label);
  if (found === undefined) throw new Error(`No button “${label}”.`);
  return found;
}

beforeEach(() => {
  document.body.innerHTML = '';
  posted = [];
  page = new ChatPage(
    document.body.appendChild(document.createElement('main')),
    { post: (message) => message.type !== 'measureContext' && posted.push(message), getState: () => undefined, setState: () => undefined },
    taskId,
    undefined,
  );
});

describe('the panel of a task', () => {
  it('shows state, model, and cost in one line, the current step of the plan, and the rest in collapsed details', async () => {
    await receive(snapshot(), { type: 'task', detail: detail() });
    const line = document.querySelector('.task-line')?.textContent;
    expect(line).toContain('running');
    expect(line).toContain('claude-sonnet-4-6');
    expect(line).toContain('$0.210 of $1.00');
    expect(document.querySelector('.task-plan summary')?.textContent).toBe('Plan 1/3 Update the docs');
    expect([...document.querySelectorAll('.task-plan li')].map(({ textContent }) => textContent)).toEqual([
      'done: Write the exporter',
      'in progress: Update the docs',
      'to do: Review',
    ]);
    const details = document.querySelector<HTMLElement>('.task-details');
    expect(details?.hidden).toBe(true);
    document.querySelector<HTMLButtonElement>('.task-details-button')?.click();
    expect(details?.hidden).toBe(false);
    const names = [...(details?.querySelectorAll('h2') ?? [])].map(({ textContent }) => textContent);
    expect(names).toEqual(['Budget', 'Agents', 'Board', 'Cost by agent', 'Approvals given', 'Model selection', 'Timeline']);
    expect(details?.textContent).toContain('waiting for approval');
    expect(document.querySelector('.task-board')?.textContent).toContain('The command is named “Export Chat”. Update docs, ');
    expect(document.querySelectorAll('article')).toHaveLength(2);
  });

  it('opens an agent', async () => {
    await receive(snapshot(), { type: 'task', detail: detail() });
    button('Update docs', '.task-details').click();
    expect(posted.at(-1)).toEqual({ type: 'openCodex', uri: 'codex://tasks/Update docs' });
  });

  it.each([
    ['running', ['Pause', 'Stop', 'Details']],
    ['paused', ['Resume', 'Stop', 'Details']],
    ['interrupted', ['Resume', 'Details']],
    ['over_budget', ['Increase Budget…', 'Details']],
  ])('offers what can be done while it is %s', async (status, labels) => {
    await receive(snapshot(), { type: 'task', detail: detail({ task: task({ status }) }) });
    expect([...document.querySelectorAll('.task-buttons button')].map(({ textContent }) => textContent)).toEqual(labels);
    button(labels[0] ?? '').click();
    expect(posted.at(-1)?.type).toBe('taskCommand');
  });

  it('offers nothing that changes it while another window writes', async () => {
    await receive(snapshot({ readOnlyReason: 'Another window writes to it.' }), { type: 'task', detail: detail() });
    expect([...document.querySelectorAll('.task-buttons button')].map(({ textContent }) => textContent)).toEqual(['Details']);
  });

  it('shows that related data cannot be read, and retries', async () => {
    expect(document.querySelector('.task-head')?.textContent).toContain('Loading…');
    await receive(snapshot(), { type: 'taskFailed', message: 'The task could not be read.' });
    button('Try Again').click();
    expect(posted.at(-1)).toEqual({ type: 'reloadTask' });
    await receive({ type: 'task', detail: detail() });
    expect(document.querySelector('.task-head')?.textContent).not.toContain('could not be read');
  });

  it('shows only what is there', async () => {
    await receive(snapshot(), {
      type: 'task',
      detail: { task: task(), goal: 'x', plan: [], children: [], files: [], approvals: [], timeline: [], board: [] },
    });
    expect([...document.querySelectorAll('.task-details h2')].map(({ textContent }) => textContent)).toEqual(['Budget']);
    expect(document.querySelector<HTMLElement>('.timeline')?.hidden).toBe(true);
    expect(document.querySelector<HTMLElement>('.task-plan')?.hidden).toBe(true);
  });

  it('shows hidden characters in texts of a model', async () => {
    await receive(snapshot(), { type: 'task', detail: detail({ plan: [{ text: 'a\u202Eb', state: 'open' }] }) });
    expect(document.querySelector('.task-plan li')?.textContent).toBe('to do: a⟨U+202E⟩b');
  });
});

describe('the result of a task', () => {
  const outputs = {
    summary: 'Both are **right**.',
    files_changed: ['src/export.ts', 'README.md'],
    checks: [],
    results: [{ goal: 'x', outcome: 'done' }],
    more: { a: 1 },
  };
  const ended = (): ToChatPage[] => [snapshot(), { type: 'task', detail: detail({ outputs, task: task({ status: 'done' }) }) }];
  const result = (): HTMLElement | null => document.querySelector('.task-result');

  it('is rendered after the last message, without empty values and repeated file names', async () => {
    await receive(snapshot(), { type: 'task', detail: detail() });
    expect(result()?.hidden).toBe(true);
    await receive(...ended());
    expect(result()?.querySelector('strong')?.textContent).toBe('right');
    expect([...(result()?.querySelectorAll('h3') ?? [])].map(({ textContent }) => textContent)).toEqual(['Results', 'More']);
    expect(result()?.querySelector('pre')?.textContent).toContain('"a": 1');
    expect([...(result()?.querySelectorAll('td') ?? [])].map(({ textContent }) => textContent)).toEqual(['x', 'done']);
  });

  it('lists the changed files, which can be reviewed, kept, and undone until all are decided', async () => {
    await receive(...ended(), { type: 'underReview', files: [{ path: 'src/export.ts', added: 120, removed: 0 }] });
    const files = [...(result()?.querySelectorAll('.changed-file') ?? [])].map(({ textContent }) => textContent);
    expect(files).toEqual(['src/export.ts+120 −0ReviewKeepUndo', 'README.md+12 −3reviewed']);
    button('Undo', '.task-result').click();
    expect(posted.at(-1)).toEqual({ type: 'edits', command: 'plue.rejectChange', path: 'src/export.ts' });
  });
});

describe('the bar of changed files', () => {
  const bar = (): HTMLElement | null => document.querySelector('.changes-bar');
  const change = (path: string): ChangedFileView => ({ path, added: 2, removed: 1 });

  it('sums up the changes and decides about all of them', async () => {
    await receive(snapshot(), { type: 'underReview', files: [change('a.ts'), change('x\u200B.ts')] });
    expect(bar()?.textContent).toBe('2 files changed+4 −2ReviewKeepUndo');
    for (const [label, command] of [
      ['Review', 'plue.reviewChanges'],
      ['Keep', 'plue.acceptChange'],
      ['Undo', 'plue.rejectChange'],
    ] as const) {
      button(label, '.changes-bar').click();
      expect(posted.at(-1)).toEqual({ type: 'edits', command });
    }
    await receive({ type: 'underReview', files: [] });
    expect(bar()?.hidden).toBe(true);
  });

  it('opens to its files, and stays open when another file changes', async () => {
    await receive(snapshot(), { type: 'underReview', files: [change('x\u200B.ts')] });
    document.querySelector<HTMLButtonElement>('.changes-toggle')?.click();
    expect(bar()?.querySelector('.change-path')?.textContent).toBe('x⟨U+200B⟩.ts');
    await receive({ type: 'underReview', files: [change('a.ts'), change('b.ts')] });
    expect(bar()?.querySelectorAll('.changed-file')).toHaveLength(2);
  });
});

describe('a budget', () => {
  it('shows the spent amount and what its agents may still use', () => {
    const [money] = barsOf(task(), [
      child('a', { budget: { usd: 0.5 }, totalSpent: spend({ usd: 0.2 }) }),
      child('b', { status: 'done', budget: { usd: 0.3 } }),
    ]);
    expect(money).toMatchObject({ name: 'Cost', words: '$0.210 of $1.00, $0.300 reserved', share: 0.21, isReached: false });
    expect(money?.reservedShare).toBeCloseTo(0.3);
  });

  it('counts what is not known as unknown, and what runs here as local', () => {
    expect(barsOf(task({ totalSpent: spend(), budget: {} }), [])[0]?.words).toBe('n/a');
    expect(barsOf(task({ totalSpent: spend(), budget: {}, isLocal: true }), [])[0]?.words).toBe('local');
    expect(barsOf(task({ totalSpent: spend({ usd: 0.2, usdIsAtLeast: true }) }), [])[0]?.words).toBe('$0.200+ of $1.00');
  });
});

describe('the timeline', () => {
  it('has a lane for each agent and the same data in a table', async () => {
    await receive(snapshot(), { type: 'task', detail: detail() });
    expect(document.querySelectorAll('.timeline-lane svg')).toHaveLength(3);
    expect([...document.querySelectorAll('.timeline rect')].map((rect) => rect.getAttribute('class'))).toContain('bar waiting open');
    const rows = [...document.querySelectorAll('.timeline-table tbody tr')].map(({ textContent }) => textContent);
    expect(rows).toHaveLength(6);
    expect(rows[0]).toBe('Add export commandclaude-sonnet-4-6model0 s20 s$0.020');
  });

  it('describes the bar under the pointer', async () => {
    await receive(snapshot(), { type: 'task', detail: detail() });
    document.querySelector('.timeline rect')?.dispatchEvent(new Event('pointerenter'));
    expect(document.querySelector('.timeline-text')?.textContent).toBe('Add export command: claude-sonnet-4-6, model, 20 s, $0.020');
  });

  it('puts each bar where it belongs', () => {
    const lanes: TimelineLane[] = [
      {
        uri: 'a',
        title: 'A',
        status: 'done',
        spent: spend(),
        spans: [{ kind: 'model', name: 'm', start: '2026-11-21T12:00:00Z', end: '2026-11-21T12:00:10Z' }],
      },
      { uri: 'b', title: 'B', status: 'running', spent: spend(), spans: [{ kind: 'tool', name: 't', start: '2026-11-21T12:00:10Z' }] },
    ];
    const { lengthMs, rows, ticks } = timelineOf(lanes, Date.parse('2026-11-21T12:00:40Z'));
    expect(lengthMs).toBe(40_000);
    expect(rows[0]?.bars[0]).toMatchObject({ x: 0, width: 0.25 });
    expect(rows[1]?.bars[0]).toMatchObject({ x: 0.25, width: 0.75, isOpen: true });
    expect(ticks).toEqual([0, 10_000, 20_000, 30_000, 40_000]);
  });

  it('keeps every bar inside and visible, for any clocks', () => {
    const time = fc
      .date({ min: new Date(0), max: new Date(4e12) })
      .map((date) => (Number.isNaN(date.getTime()) ? 'never' : date.toISOString()));
    const span = fc.record(
      { kind: fc.constantFrom('model' as const, 'tool' as const, 'waiting' as const), name: fc.string(), start: time, end: time },
      { requiredKeys: ['kind', 'name', 'start'] },
    );
    const lane = fc.record({
      uri: fc.string(),
      title: fc.string(),
      status: fc.constant('running'),
      spent: fc.constant(spend()),
      spans: fc.array(span),
    });
    fc.assert(
      fc.property(fc.array(lane), fc.integer({ min: 0, max: 4e12 }), (lanes, now) => {
        const { rows, ticks } = timelineOf(lanes, now);
        for (const { x, width, durationMs } of rows.flatMap(({ bars }) => bars)) {
          expect(x).toBeGreaterThanOrEqual(0);
          expect(width).toBeGreaterThan(0);
          expect(x + width).toBeLessThanOrEqual(1.0000001);
          expect(durationMs).toBeGreaterThanOrEqual(0);
        }
        expect(ticks.length).toBeLessThanOrEqual(7);
      }),
    );
  });
});
