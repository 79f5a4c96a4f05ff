// @vitest-environment jsdom
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { MessageEvent } from '../../../extension/src/protocol/protocol.generated';
import { ChatPage } from '../../../extension/src/webview/chat/chatPage';
import { storeTimeout } from '../../../extension/src/webview/chat/composer/outbox';
import type { FromChatPage, ToChatPage } from '../../../extension/src/common/messages/chat';
import { readSavedState, type SavedState } from '../../../extension/src/common/messages/savedState';
import { answer, chat, codex, codexId, numbered, provider, question, turn } from './chatSamples';

let page: ChatPage;
let posted: FromChatPage[];
let kept: unknown;

function open(state?: SavedState): void {
  document.body.innerHTML = '';
  const root = document.body.appendChild(document.createElement('main'));
  posted = [];
  kept = undefined;
  page = new ChatPage(
    root,
    // The context is measured after each change, which composer.test.ts checks.
    {
      post: (message) => message.type !== 'measureContext' && posted.push(message),
      getState: () => kept,
      // A page of an earlier test may still store its state.
      setState: (next) => document.contains(root) && (kept = next),
    },
    codexId,
    state,
  );
}

async function receive(...messages: ToChatPage[]): Promise<void> {
  for (const message of messages) page.receive(message);
  await vi.waitFor(() => expect(page.isDrawn).toBe(true));
}

function events(all: MessageEvent[], firstSeq = 1): ToChatPage[] {
  return numbered(all, firstSeq).map((params) => ({ type: 'event', params }));
}

function snapshot(messages = [question('m1', 'Hi')], change = {}, providers = [provider()]): ToChatPage {
  return { type: 'snapshot', chat: chat(messages, change), providers };
}

function find<T extends HTMLElement>(selector: string, type: new () => T): T {
  const found = document.querySelector(selector);
  if (!(found instanceof type)) throw new Error(`No ${selector}`);
  return found;
}

function composer(): HTMLTextAreaElement {
  return find('textarea', HTMLTextAreaElement);
}

function type(text: string): void {
  composer().value = text;
  composer().dispatchEvent(new Event('input', { bubbles: true }));
}

function press(target: HTMLElement, key: string, more: KeyboardEventInit = {}): boolean {
  return target.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more }));
}

function button(label: string): HTMLButtonElement {
  const found = [...document.querySelectorAll('button')].find(
    (one) => one.textContent === label || one.getAttribute('aria-label') === label,
  );
  if (found === undefined)
    throw new Error(`No button "${label}" among: ${[...document.querySelectorAll('button')].map((one) => one.textContent).join(', ')}`);
  return found;
}

function articles(): string[] {
  return [...document.querySelectorAll('article')].map((article) => article.dataset['messageId'] ?? '');
}

beforeEach(() => open());

describe('the composer', () => {
  it('sends on Enter and clears the draft', async () => {
    await receive(snapshot());
    type('Why?');
    expect(press(composer(), 'Enter')).toBe(false);
    expect(posted).toContainEqual({ type: 'send', text: 'Why?' });
    expect(composer().value).toBe('');
  });

  it('breaks the line on Shift+Enter and sends nothing while an input method composes', async () => {
    await receive(snapshot());
    type('Why?');
    press(composer(), 'Enter', { shiftKey: true });
    press(composer(), 'Enter', { isComposing: true });
    expect(posted).toEqual([]);
    expect(composer().value).toBe('Why?');
  });

  it.each([{ ctrlKey: true }, { metaKey: true }])('clears the draft on K with %j', async (modifier) => {
    await receive(snapshot());
    type('Why?');
    press(composer(), 'k', modifier);
    expect(composer().value).toBe('');
  });

  it('stops on Escape and by the button beside send, and keeps the draft', async () => {
    await receive(snapshot(), ...events([{ kind: 'turnStarted', turnId: 't1' }]));
    type('next');
    press(composer(), 'Escape');
    button('Stop (Escape)').click();
    expect(posted).toEqual([{ type: 'stop' }, { type: 'stop' }]);
    expect(composer().value).toBe('next');
  });

  it('returns a rejected message to the draft with the reason', async () => {
    await receive(snapshot());
    type('Why?');
    press(composer(), 'Enter');
    type('more');
    await receive({ type: 'refused', text: 'Why?', error: { kind: 'vaultLocked', message: 'The vault is locked.' } });
    expect(composer().value).toBe('Why?\nmore');
    expect(document.querySelector('.visually-hidden[role=status]')?.textContent).toBe('Error: The vault is locked.');
    button('Unlock Vault…').click();
    expect(posted).toContainEqual({ type: 'help', action: 'unlockVault', providerId: 'anthropic' });
  });

  it('forgets why the model before refused once another is chosen', async () => {
    await receive(snapshot());
    await receive({ type: 'refused', error: { kind: 'modelNotFound', message: 'It has no such model.' } });
    expect(document.querySelector('.failure')?.textContent).toContain('It has no such model.');
    button('Switch Model…').click();
    const filter = find('.composer .picker-filter', HTMLInputElement);
    filter.value = 'my-own-model';
    filter.dispatchEvent(new Event('input', { bubbles: true }));
    press(filter, 'Enter');
    await vi.waitFor(() => expect(page.isDrawn).toBe(true));
    expect(document.querySelector('.failure')).toBeNull();
  });

  it('returns a message to the draft that was being sent when the sidecar stopped', async () => {
    await receive(snapshot());
    type('Why?');
    press(composer(), 'Enter');
    await receive({ type: 'sidecar', state: 'stopped', cause: 'Plue stopped with exit code 134.' });
    expect(composer().value).toBe('Why?');
    press(composer(), 'Enter');
    expect(posted.filter((message) => message.type === 'send')).toHaveLength(1);
    button('Restart').click();
    expect(posted).toContainEqual({ type: 'help', action: 'restartSidecar' });
  });

  it('names its chat before anything is typed, so that a reload restores it', () => {
    expect(readSavedState(kept)).toEqual({ codexId, draft: '', place: null });
  });

  it('keeps the draft over a reload, and leaves another chat’s alone', async () => {
    type('half a question');
    expect(readSavedState(kept)).toEqual({ codexId, draft: 'half a question', place: null });
    open({ codexId, draft: 'half a question', place: null });
    await receive(snapshot());
    expect(composer().value).toBe('half a question');
  });

  it('writes nothing to a read-only chat and shows the reason', async () => {
    await receive(snapshot([question('m1', 'Hi')], { readOnlyReason: 'Another window owns this chat.' }));
    type('Why?');
    press(composer(), 'Enter');
    expect(posted).toEqual([]);
    expect(document.querySelector('.banner.warning')?.textContent).toContain('Another window owns this chat.');
  });
});

describe('an answer', () => {
  it('streams into its article and ends with its figures', async () => {
    const usage = {
      inputTokens: 2100,
      outputTokens: 310,
      totalTokens: 2410,
      cachedReadTokens: 1800,
      cachedWriteTokens: 0,
      reasoningTokens: 0,
    };
    const cost = { inputCost: 0, outputCost: 0, cachedCost: 0, totalCost: 0.006, priceSource: 'catalog' };
    await receive(snapshot([]), ...events(turn()));
    expect(document.querySelector('article.assistant')?.textContent).toContain('The parser checks the day against 31.');
    await receive(
      ...events(
        [
          { kind: 'messageFinished', message: answer('m2', 'Done.', { usage, cost }) },
          { kind: 'turnFinished', turnId: 't1', stopReason: 'endTurn' },
        ],
        13,
      ),
    );
    const figures = /^claude-sonnet-4-6 · 2\.1k input \(1\.8k cached\) · 310 output · \$0\.006 · [\d.]+ s to first token$/;
    expect(document.querySelector('.figures')?.textContent).toMatch(figures);
  });

  it.each([
    [undefined, 'cost n/a'],
    [{ inputCost: 0, outputCost: 0, cachedCost: 0, totalCost: 0, priceSource: 'local' }, 'local'],
  ])('shows where no price is known or needed (%#)', async (cost, words) => {
    const usage = { inputTokens: 1, outputTokens: 1, totalTokens: 2, cachedReadTokens: 0, cachedWriteTokens: 0, reasoningTokens: 0 };
    await receive(snapshot([question('m1', 'Hi'), answer('m2', 'Hi', { usage, ...(cost === undefined ? {} : { cost }) })]));
    expect(document.querySelector('.figures')?.textContent).toContain(words);
  });

  it('opens reasoning and tool calls in place', async () => {
    await receive(snapshot([]), ...events(turn()));
    const [thought, call] = document.querySelectorAll<HTMLButtonElement>('.fold-button');
    expect(thought?.textContent).toMatch(/^Thought for/);
    expect(call?.textContent).toBe('readsrc/date.ts');
    expect(call?.getAttribute('aria-expanded')).toBe('false');
    call?.click();
    expect(call?.getAttribute('aria-expanded')).toBe('true');
    expect(document.querySelector('.tool-call')?.textContent).toContain('export function parse() {}');
  });

  it('asks for a snapshot once when an event was missed, and loses no event around it', async () => {
    await receive(snapshot([]), ...events(turn().slice(0, 3)), ...events([{ kind: 'turnStarted', turnId: 't9' }], 7));
    expect(posted).toEqual([{ type: 'ready', codexId }]);
    const streaming = answer('m2', 'one ', { status: 'streaming' });
    const late = events([{ kind: 'textDelta', messageId: 'm2', partIndex: 0, text: 'two' }], 10);
    await receive(...late, snapshot([question('m1', 'Hi'), streaming], { lastSeq: 9, turnId: 't9' }));
    expect(document.querySelector('article.assistant .markdown')?.textContent).toBe('one two\n');
  });

  it('announces its start and its end but not its text', async () => {
    const said = (): string | null | undefined => document.querySelector('.visually-hidden[role=status]')?.textContent;
    await receive(snapshot([]), ...events(turn()));
    expect(said()).toBe('Response started');
    await receive(...events([{ kind: 'turnFinished', turnId: 't1', stopReason: 'stopped' }], 13));
    expect(said()).toBe('Stopped');
  });

  it('offers Retry for a response that was stopped before any text, without a token time', async () => {
    const timing = { startedAt: '2026-11-21T08:00:00Z', firstTokenMs: 1700, durationMs: 1700 };
    await receive(snapshot([question('m1', 'Hi'), { ...answer('m2', ''), parts: [], status: 'stopped', timing }]));
    const stopped = find('article.assistant', HTMLElement);
    expect(stopped.textContent).toContain('Stopped.');
    expect(stopped.textContent).not.toContain('first token');
    button('Retry').click();
    expect(posted).toEqual([expect.objectContaining({ type: 'retry', messageId: 'm2' })]);
  });

  it('posts a clicked link and lets nothing follow it', async () => {
    await receive(snapshot([answer('m2', '[docs](https://docs.example/a)')]));
    const link = find('article a', HTMLAnchorElement);
    link.click();
    press(link, 'Enter');
    expect(posted).toEqual([
      { type: 'openLink', href: 'https://docs.example/a' },
      { type: 'openLink', href: 'https://docs.example/a' },
    ]);
  });

  it('continues or discards what was interrupted', async () => {
    await receive(snapshot([question('m1', 'Hi'), answer('m2', 'Three kept words', { status: 'interrupted' })]));
    expect(document.querySelector('.thin-line')?.textContent).toContain('Interrupted by a Plue restart. 3 words were kept.');
    button('Continue').click();
    button('Discard').click();
    expect(posted).toEqual([
      { type: 'retry', messageId: 'm2', continue: true },
      { type: 'discard', messageId: 'm2' },
    ]);
  });
});

describe('a failed answer', () => {
  it.each([
    ['providerAuthFailed', 'anthropic', 'Set Key…', { type: 'help', action: 'setKey', providerId: 'anthropic' }],
    ['providerAuthFailed', 'claude-code', 'Sign In…', { type: 'help', action: 'signInClaude', providerId: 'anthropic' }],
    ['providerAuthFailed', 'acp', 'Retry', { type: 'retry', messageId: 'm2' }],
    ['unreachable', 'ollama', 'Start Ollama…', { type: 'help', action: 'startOllama', providerId: 'anthropic' }],
    ['unreachable', 'ollama', 'Retry', { type: 'retry', messageId: 'm2' }],
    ['vaultLocked', 'anthropic', 'Unlock Vault…', { type: 'help', action: 'unlockVault', providerId: 'anthropic' }],
    ['rateLimited', 'anthropic', 'Retry', { type: 'retry', messageId: 'm2' }],
    ['overloaded', 'anthropic', 'Retry', { type: 'retry', messageId: 'm2' }],
    ['timeout', 'anthropic', 'Retry', { type: 'retry', messageId: 'm2' }],
    ['cutStream', 'anthropic', 'Retry', { type: 'retry', messageId: 'm2' }],
    ['keyNotBoundToOrigin', 'anthropic', 'Allow This Address…', { type: 'help', action: 'allowKey', providerId: 'anthropic' }],
    ['budgetExceeded', 'anthropic', 'Change Budget…', { type: 'help', action: 'openSettings', providerId: 'anthropic' }],
    ['contextFull', 'anthropic', 'Retry', { type: 'retry', messageId: 'm2' }],
    ['providerExecutableFailed', 'claude-code', 'Sign In…', { type: 'help', action: 'signInClaude', providerId: 'anthropic' }],
    ['providerExecutableFailed', 'external', 'Show Log', { type: 'help', action: 'openLog', providerId: 'anthropic' }],
    ['permissionDenied', 'external', 'Manage Providers', { type: 'help', action: 'manageProviders', providerId: 'anthropic' }],
    ['permissionDenied', 'github-copilot', 'Retry', { type: 'retry', messageId: 'm2' }],
    ['untrusted', 'anthropic', 'Manage Trust', { type: 'help', action: 'manageTrust', providerId: 'anthropic' }],
    ['internal', 'anthropic', 'Show Log', { type: 'help', action: 'openLog', providerId: 'anthropic' }],
  ])('of kind %s with %s offers "%s"', async (kind, providerKind, label, expected) => {
    const failed = answer('m2', '', { status: 'failed', error: { kind, message: 'It failed.' } });
    await receive(snapshot([question('m1', 'Hi'), failed], {}, [provider({ kind: providerKind })]));
    button(label).click();
    // Before that, a chat with an agent asks for its session options.
    expect(posted.at(-1)).toEqual(expected);
  });

  it('that had started continues after its time limit, and shows a missing reason', async () => {
    const late = answer('m2', 'Half of it', { status: 'failed', error: { kind: 'timeout', message: 'It took too long.' } });
    await receive(snapshot([question('m1', 'Hi'), late]));
    button('Continue').click();
    expect(posted).toEqual([{ type: 'retry', messageId: 'm2', continue: true }]);
    expect(document.activeElement).toBe(composer());
    await receive(snapshot([question('m1', 'Hi'), answer('m2', '', { status: 'failed' }), question('m3', 'And now?')]));
    expect(find('article.assistant .failure', HTMLElement).textContent).toBe('The response failed without a reason.');
    expect(document.querySelector('article.assistant .failure button')).toBeNull();
  });

  it.each(['providerDisabled', 'notFound'])('of kind %s opens the picker', async (kind) => {
    const failed = answer('m2', '', { status: 'failed', error: { kind, message: 'It is gone.' } });
    await receive(snapshot([question('m1', 'Hi'), failed]));
    button('Switch Model…').click();
    expect(find('.composer .picker-popup', HTMLElement).hidden).toBe(false);
  });

  it('without a message shows its error under the question', async () => {
    const error = { kind: 'unreachable', message: 'Nothing responds at localhost:11434.' };
    await receive(
      snapshot(),
      ...events([
        { kind: 'turnStarted', turnId: 't1' },
        { kind: 'turnFinished', turnId: 't1', stopReason: 'failed', error },
      ]),
    );
    expect(document.querySelector('.turn-failure')?.textContent).toContain('Nothing responds at localhost:11434.');
    button('Retry').click();
    expect(posted).toEqual([{ type: 'retry', messageId: 'm1' }]);
  });
});

describe('the page', () => {
  it('offers to start a task that could not begin, and sends nothing by itself', async () => {
    const codex = { ...chat([]).codex, uri: 'codex://tasks/task_1', taskStatus: 'interrupted' };
    await receive({ type: 'snapshot', chat: { ...chat([]), codex }, providers: [provider()] });
    posted.length = 0;
    expect(document.body.textContent).toContain('Plue was closed before this task could start.');
    button('Start').click();
    expect(posted).toEqual([{ type: 'send', text: '' }]);
  });

  it('draws only what is near the view of a long chat, and counts all of it for a screen reader', async () => {
    const messages = Array.from({ length: 250 }, (_, index) => question(`m${index}`, `Question ${index}`));
    await receive(snapshot(messages, { offset: 750 }));
    expect(articles().length).toBeLessThan(40);
    expect(articles().at(-1)).toBe('m249');
    const last = find('article:last-of-type', HTMLElement);
    expect([last.getAttribute('aria-posinset'), last.getAttribute('aria-setsize')]).toEqual(['1000', '1000']);
  });

  it('asks for earlier messages where the reader goes, and shows them when they are here', async () => {
    const messages = Array.from({ length: 100 }, (_, index) => question(`m${900 + index}`, `Question ${900 + index}`));
    await receive(snapshot(messages, { offset: 900 }));
    press(find('.messages', HTMLElement), 'Home');
    const asked = posted.find((message) => message.type === 'list');
    expect(asked).toEqual({ type: 'list', offset: 0, limit: 50, generation: 1 });
    expect(articles()).toEqual([]);
    const earlier = Array.from({ length: 50 }, (_, index) => question(`m${index}`, `Question ${index}`));
    await receive({ type: 'range', generation: 1, offset: 0, messages: earlier });
    expect(articles()[0]).toBe('m0');
  });

  it('discards responses for a branch that is no longer shown', async () => {
    await receive(snapshot([question('m9', 'Hi')], { offset: 50 }), snapshot([question('n9', 'Hi')], { offset: 50 }));
    press(find('.messages', HTMLElement), 'Home');
    const other = Array.from({ length: 50 }, (_, index) => question(`m${index}`, `Question ${index}`));
    await receive({ type: 'range', generation: 1, offset: 0, messages: other });
    expect(articles()).toEqual([]);
  });

  it('takes away a discarded message', async () => {
    await receive(
      snapshot([question('m1', 'Hi'), answer('m2', 'Half', { status: 'interrupted' })]),
      ...events([{ kind: 'messageRemoved', messageId: 'm2' }]),
    );
    expect(articles()).toEqual(['m1']);
  });

  it('renames the chat from its title', async () => {
    await receive(snapshot());
    find('.title-button', HTMLButtonElement).click();
    const input = find('.title-input', HTMLInputElement);
    input.value = 'Dates';
    press(input, 'Enter');
    expect(posted).toEqual([{ type: 'rename', title: 'Dates' }]);
  });

  it('matches the typed words first', async () => {
    await receive(snapshot());
    find('.composer .picker-button', HTMLButtonElement).click();
    await receive({ type: 'models', providerId: 'anthropic', models: [{ id: 'opus', name: 'Opus' }] });
    const filter = find('.composer .picker-filter', HTMLInputElement);
    filter.value = 'opu';
    filter.dispatchEvent(new Event('input'));
    press(filter, 'Enter');
    expect(posted.at(-1)).toEqual({ type: 'choose', providerId: 'anthropic', model: 'opus' });
  });

  it('names the fallback provider in the header and below the response', async () => {
    const providerInfo = { providerId: 'groq', providerName: 'Groq', modelId: 'llama', fallbackReason: 'Anthropic was over its limit.' };
    await receive(snapshot([question('m1', 'Hi'), answer('m2', 'Hello', { providerInfo })]));
    expect(find('.instead', HTMLElement).textContent).toBe('Response from Groq');
    expect(find('.instead', HTMLElement).title).toBe('Response from Groq: Anthropic was over its limit.');
    expect(find('article.assistant .figures', HTMLElement).textContent).toBe('Response from Groq: Anthropic was over its limit. · llama');
    await receive(snapshot([question('m1', 'Hi'), answer('m3', 'Hello')]));
    expect(find('.instead', HTMLElement).hidden).toBe(true);
  });

  it('shows the price that a cost was computed with', async () => {
    const usage = {
      inputTokens: 2100,
      outputTokens: 310,
      totalTokens: 2410,
      cachedReadTokens: 0,
      cachedWriteTokens: 0,
      reasoningTokens: 0,
    };
    const price = { inputPerMillion: 3, outputPerMillion: 15, cachedReadPerMillion: 0.3 };
    const cost = { inputCost: 0.001, outputCost: 0.005, cachedCost: 0, totalCost: 0.006, priceSource: 'catalog', price };
    const timing = { firstTokenMs: 1200, durationMs: 5000 };
    await receive(snapshot([question('m1', 'Hi'), answer('m2', 'Hello', { usage, cost, timing })]));
    const figures = find('article.assistant .figures', HTMLElement);
    expect(figures.textContent).toBe('claude-sonnet-4-6 · 2.1k input · 310 output · $0.006 · 1.2 s to first token');
    const details = [...figures.querySelectorAll('.figure-detail')].map(({ textContent }) => textContent);
    expect(details).toEqual([' · 2.1k input', ' · 310 output', ' · 1.2 s to first token']);
    expect(figures.querySelector('[title]')?.getAttribute('title')).toBe('Per million tokens: $3 input, $15 output, $0.3 cache read');
  });

  it('counts down to the next try, and Stop there stops', async () => {
    const until = new Date(Date.now() + 8000).toISOString();
    await receive(
      snapshot(),
      ...events([
        { kind: 'turnStarted', turnId: 't1' },
        { kind: 'retrying', attempt: 1, until, reason: 'Anthropic is busy.' },
      ]),
    );
    expect(find('.activity', HTMLElement).textContent).toMatch(/^Anthropic is busy\. Retrying in [78] s · Stop$/);
    button('Stop').click();
    expect(posted).toEqual([{ type: 'stop' }]);
  });

  it('moves between messages by key, requests missing ones, and goes where the host says', async () => {
    const messages = Array.from({ length: 60 }, (_, at) => (at % 2 === 0 ? question : answer)(`m${50 + at}`, 'Words.'));
    const focused = (): string | null | undefined => document.activeElement?.getAttribute('data-message-id');
    const jump = (key: 'ArrowUp' | 'ArrowDown'): boolean => press(find('.messages', HTMLElement), key, { altKey: true });
    await receive(snapshot(messages, { offset: 50 }), { type: 'jump', index: 54, messageId: 'm54' });
    expect(focused()).toBe('m54');
    expect(jump('ArrowUp')).toBe(false);
    expect(focused()).toBe('m52');
    jump('ArrowDown');
    expect(focused()).toBe('m54');
    jump('ArrowUp');
    jump('ArrowUp');
    expect(focused()).toBe('m50');
    expect(posted.some(({ type }) => type === 'nextQuestion')).toBe(false);
    jump('ArrowUp');
    expect(posted.at(-1)).toEqual({ type: 'nextQuestion', index: 50, backwards: true });
  });

  it('is renamed by F2, and the menu of the chat runs its commands', async () => {
    await receive(snapshot());
    expect(press(composer(), 'F2')).toBe(false);
    expect(document.activeElement?.className).toBe('title-input');
    press(find('.title-input', HTMLInputElement), 'Escape');
    const choose = (label: string): void => {
      button('Chat menu').click();
      button(label).click();
    };
    choose('Rename');
    expect(document.activeElement?.className).toBe('title-input');
    press(find('.title-input', HTMLInputElement), 'Escape');
    expect(posted).toEqual([]);
    choose('Fork');
    choose('Preview Template');
    choose('Export…');
    choose('Find');
    expect(document.activeElement?.className).toBe('find-input');
    expect(posted).toEqual([{ type: 'fork' }, { type: 'tryTemplate' }, { type: 'command', command: 'plue.chat.export' }]);
  });

  it('shows failed hooks and messages of the host until they are read', async () => {
    const failure = { time: '2026-11-21T08:00:00Z', action: 'notify', message: 'The program is gone.' };
    await receive(
      snapshot(undefined, { notice: 'The chat was moved here.' }),
      ...events([{ kind: 'hooksChanged', failures: [failure, failure, failure] }]),
    );
    expect(document.body.textContent).toContain('A hook failed (notify): The program is gone. 2 more hooks failed too.');
    button('Show History').click();
    expect(posted).toEqual([{ type: 'command', command: 'plue.showHistory' }]);
    button('Dismiss').click();
    expect(document.body.textContent).not.toContain('The chat was moved here.');
    expect(document.activeElement).toBe(composer());
    await receive(snapshot(undefined, { notice: 'The chat was moved here.' }));
    expect(document.body.textContent).not.toContain('The chat was moved here.');
    await receive(...events([{ kind: 'hooksChanged', failures: [] }], 2));
    expect(document.body.textContent).not.toContain('A hook failed');
  });

  it('starts a task with the chosen agent, its files, and the mode of the composer', async () => {
    const agent = { id: 'task-code-writer', name: 'Code writer', description: 'Makes one change.', isAgent: true };
    await receive(snapshot(), { type: 'templates', templates: [{ id: 'ai-chat', name: 'Chat', isAgent: false }, agent] });
    button('Template: Chat').click();
    button('Code writerMakes one change.').click();
    await receive();
    expect(composer().placeholder).toContain('Code writer');
    expect(document.querySelector('.composer .picker:not([hidden])')?.textContent).toContain('Chosen by template');
    button('Agent: Code writer').click();
    button('More Options…').click();
    expect(posted.at(-1)).toEqual({ type: 'newTask', goal: '', templateId: 'task-code-writer' });
    type('Fix the dates.');
    press(composer(), 'Enter');
    expect(posted.at(-1)).toMatchObject({ type: 'startTask', templateId: 'task-code-writer', text: 'Fix the dates.', mode: 'ask' });
    await receive({ type: 'stored', text: 'Fix the dates.' });
    expect(composer().placeholder).not.toContain('Code writer');
  });

  it('offers a worktree for a task where one is possible, and sends only a place that was chosen', async () => {
    const agent = { id: 'task-code-writer', name: 'Code writer', isAgent: true };
    const placeSwitch = (): Element | null => document.querySelector('.place-switch:not([hidden]) button');
    await receive(snapshot(), { type: 'templates', templates: [{ ...agent, isIsolated: true }] });
    expect(posted).not.toContainEqual({ type: 'checkWorktree' });
    await receive({ type: 'agent', agent });
    expect(posted).toContainEqual({ type: 'checkWorktree' });
    await receive({ type: 'worktreeChecked', isPossible: false });
    expect(placeSwitch()).toBeNull();
    await receive({ type: 'worktreeChecked', isPossible: true });
    expect(placeSwitch()?.textContent).toContain('New Worktree');
    type('Fix the dates.');
    press(composer(), 'Enter');
    expect(posted.at(-1)).not.toHaveProperty('worktree');
    await receive({ type: 'stored', text: 'Fix the dates.' }, { type: 'agent', agent });
    button('Work in: New Worktree').click();
    button('This FolderThe task changes the files of this window.').click();
    await receive();
    type('Fix the times.');
    press(composer(), 'Enter');
    expect(posted.at(-1)).toMatchObject({ type: 'startTask', worktree: false });
  });

  it('starts the task with the model that was chosen for it, and leaves that of the chat', async () => {
    const agent = { id: 'task-code-writer', name: 'Code writer', isAgent: true };
    await receive(snapshot(), { type: 'agent', agent });
    button('Provider and model of the task: Chosen by template').click();
    await receive({ type: 'models', providerId: 'anthropic', models: [{ id: 'claude-large' }, { id: 'claude-small' }] });
    const rows = [...document.querySelectorAll<HTMLElement>('#agent-picker-list [role=option]')];
    expect(rows[0]?.textContent).toContain('Chosen by template');
    rows.find(({ textContent }) => textContent?.includes('claude-large'))?.click();
    await receive();
    type('Fix the dates.');
    press(composer(), 'Enter');
    expect(posted.at(-1)).toMatchObject({ type: 'startTask', model: { providerId: 'anthropic', model: 'claude-large' } });
    expect(posted).not.toContainEqual(expect.objectContaining({ type: 'choose' }));
  });

  it('becomes the page of a task with its draft, and the page of a chat again', async () => {
    await receive(snapshot());
    type('Later.');
    await receive({ type: 'codex', codex: codex({ taskStatus: 'running' }) });
    expect(document.querySelector('.task-head')?.nextElementSibling?.querySelector('article')).not.toBeNull();
    expect(composer().value).toBe('Later.');
    await receive({ type: 'codex', codex: codex() });
    expect(document.querySelector('.task-head')).toBeNull();
    expect(composer().value).toBe('Later.');
  });

  it('changes the template while nothing was sent, and only then', async () => {
    const templates = [
      { id: 'ai-chat', name: 'Chat', isAgent: false },
      { id: 'review', name: 'Review', isAgent: false },
    ];
    await receive(snapshot([]), { type: 'templates', templates });
    const offered = (): string[] => {
      button('Template: Chat').click();
      return [...document.querySelectorAll('[role=menuitem]')].map((item) => item.textContent ?? '');
    };
    expect(offered()).toEqual(['Review', 'Chat Settings…', 'Preview Template', 'New Chat from Template…']);
    button('Review').click();
    expect(posted.at(-1)).toEqual({ type: 'changeTemplate', templateId: 'review' });
    await receive(snapshot());
    expect(offered()).toEqual(['Chat Settings…', 'Preview Template', 'New Chat from Template…']);
    button('Chat Settings…').click();
    button('Template: Chat').click();
    button('New Chat from Template…').click();
    expect(posted.slice(-2)).toEqual([
      { type: 'command', command: 'plue.chat.settings' },
      { type: 'command', command: 'plue.newChatFromTemplate' },
    ]);
  });

  it('opens no link by the middle button, and none that has no address', async () => {
    await receive(snapshot([answer('m2', '[docs](https://docs.example/a)')]));
    const link = find('article a', HTMLAnchorElement);
    const middle = new MouseEvent('auxclick', { bubbles: true, cancelable: true, button: 1 });
    link.dispatchEvent(middle);
    expect(middle.defaultPrevented).toBe(true);
    delete link.dataset['href'];
    link.click();
    expect(posted).toEqual([]);
  });

  it.each([
    ['maxTokens', 'The response reached the output limit.'],
    ['refusal', 'The model declined to continue.'],
    ['contextFull', 'The chat no longer fits the model’s context window.'],
  ] as const)('shows below the response that it ended with %s, and continues on click', async (stopReason, words) => {
    await receive(
      snapshot([]),
      ...events([
        ...turn(),
        { kind: 'messageFinished', message: answer('m2', 'Half.') },
        { kind: 'turnFinished', turnId: 't1', stopReason },
      ]),
    );
    expect(find('article.assistant .thin-line', HTMLElement).textContent).toContain(words);
    button('Continue').click();
    expect(posted.at(-1)).toEqual({ type: 'retry', messageId: 'm2', continue: true });
  });

  it('focuses the composer, and shows a new name, when the host requests it', async () => {
    await receive(snapshot(), { type: 'codex', codex: codex({ title: 'Dates' }) });
    expect(find('.title-button', HTMLElement).textContent).toContain('Dates');
    find('.title-button', HTMLElement).focus();
    await receive({ type: 'focusComposer' });
    expect(document.activeElement).toBe(composer());
  });

  it('keeps options and fallbacks with the chat', async () => {
    await receive(snapshot());
    button('Response options').click();
    const temperature = find('#answer-temperature', HTMLInputElement);
    temperature.value = '0.5';
    temperature.dispatchEvent(new Event('change', { bubbles: true }));
    expect(posted.at(-1)).toEqual({ type: 'options', options: { temperature: 0.5 } });
    find('#chat-fallbacks-add', HTMLButtonElement).click();
    find('.choices [role=option]', HTMLElement).click();
    expect(posted.at(-1)).toEqual({ type: 'fallbacks', fallbacks: [{ providerId: 'anthropic' }] });
  });

  it('picks a listed model, and one typed by hand', async () => {
    await receive(snapshot());
    find('.composer .picker-button', HTMLButtonElement).click();
    expect(posted).toEqual([{ type: 'listModels', providerId: 'anthropic' }]);
    await receive({ type: 'models', providerId: 'anthropic', models: [{ id: 'opus', name: 'Opus' }] });
    const filter = find('.composer .picker-filter', HTMLInputElement);
    filter.value = 'opus';
    filter.dispatchEvent(new Event('input'));
    press(filter, 'Enter');
    expect(posted.at(-1)).toEqual({ type: 'choose', providerId: 'anthropic', model: 'opus' });
    find('.composer .picker-button', HTMLButtonElement).click();
    filter.value = 'my-own-model';
    filter.dispatchEvent(new Event('input'));
    press(filter, 'Enter');
    expect(posted.at(-1)).toEqual({ type: 'choose', providerId: 'anthropic', model: 'my-own-model' });
  });

  it('offers three things to try and puts one into the composer', async () => {
    await receive(snapshot([]));
    const suggestions = document.querySelectorAll<HTMLButtonElement>('.suggestion');
    expect(suggestions).toHaveLength(3);
    suggestions[0]?.click();
    expect(composer().value).toBe(suggestions[0]?.textContent);
    expect(posted).toEqual([]);
  });

  it('suggests work on the folder once one is open and trusted', async () => {
    const suggested = (): string[] => [...document.querySelectorAll('.suggestion')].map(({ textContent }) => textContent);
    await receive(snapshot([]));
    expect(suggested()[0]).toBe('Explain a race condition with a small example');
    await receive({ type: 'snapshot', chat: chat([]), providers: [provider()], hasFolder: true });
    expect(suggested()).toEqual(['Explain how this workspace is organized', 'Review my uncommitted changes', 'Add a test that is missing']);
  });

  it('labels the tour as a recording and offers to connect a provider', async () => {
    await receive(
      snapshot([], { codex: codex({ providerId: 'tour', title: 'Tour' }) }, [provider({ id: 'tour', kind: 'tour', name: 'Tour' })]),
    );
    expect(find('.badge', HTMLElement).hidden).toBe(false);
    button('Connect a Model').click();
    find('[data-key="card:openrouter"]', HTMLButtonElement).click();
    expect(posted).toEqual([{ type: 'connect', card: 'openrouter' }]);
  });

  it('shows only two choices while nothing is connected: connect a model, or take the tour', async () => {
    await receive(
      snapshot([], { codex: codex({ title: 'New chat', providerId: 'tour' }) }, [
        provider({ id: 'tour', kind: 'tour', name: 'Tour', source: 'tour', isDefault: true }),
      ]),
    );
    expect(find('.empty-chat h2', HTMLElement).textContent).toBe('Connect a model');
    expect(document.querySelector('.suggestion')).toBeNull();
    find('[data-key="card:anthropic"]', HTMLButtonElement).click();
    button('More Providers…').click();
    button('Take the Tour').click();
    expect(posted).toEqual([
      { type: 'connect', card: 'anthropic' },
      { type: 'help', action: 'addProvider' },
      { type: 'help', action: 'takeTour' },
    ]);
  });

  it('shows titles, names and errors as text, even if they contain markup', async () => {
    const hostile = '<img src=x onerror=alert(1)>\u202E';
    const failed = answer('m2', 'x', {
      status: 'failed',
      error: { kind: 'internal', message: hostile },
      providerInfo: { providerId: 'a', providerName: hostile },
    });
    await receive(
      snapshot([question('m1', hostile), failed], { codex: codex({ title: hostile, model: hostile }), notice: hostile }, [
        provider({ name: hostile }),
      ]),
    );
    expect(document.querySelector('img')).toBeNull();
    expect(document.body.textContent).not.toContain('\u202E');
    expect(document.body.textContent).toContain('⟨U+202E⟩');
  });
});

describe('a sent message that is not known to be stored', () => {
  async function sendWhy(): Promise<void> {
    await receive(snapshot());
    type('Why?');
    press(composer(), 'Enter');
  }

  function state(): SavedState {
    const state = readSavedState(kept);
    if (state === undefined) throw new Error('The page keeps nothing.');
    return state;
  }

  it('is kept until the host reports that it is stored', async () => {
    await sendWhy();
    expect(state().unstored).toEqual({ text: 'Why?', attachments: [], after: 'm1', isBack: false });
    await receive({ type: 'stored', text: 'Something else' });
    expect(state().unstored).toBeDefined();
    await receive({ type: 'stored', text: 'Why?' });
    expect(state().unstored).toBeUndefined();
  });

  it('is kept until it is seen in the chat', async () => {
    await sendWhy();
    await receive(...events([{ kind: 'messageAdded', message: question('m2', 'Why?') }]));
    expect(state().unstored).toBeUndefined();
    expect(state().draft).toBe('');
  });

  it('returns to the draft when the host is lost, which is shown', async () => {
    await sendWhy();
    page.changeHost(true);
    await vi.waitFor(() => expect(page.isDrawn).toBe(true));
    expect(composer().value).toBe('Why?');
    expect(button('Plue does not respond; the draft is kept').getAttribute('aria-disabled')).toBe('true');
    expect(document.querySelector('.activity')?.textContent).not.toContain('Sending');
  });

  it('is in the draft after a reload when it was never stored, and only once', async () => {
    await sendWhy();
    const before = state();
    open(before);
    await receive(snapshot());
    expect(composer().value).toBe('Why?');
    expect(state()).toMatchObject({ draft: 'Why?' });
    expect(state().unstored).toBeUndefined();

    await sendWhy();
    page.changeHost(true);
    open(state());
    await receive(snapshot());
    expect(composer().value).toBe('Why?');
  });

  it('is not in the draft after a reload when it was stored before the host ended', async () => {
    await sendWhy();
    page.changeHost(true);
    expect(composer().value).toBe('Why?');
    open(state());
    expect(composer().value).toBe('Why?');
    await receive(snapshot([question('m1', 'Hi'), question('m2', 'Why?')]));
    expect(composer().value).toBe('');
    expect(state().unstored).toBeUndefined();
  });

  it('is not taken for an equal question from before', async () => {
    await receive(snapshot([question('m1', 'Why?')]));
    type('Why?');
    press(composer(), 'Enter');
    open(state());
    await receive(snapshot([question('m1', 'Why?')]));
    expect(composer().value).toBe('Why?');
  });

  it('is restored to the draft without a confirmation, and removed if it was stored after all', async () => {
    await receive(snapshot());
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      type('Why?');
      press(composer(), 'Enter');
      vi.advanceTimersByTime(storeTimeout - 1);
      expect(composer().value).toBe('');
      vi.advanceTimersByTime(1);
      expect(composer().value).toBe('Why?');
    } finally {
      vi.useRealTimers();
    }
    await vi.waitFor(() => expect(document.querySelector('.refused')?.textContent).toContain('did not confirm within 30 seconds'));
    await receive(...events([{ kind: 'messageAdded', message: question('m2', 'Why?') }]));
    expect(composer().value).toBe('');
    expect(document.querySelector('.refused')?.textContent).toBe('');
  });
});
