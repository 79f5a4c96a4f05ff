// @vitest-environment jsdom
import * as fc from 'fast-check';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { TimelineLane } from '../../../extension/src/protocol/protocol.generated';
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
  it('has its goal, budget and plan on top, what belongs to it beside, and the messages as in a chat', async () => {
    await receive(snapshot(), { type: 'task', detail: detail() });
    expect(document.querySelector('.task-goal')?.textContent).toContain('exports a chat as Markdown');
    expect(document.querySelector('.task-bars')?.textContent).toContain('$0.210 of $1.00');
    expect([...document.querySelectorAll('.task-plan li')].map(({ textContent }) => textContent)).toEqual([
      'done: Write the exporter',
      'in progress: Update the docs',
      'to do: Review',
    ]);
    const beside = [...document.querySelectorAll('.task-side h2')].map(({ textContent }) => textContent);
    expect(beside).toEqual(['Agents', 'Files changed', 'Approvals given', 'Cost by agent', 'Model selection']);
    expect(document.querySelector('.task-side')?.textContent).toContain('waiting for approval');
    expect(document.querySelectorAll('article')).toHaveLength(2);
  });

  it('opens an agent, and decides about the changes of a file', async () => {
    await receive(snapshot(), { type: 'task', detail: detail() });
    button('Update docs', '.task-side').click();
    expect(posted.at(-1)).toEqual({ type: 'openCodex', uri: 'codex://tasks/Update docs' });
    button('Reject', '.task-file').click();
    expect(posted.at(-1)).toEqual({ type: 'edits', command: 'plue.rejectChange', path: 'src/export.ts' });
    button('Review All').click();
    expect(posted.at(-1)).toEqual({ type: 'edits', command: 'plue.reviewChanges' });
  });

  it.each([
    ['running', ['Pause', 'Stop', 'Send Message…']],
    ['paused', ['Resume', 'Stop', 'Send Message…']],
    ['over_budget', ['Increase Budget…', 'Send Message…']],
    ['interrupted', ['Resume', 'Send Message…']],
    ['done', ['Send Message…']],
  ])('offers what can be done while it is %s', async (status, labels) => {
    await receive(snapshot(), { type: 'task', detail: detail({ task: task({ status }) }) });
    expect([...document.querySelectorAll('.task-buttons button')].map(({ textContent }) => textContent)).toEqual(labels);
    button(labels[0] ?? '').click();
    expect(posted.at(-1)?.type).toBe('taskCommand');
  });

  it('offers nothing that changes it while another window writes', async () => {
    await receive(snapshot({ readOnlyReason: 'Another window writes to it.' }), { type: 'task', detail: detail() });
    expect(document.querySelector('.task-buttons')).toBeNull();
  });

  it('says when what stands beside it cannot be read, and asks again', async () => {
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
      detail: { task: task(), goal: 'x', plan: [], children: [], files: [], approvals: [], timeline: [] },
    });
    expect(document.querySelector<HTMLElement>('.task-side')?.hidden).toBe(true);
    expect(document.querySelector<HTMLElement>('.timeline')?.hidden).toBe(true);
    expect(document.querySelector<HTMLElement>('.task-plan')?.hidden).toBe(true);
  });

  it('draws what hides in words of a model', async () => {
    await receive(snapshot(), {
      type: 'task',
      detail: detail({ goal: 'a\u202Eb', files: [{ path: 'x\u200B.ts', added: 1, removed: 0 }] }),
    });
    expect(document.querySelector('.task-goal')?.textContent).toBe('a⟨U+202E⟩b');
    expect(document.querySelector('.change-path')?.textContent).toBe('x⟨U+200B⟩.ts');
  });

  it('says what was handed back in words, and leaves out what is empty', async () => {
    const outputs = { summary: 'Both are right.', files_changed: ['src/a.js'], checks: [], results: [{ goal: 'x' }] };
    await receive(snapshot(), { type: 'task', detail: detail({ outputs }) });
    const side = document.querySelector('.task-side');
    expect([...(side?.querySelectorAll('h3') ?? [])].map(({ textContent }) => textContent)).toEqual([
      'Summary',
      'Files changed',
      'Results',
    ]);
    expect(side?.querySelector('.task-output li')?.textContent).toBe('src/a.js');
    expect(side?.querySelector('.task-output pre')?.textContent).toContain('"goal": "x"');
  });
});

describe('a budget', () => {
  it('says what was spent and what its agents may still take', () => {
    const [money] = barsOf(task(), [
      child('a', { budget: { usd: 0.5 }, spentInAll: spend({ usd: 0.2 }) }),
      child('b', { status: 'done', budget: { usd: 0.3 } }),
    ]);
    expect(money).toMatchObject({ name: 'Cost', words: '$0.210 of $1.00, $0.300 reserved', share: 0.21, isReached: false });
    expect(money?.reservedShare).toBeCloseTo(0.3);
  });

  it('counts what is not known as unknown, and what runs here as local', () => {
    expect(barsOf(task({ spentInAll: spend(), budget: {} }), [])[0]?.words).toBe('n/a');
    expect(barsOf(task({ spentInAll: spend(), budget: {}, isLocal: true }), [])[0]?.words).toBe('local');
    expect(barsOf(task({ spentInAll: spend({ usd: 0.2, usdIsAtLeast: true }) }), [])[0]?.words).toBe('$0.200+ of $1.00');
  });
});

describe('the timeline', () => {
  it('has a lane for each agent and says the same in a table', async () => {
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
    expect(document.querySelector('.timeline-words')?.textContent).toBe('Add export command: claude-sonnet-4-6, model, 20 s, $0.020');
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

  it('keeps every bar inside and visible, whatever the clocks say', () => {
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
