// @vitest-environment jsdom
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { ApprovalView, MessageView } from '../../../extension/src/protocol/protocol.generated';
import { ChatPage } from '../../../extension/src/webview/chat/chatPage';
import { roundsOf } from '../../../extension/src/webview/chat/messages/rounds';
import { childrenOfCalls } from '../../../extension/src/webview/chat/messages/spawned';
import type { FromChatPage, ToChatPage } from '../../../extension/src/common/messages/chat';
import { answer, chat, codexId, numbered, provider, question } from './chatSamples';
import { child } from './taskSamples';

const usage = { inputTokens: 100, outputTokens: 10, totalTokens: 110, cachedReadTokens: 0, cachedWriteTokens: 0, reasoningTokens: 0 };
const cost = { inputCost: 0.01, outputCost: 0.01, cachedCost: 0, totalCost: 0.02, priceSource: 'catalog' };

function round(id: string, text: string, change: Partial<MessageView> = {}): MessageView {
  const call = { kind: 'toolUse' as const, toolUseId: `u-${id}`, toolName: 'read', parameters: '{"path":"a.ts"}' };
  const result = { kind: 'toolResult' as const, toolUseId: `u-${id}`, result: 'text' };
  return answer(id, text, { parts: [{ kind: 'text', content: text }, call, result], stopReason: 'toolUse', usage, cost, ...change });
}

const messages = [
  question('q', 'Why?'),
  round('r1', 'I look.'),
  round('r2', 'And again.'),
  answer('r3', 'Because.', { usage, cost, stopReason: 'endTurn' }),
  question('q2', 'So?'),
];
const at = (index: number): MessageView | undefined => messages[index];

describe('the rounds of a turn', () => {
  it('are one answer: all but the last go on, and the last has the sum', () => {
    expect(messages.map((_, index) => roundsOf(index, at).continues)).toEqual([false, true, true, false, false]);
    const last = roundsOf(3, at);
    expect(last.before).toEqual(['r1', 'r2']);
    expect(last.usage?.inputTokens).toBe(300);
    expect(last.cost?.totalCost).toBeCloseTo(0.06);
  });

  it('are no part of the answer before the question', () => {
    const all = [answer('a', 'Before.', { stopReason: 'endTurn' }), answer('b', 'Beside.')];
    expect(roundsOf(1, (index) => all[index]).before).toEqual([]);
  });
});

let page: ChatPage;
let posted: FromChatPage[];

async function receive(...received: ToChatPage[]): Promise<void> {
  for (const message of received) page.receive(message);
  await vi.waitFor(() => expect(page.isDrawn).toBe(true));
}

function button(label: string, within: ParentNode = document): HTMLButtonElement {
  const found = [...within.querySelectorAll('button')].find((one) => one.textContent === label || one.getAttribute('aria-label') === label);
  if (found === undefined) throw new Error(`No button “${label}”.`);
  return found;
}

beforeEach(() => {
  document.body.innerHTML = '';
  posted = [];
  page = new ChatPage(
    document.body.appendChild(document.createElement('main')),
    { post: (message) => message.type !== 'measureContext' && posted.push(message), getState: () => undefined, setState: () => undefined },
    codexId,
    undefined,
  );
});

const snapshot = (shown: MessageView[], change = {}, providers = [provider()]): ToChatPage => ({
  type: 'snapshot',
  chat: chat(shown, change),
  providers,
});

describe('an answer of several rounds on the page', () => {
  it('has one footer with the figures of all, and is copied, retried and discarded whole', async () => {
    await receive(snapshot(messages.slice(0, 4)));
    const articles = [...document.querySelectorAll<HTMLElement>('article.assistant')];
    expect(articles.map((one) => one.classList.contains('continues'))).toEqual([true, true, false]);
    const last = articles[2];
    if (last === undefined) throw new Error('There is no last round.');
    expect(last.querySelector('.figures')?.textContent).toContain('300 input · 30 output · $0.060');
    button('Copy Response', last).click();
    expect(posted.at(-1)).toEqual({ type: 'copy', text: 'I look.\n\nAnd again.\n\nBecause.' });
    button('Retry', last).click();
    expect(posted.at(-1)).toEqual({ type: 'retry', messageId: 'r1' });
  });

  it('is discarded with its rounds when it was interrupted', async () => {
    await receive(snapshot([...messages.slice(0, 3), answer('r3', 'Bec', { status: 'interrupted' })]));
    button('Discard').click();
    expect(posted.at(-1)).toEqual({ type: 'discard', messageId: 'r3', before: ['r1', 'r2'] });
  });
});

function running(toolName: string, parameters: string): MessageView {
  return answer('r', '', { status: 'streaming', parts: [{ kind: 'toolUse', toolUseId: 'u1', toolName, parameters }] });
}

describe('a tool call', () => {
  it('shows its subject and its output while it runs', async () => {
    await receive(snapshot([question('q', 'x'), running('bash', '{"command":"npm test","timeout":60}')], { turnId: 't' }));
    const line = document.querySelector<HTMLButtonElement>('.tool-call .fold-button');
    expect(line?.textContent).toBe('bashnpm test timeout 60');
    line?.click();
    const events = numbered([{ kind: 'toolCallProgress', messageId: 'r', toolUseId: 'u1', text: 'ok 1\n' }]);
    await receive(...events.map((params): ToChatPage => ({ type: 'event', params })));
    expect(document.querySelector('.tool-call')?.textContent).toContain('Output so far');
    expect(document.querySelector('.tool-call')?.textContent).toContain('ok 1');
  });

  it('opens a command while it runs, and stops it alone', async () => {
    await receive(snapshot([question('q', 'x'), running('bash', '{"command":"npm test"}')], { turnId: 't' }));
    const body = document.querySelector<HTMLElement>('.tool-call .fold-body');
    const stop = (): HTMLElement | undefined =>
      [...document.querySelectorAll<HTMLElement>('.tool-call .fold-actions button')].find(({ hidden }) => !hidden);
    expect([body?.hidden, stop()]).toEqual([true, undefined]);
    // The call starts to run now, after any approval.
    const begun = { kind: 'toolCallProgress' as const, messageId: 'r', toolUseId: 'u1', text: '' };
    const written = { ...begun, text: 'ok 1\n' };
    const finished = { kind: 'toolCallFinished' as const, messageId: 'r', toolUseId: 'u1', result: 'ok 1\n[Exit code 0, 2.4 s.]' };
    const [first, second, last] = numbered([begun, written, finished]).map((params): ToChatPage => ({ type: 'event', params }));
    if (first === undefined || second === undefined || last === undefined) throw new Error('Three events were expected.');
    await receive(first, second);
    expect(body?.hidden).toBe(false);
    expect([...(body?.querySelectorAll('pre') ?? [])].map(({ textContent }) => textContent)).toEqual(['$ npm test', 'ok 1\n']);
    stop()?.click();
    expect(posted.at(-1)).toEqual({ type: 'stopCall', toolUseId: 'u1' });
    await receive(last);
    expect([body?.hidden, stop()]).toEqual([true, undefined]);
  });

  it('shows repaired arguments in place of what the model sent', async () => {
    await receive(snapshot([question('q', 'x'), running('bash', '{"cmd_command":["npm test"]}')], { turnId: 't' }));
    const events = numbered([{ kind: 'toolCallRepaired', messageId: 'r', toolUseId: 'u1', parameters: '{"command":"npm test"}' }]);
    await receive(...events.map((params): ToChatPage => ({ type: 'event', params })));
    expect(document.querySelector('.tool-call .fold-button')?.textContent).toBe('bashnpm test');
  });

  it('shows how long it ran as the sidecar measured it, also after the chat was reopened', async () => {
    const call = running('bash', '{"command":"npm test"}');
    await receive(snapshot([question('q', 'x'), call], { turnId: 't' }));
    const finished = { kind: 'toolCallFinished' as const, messageId: 'r', toolUseId: 'u1', result: 'ok', durationMs: 2400 };
    await receive(...numbered([finished]).map((params): ToChatPage => ({ type: 'event', params })));
    expect(document.querySelector('.tool-time')?.textContent).toBe('2.4 s');
    const result = { kind: 'toolResult' as const, toolUseId: 'u1', result: 'ok', durationMs: 2400 };
    await receive(snapshot([question('q', 'x'), { ...call, status: 'complete', parts: [...call.parts, result] }]));
    expect(document.querySelector('.tool-time')?.textContent).toBe('2.4 s');
  });

  it('shows that it waits for the user, also above the composer, without taking the focus', async () => {
    await receive(snapshot([question('q', 'x'), running('bash', '{"command":"npm test"}')], { turnId: 't' }));
    document.querySelector('textarea')?.focus();
    const approval: ApprovalView = {
      id: '1',
      fingerprint: 'f',
      codexId,
      path: ['Fix'],
      toolUseId: 'u1',
      toolName: 'bash',
      kind: 'command',
      actionText: 'npm test',
      reason: 'It asks.',
      createdAt: '',
    };
    await receive({ type: 'approvals', approvals: [approval] });
    expect(document.querySelector('.tool-call [role=img]')?.getAttribute('aria-label')).toBe('Waiting for approval');
    expect(document.querySelector('.approval-dock')?.textContent).toContain('Run this command?');
    expect(document.activeElement?.tagName).toBe('TEXTAREA');
    expect(document.querySelector('[role=status]')?.textContent).toContain('Approval needed');
  });

  it('shows what it changed, with the ways to decide about it', async () => {
    const edited = running('edit', '{"path":"src/date.ts","old":"a","new":"b"}');
    const result = {
      kind: 'toolResult' as const,
      toolUseId: 'u1',
      result: 'Done.',
      changes: [{ path: 'src/date.ts', added: 6, removed: 2 }],
    };
    await receive(snapshot([question('q', 'x'), { ...edited, status: 'complete', parts: [...edited.parts, result] }]));
    expect(document.querySelector('.tool-call .fold-detail')?.textContent).toBe('src/date.ts');
    expect(document.querySelector('.changed-file')?.textContent).toContain('+6 −2');
    button('Review src/date.ts').click();
    button('Undo src/date.ts').click();
    expect(posted.slice(-2)).toEqual([
      { type: 'edits', command: 'plue.reviewChanges', path: 'src/date.ts' },
      { type: 'edits', command: 'plue.rejectChange', path: 'src/date.ts' },
    ]);
  });

  it('names the tool of a server as a template does', async () => {
    await receive(snapshot([question('q', 'x'), running('everything__echo', '{"message":"hello"}')], { turnId: 't' }));
    expect(document.querySelector('.tool-call .fold-line, .tool-call button')?.textContent).toContain('everything/echo');
  });

  it('asks nothing more about what was decided', async () => {
    const edited = running('edit', '{"path":"src/date.ts"}');
    const changes = ['src/date.ts', 'src/other.ts'].map((path) => ({ path, added: 6, removed: 2 }));
    const result = { kind: 'toolResult' as const, toolUseId: 'u1', result: 'Done.', changes };
    await receive(snapshot([question('q', 'x'), { ...edited, status: 'complete', parts: [...edited.parts, result] }]));
    await receive({ type: 'underReview', files: [{ path: 'src/other.ts', added: 1, removed: 0 }] });
    const [decided, open] = document.querySelectorAll('.changed-file');
    expect(decided?.textContent).toBe('src/date.ts+6 −2reviewed');
    expect(open?.textContent).toBe('src/other.ts+6 −2ReviewKeepUndo');
    await receive({ type: 'underReview', files: [{ path: 'src/date.ts', added: 1, removed: 0 }] });
    expect(document.querySelector('.changed-file')?.textContent).toContain('Keep');
  });

  it('leads to the agent that it started, with its state', async () => {
    await receive(snapshot([question('q', 'x'), running('spawn_task', '{"goal":"Update docs"}')], { turnId: 't' }), {
      type: 'children',
      tasks: [child('Update docs', { status: 'waiting_for_approval' })],
    });
    const link = document.querySelector<HTMLElement>('.tool-child');
    expect(link?.textContent).toBe('Update docswaiting for approval');
    button('Update docs').click();
    expect(posted.at(-1)).toEqual({ type: 'openCodex', uri: 'codex://tasks/Update docs' });
  });

  it('shows the state of a started agent instead of that of its call, and a way to stop it while it works', async () => {
    const call = running('spawn_task', '{"goal":"Update docs","wait":false}');
    const result = { kind: 'toolResult' as const, toolUseId: 'u1', result: '{"task":"codex://tasks/docs"}' };
    const docs = child('Update docs', { uri: 'codex://tasks/docs' });
    const messages = [question('q', 'x'), { ...call, status: 'complete' as const, parts: [...call.parts, result] }];
    await receive(snapshot(messages), { type: 'children', tasks: [docs] });
    expect(document.querySelector('.tool-child')?.textContent).toBe('Update docsrunningStop');
    expect(document.querySelector('.tool-call .fold-trailing')?.textContent).toBe('');
    expect(document.querySelector('.tool-call [role=img]')).toBeNull();
    button('Stop Update docs').click();
    expect(posted.at(-1)).toEqual({ type: 'taskCommand', command: 'plue.tasks.stop', uri: 'codex://tasks/docs' });
    await receive({ type: 'children', tasks: [{ ...docs, status: 'done' }] });
    expect(document.querySelector('.tool-child')?.textContent).toBe('Update docsdone');
  });

  it('leads to no agent where two could be meant', () => {
    const twins = [child('Docs'), child('Docs', { uri: 'codex://tasks/other' })];
    const call = running('mcp__plue__spawn_task', '{"goal":"Docs"}');
    expect(childrenOfCalls(call, twins, new Map())).toEqual([]);
    expect(childrenOfCalls(call, twins, new Map([['u1', 'Started codex://tasks/other']])).map(([, { uri }]) => uri)).toEqual([
      'codex://tasks/other',
    ]);
  });
});

describe('the composer', () => {
  it('shows the amount of reasoning, and changes it', async () => {
    await receive(snapshot([question('q', 'x')], { values: { permission_mode: 'plan' } }));
    const mode = document.querySelector<HTMLButtonElement>('.mode-switch button');
    expect(mode?.textContent).toBe('Plan');
    mode?.click();
    const item = [...document.querySelectorAll<HTMLElement>('[role^=menuitem]')].find(({ textContent }) =>
      textContent.includes('Auto-Edit'),
    );
    item?.click();
    expect(posted.at(-1)).toEqual({ type: 'mode', mode: 'edit' });
    await vi.waitFor(() => expect(document.querySelector('.mode-switch button')?.textContent).toBe('Auto-Edit'));
  });

  it('shows the options of the session of an agent, and changes them', async () => {
    const agent = provider({ kind: 'acp' });
    await receive(snapshot([question('q', 'x')], { values: { session_options: { speed: 'fast' } } }, [agent]));
    expect(posted).toContainEqual({ type: 'listSessionOptions' });
    expect(document.querySelector<HTMLElement>('.session-switch')?.hidden).toBe(true);
    await receive({
      type: 'sessionOptions',
      options: [
        {
          id: 'mode',
          name: 'Mode',
          current: 'ask',
          choices: [
            { value: 'ask', name: 'Ask first' },
            { value: 'auto', name: 'Go on' },
          ],
        },
        {
          id: 'speed',
          name: 'Speed',
          choices: [
            { value: 'fast', name: 'Fast' },
            { value: 'slow', name: 'Slow' },
          ],
        },
        { id: 'terse', name: 'Terse', current: 'false', choices: [] },
      ],
    });
    const opened = document.querySelector<HTMLButtonElement>('.session-switch button');
    expect(opened?.textContent).toBe('Ask first');
    opened?.click();
    const items = [...document.querySelectorAll<HTMLElement>('[role^=menuitem]')];
    expect(items.map(({ textContent }) => textContent)).toEqual([
      'Mode: Automatic ✓Fits the mode of the chat.',
      'Mode: Ask first',
      'Mode: Go on',
      'Speed: Fast ✓',
      'Speed: Slow',
      'Terse: On',
      'Terse: Off ✓',
    ]);
    items[2]?.click();
    expect(posted.at(-1)).toEqual({ type: 'sessionOptions', chosen: { speed: 'fast', mode: 'auto' } });
  });

  it('passes the text after /task to an agent', async () => {
    await receive(snapshot([question('q', 'x')]));
    const input = document.querySelector('textarea');
    if (input === null) throw new Error('There is no composer.');
    input.value = '/task Add an export command';
    input.dispatchEvent(new Event('input', { bubbles: true }));
    input.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }));
    expect(posted.at(-1)).toEqual({ type: 'newTask', goal: 'Add an export command' });
  });
});
