// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AttachmentView, QueuedView } from '../../../extension/src/protocol/protocol.generated';
import { ChatPage } from '../../../extension/src/webview/chat/chatPage';
import type { FromChatPage, ToChatPage } from '../../../extension/src/common/messages/chat';
import { readSavedState, type SavedState } from '../../../extension/src/common/messages/savedState';
import { chat, codexId, numbered, provider, question } from './chatSamples';

let page: ChatPage;
let posted: FromChatPage[];
let kept: unknown;

function open(state?: SavedState): void {
  document.body.innerHTML = '';
  const root = document.body.appendChild(document.createElement('main'));
  posted = [];
  page = new ChatPage(
    root,
    { post: (message) => posted.push(message), getState: () => kept, setState: (next) => (kept = next) },
    codexId,
    state,
  );
}

async function receive(...messages: ToChatPage[]): Promise<void> {
  for (const message of messages) page.receive(message);
  await vi.waitFor(() => expect(page.isDrawn).toBe(true));
}

function snapshot(change = {}): ToChatPage {
  return { type: 'snapshot', chat: chat([question('m1', 'Hi')], change), providers: [provider()] };
}

const running: ToChatPage[] = numbered([{ kind: 'turnStarted', turnId: 't1' }]).map((params) => ({ type: 'event', params }));

function input(): HTMLTextAreaElement {
  const found = document.querySelector('textarea');
  if (found === null) throw new Error('No composer');
  return found;
}

function type(text: string): void {
  input().focus();
  input().value = text;
  input().setSelectionRange(text.length, text.length);
  input().dispatchEvent(new Event('input', { bubbles: true }));
}

function press(key: string, more: KeyboardEventInit = {}): void {
  input().dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more }));
}

function button(label: string): HTMLButtonElement {
  const all = [...document.querySelectorAll('button')];
  const found = all.find((one) => one.textContent === label || one.getAttribute('aria-label') === label);
  if (found === undefined)
    throw new Error(`No button "${label}" among: ${all.map((one) => one.getAttribute('aria-label') ?? one.textContent).join(', ')}`);
  return found;
}

const last = <T extends FromChatPage['type']>(kind: T): Extract<FromChatPage, { type: T }> | undefined =>
  posted.findLast((message): message is Extract<FromChatPage, { type: T }> => message.type === kind);
const rows = (): string[] => [...document.querySelectorAll('[role=option].completion')].map((row) => row.textContent ?? '');
const chips = (): string[] => [...document.querySelectorAll('.chips .context-chip')].map((one) => one.textContent ?? '');
const hint = (): string => document.querySelector('#composer-hint')?.textContent ?? '';

function view(change: Partial<AttachmentView> = {}): AttachmentView {
  return { path: 'src/date.ts', name: 'date.ts', kind: 'text', tokens: 1200, size: 4000, questions: [], ...change };
}

/** Mentions src/date.ts with @, and sends this result of the sidecar. */
async function attach(change: Partial<AttachmentView> = {}): Promise<void> {
  await receive({ type: 'attach', files: [{ path: change.path ?? 'src/date.ts' }] });
  await receive({ type: 'inspected', chipId: last('inspect')?.chipId ?? '', view: view(change) });
}

beforeEach(async () => {
  kept = undefined;
  open();
  await receive(snapshot());
});

afterEach(() => vi.unstubAllGlobals());

describe('a mention', () => {
  const files: ToChatPage = {
    type: 'files',
    text: 'da',
    files: [
      { path: 'src/date.ts', kind: 'open' },
      { path: 'data.ts', kind: 'file' },
    ],
  };

  it('asks for files, is a combobox while they are offered, and makes a chip of the chosen one', async () => {
    type('Why does @da');
    expect(last('findFiles')).toEqual({ type: 'findFiles', text: 'da' });
    await receive(files);
    expect(rows()).toEqual(['date.tssrc · open', 'data.ts']);
    expect(input().getAttribute('role')).toBe('combobox');
    press('ArrowDown');
    expect(document.getElementById(input().getAttribute('aria-activedescendant') ?? '')?.textContent).toBe('data.ts');
    press('ArrowUp');
    press('Enter');
    expect(input().value).toBe('Why does @src/date.ts ');
    expect(input().hasAttribute('role')).toBe(false);
    expect(last('inspect')?.attachment).toEqual({ path: 'src/date.ts' });
    expect(last('send')).toBeUndefined();
  });

  it('takes lines behind the name', async () => {
    type('@da');
    await receive(files);
    type('@da:12-40');
    press('Tab');
    expect(last('inspect')?.attachment).toEqual({ path: 'src/date.ts', range: { start: 12, end: 40 } });
  });

  it('that was typed to its end and a space is taken too', async () => {
    type('@da');
    await receive(files);
    type('@data.ts:3');
    type('@data.ts:3 ');
    expect(last('inspect')?.attachment).toEqual({ path: 'data.ts', range: { start: 3, end: 3 } });
  });

  it('leaves Enter to the message for a file that is already attached', async () => {
    await attach();
    type('Why does @src/date.ts');
    await receive({ type: 'files', text: 'src/date.ts', files: [{ path: 'src/date.ts', kind: 'file' }] });
    expect(rows()).toEqual([]);
    press('Enter');
    expect(last('send')?.text).toBe('Why does @src/date.ts');
  });

  it('shows why there are no suggestions', async () => {
    type('@');
    await receive({ type: 'files', text: '', files: [], note: 'This folder isn’t trusted, so Plue won’t open its files.' });
    expect(document.querySelector('.completion-note')?.textContent).toContain('isn’t trusted');
    press('Escape');
    expect(document.querySelector<HTMLElement>('.completions')?.hidden).toBe(true);
    expect(posted.some((message) => message.type === 'stop')).toBe(false);
  });

  it('passes by an answer for what is no longer written', async () => {
    type('@da');
    type('@dat');
    await receive(files);
    expect(rows()).toEqual([]);
  });
});

describe('a chip', () => {
  it('shows what the file costs, and goes with the question', async () => {
    await attach();
    expect(chips()[0]).toContain('date.ts1.2k tokens');
    type('Why?');
    press('Enter');
    expect(last('send')).toEqual({ type: 'send', text: 'Why?', attachments: [{ path: 'src/date.ts' }] });
    expect(chips()).toEqual([]);
  });

  it('comes back with a refused question', async () => {
    await attach();
    type('Why?');
    press('Enter');
    await receive({ type: 'refused', text: 'Why?', error: { kind: 'vaultLocked', message: 'The vault is locked.' } });
    expect(input().value).toBe('Why?');
    expect(chips()).toHaveLength(1);
  });

  it('is kept over a reload with the draft', async () => {
    await attach();
    type('half');
    const state = readSavedState(kept);
    expect(state).toMatchObject({ draft: 'half', attachments: [{ path: 'src/date.ts' }] });
    open(state);
    expect(last('inspect')?.attachment).toEqual({ path: 'src/date.ts' });
  });

  it('asks before it sends a file from outside the workspace', async () => {
    await attach({ path: '/etc/hosts', name: 'hosts', questions: ['outsideWorkspace'] });
    type('Why?');
    press('Enter');
    expect(last('send')).toBeUndefined();
    expect(hint()).toContain('Answer the question about hosts first.');
    button('Send Anyway').click();
    press('Enter');
    expect(last('send')?.attachments).toEqual([{ path: '/etc/hosts', allowOutside: true }]);
  });

  it.each([
    ['Full text', { mode: 'whole' }],
    ['Summary', { mode: 'summary' }],
  ])('asks how a large file is sent: %s', async (label, expected) => {
    await attach({ size: 3_400_000, questions: ['tooLarge'] });
    expect(chips()[0]).toContain('Large file: 3.2 MB, about 1.2k tokens.');
    button(label).click();
    expect(last('inspect')?.attachment).toEqual({ path: 'src/date.ts', ...expected });
  });

  it('takes lines of a large file, and no nonsense in their place', async () => {
    await attach({ questions: ['tooLarge'] });
    button('Lines…').click();
    const lines = document.querySelector<HTMLInputElement>('.lines-input');
    if (lines === null) throw new Error('No field for lines');
    lines.value = 'many';
    button('Apply').click();
    expect(lines.getAttribute('aria-invalid')).toBe('true');
    lines.value = '12-40';
    button('Apply').click();
    expect(last('inspect')?.attachment).toEqual({ path: 'src/date.ts', range: { start: 12, end: 40 } });
  });

  it('sets its lines with Enter and closes the question with Escape', async () => {
    await attach({ questions: ['tooLarge'] });
    const lines = (): HTMLInputElement | null => document.querySelector<HTMLInputElement>('.lines-input');
    const pressIn = (key: string, more: KeyboardEventInit = {}): boolean =>
      lines()?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more })) ?? false;
    button('Lines…').click();
    expect(document.activeElement).toBe(lines());
    expect(pressIn('1')).toBe(true);
    expect(pressIn('Escape', { isComposing: true })).toBe(true);
    expect(lines()).not.toBeNull();
    expect(pressIn('Escape')).toBe(false);
    expect(lines()).toBeNull();
    expect(chips()[0]).toContain('Large file');
    button('Lines…').click();
    const field = lines();
    if (field === null) throw new Error('No field for lines');
    field.value = '7';
    expect(pressIn('Enter')).toBe(false);
    expect(last('inspect')?.attachment).toEqual({ path: 'src/date.ts', range: { start: 7, end: 7 } });
  });

  it('that cannot be sent shows the reason and blocks sending until it is removed', async () => {
    await attach({ problem: 'src/date.ts is a folder. Attach the files in it.' });
    type('Why?');
    press('Enter');
    expect(last('send')).toBeUndefined();
    expect(chips()[0]).toContain('is a folder');
    button('Remove').click();
    press('Enter');
    expect(last('send')).toEqual({ type: 'send', text: 'Why?' });
  });

  it('of an image warns if the model does not support images', async () => {
    await receive({
      type: 'models',
      providerId: 'anthropic',
      models: [{ id: 'claude-sonnet-4-6', name: 'Sonnet', supportsVision: false }],
    });
    await attach({ path: 'a.png', name: 'a.png', kind: 'image' });
    await vi.waitFor(() => expect(chips()[0]).toContain('Sonnet doesn’t support images'));
  });

  it('shows notes about a file that is sent', async () => {
    await attach({ note: 'src/date.ts is not text, so only its name and size are sent.' });
    expect(chips()[0]).toContain('only its name and size are sent');
    type('Why?');
    press('Enter');
    expect(last('send')?.attachments).toHaveLength(1);
  });

  it('is pinned by its button, and unpinned above the composer', async () => {
    await attach();
    button('Pin date.ts: send with every message').click();
    expect(last('pin')).toEqual({ type: 'pin', paths: ['src/date.ts'] });
    expect(chips()).toEqual([]);
    await receive({ type: 'contextFiles', files: [view()] });
    expect(document.querySelector('.pinned-files')?.textContent).toContain('date.ts1.2k tokens');
    button('Unpin date.ts').click();
    expect(last('pin')).toEqual({ type: 'pin', paths: [] });
  });
});

describe('a pinned file', () => {
  it('that came with the chat can be unpinned', async () => {
    open();
    await receive({ type: 'snapshot', chat: chat([question('m1', 'Hi')], { contextFiles: [view()] }), providers: [provider()] });
    button('Unpin date.ts').click();
    expect(last('pin')).toEqual({ type: 'pin', paths: [] });
  });
});

describe('a command', () => {
  it('is offered by a slash and run by Enter', async () => {
    type('/comp');
    expect(rows()).toEqual(['/compactSummarize earlier messages to free up context']);
    press('Enter');
    expect(last('command')).toEqual({ type: 'command', command: 'plue.chat.compact' });
    expect(input().value).toBe('');
    await receive();
  });

  it('is run although its list was closed, and never sent', () => {
    type('/undo');
    press('Escape');
    press('Enter');
    expect(last('command')).toEqual({ type: 'command', command: 'plue.chat.undo' });
    expect(last('send')).toBeUndefined();
  });

  it('lists prompts of the user, whose text is inserted into the composer', async () => {
    type('/');
    expect(last('listPrompts')).toBeDefined();
    await receive({ type: 'prompts', prompts: [{ uri: 'codex://prompts/review', title: 'Review', description: 'Look for mistakes.' }] });
    expect(rows()).toContain('/reviewLook for mistakes.');
    type('/rev');
    press('Enter');
    expect(last('readPrompt')).toEqual({ type: 'readPrompt', uri: 'codex://prompts/review' });
    await receive({ type: 'promptText', text: 'Review this.', args: [] });
    expect(input().value).toBe('Review this.');
  });

  it('lists prompts of MCP servers, and requests their text with its arguments', async () => {
    type('/');
    await receive({ type: 'prompts', prompts: [] });
    const city = { name: 'city', description: 'Where', isRequired: true };
    const prompts = [
      { server: 'all', name: 'plain', command: 'all.plain', description: '', arguments: [] },
      { server: 'all', name: 'the weather', command: 'all.the-weather', description: 'Asks.', arguments: [city] },
    ];
    await receive({ type: 'serverPrompts', prompts });
    expect(rows()).toContain('/all.plainPrompt of the MCP server all');
    expect(rows()).toContain('/all.the-weather cityall: Asks.');
    type('/all.the');
    press('Enter');
    expect(input().value).toBe('/all.the-weather ');
    type('/all.the-weather Paris');
    press('Enter');
    expect(last('readServerPrompt')).toEqual({ type: 'readServerPrompt', server: 'all', name: 'the weather', given: 'Paris' });
    expect(last('send')).toBeUndefined();
    await receive({ type: 'promptText', text: 'How is {{it}} in Paris?', args: [] });
    expect(input().value).toBe('How is {{it}} in Paris?');
  });

  it('lists skills with their arguments, and sends what names one as it is', async () => {
    type('/');
    await receive({ type: 'prompts', prompts: [] });
    const skills = [
      { name: 'pdf', description: 'Fills forms.', argumentHint: '[file]' },
      { name: 'undo', description: 'Not what it seems.' },
    ];
    await receive({ type: 'skills', skills });
    expect(rows()).toContain('/pdf [file]Skill: Fills forms.');
    expect(rows().filter((row) => row.startsWith('/undo'))).toHaveLength(1);
    type('/pd');
    press('Enter');
    expect(input().value).toBe('/pdf ');
    expect(last('send')).toBeUndefined();
    type('/pdf a.pdf');
    press('Enter');
    expect(last('send')).toMatchObject({ type: 'send', text: '/pdf a.pdf' });
  });

  it('of the agent are inserted and sent as text', async () => {
    type('/');
    const commands = [
      { name: 'init', description: 'Write an AGENTS.md', hint: 'for whom' },
      { name: 'undo', description: 'Another one' },
    ];
    await receive({ type: 'prompts', prompts: [], commands });
    expect(rows()).toContain('/initWrite an AGENTS.md · for whom');
    type('/in');
    press('Enter');
    expect(input().value).toBe('/init ');
    type('/init everybody');
    press('Escape');
    press('Enter');
    expect(last('send')).toMatchObject({ text: '/init everybody' });
    // Plue's own command keeps its meaning.
    type('/undo');
    press('Escape');
    press('Enter');
    expect(last('command')).toEqual({ type: 'command', command: 'plue.chat.undo' });
  });

  it('SEC-04 stays what it is when a file has the name of a command of Plue', async () => {
    type('/');
    await receive({ type: 'prompts', prompts: [{ uri: 'codex://prompts/undo', title: 'Undo', description: 'Not what it seems.' }] });
    type('/undo');
    press('Enter');
    expect(last('command')).toEqual({ type: 'command', command: 'plue.chat.undo' });
    expect(last('readPrompt')).toBeUndefined();
  });

  it('that is a prompt asks for its arguments, one after the other by Tab', async () => {
    const args = [
      { name: 'topic', description: 'what it is about', isOptional: false },
      { name: 'tone', isOptional: true },
    ];
    await receive({ type: 'promptText', text: 'Explain {{topic}} in {{tone}}', args });
    const selected = (): string => input().value.slice(input().selectionStart, input().selectionEnd);
    expect(selected()).toBe('{{topic}}');
    expect(hint()).toContain('topic: what it is about. 2 placeholders left');
    press('Tab');
    expect(selected()).toBe('{{tone}}');
    press('Tab', { shiftKey: true });
    expect(selected()).toBe('{{topic}}');
    press('Enter');
    expect(last('send')).toBeUndefined();
    expect(hint()).toContain('topic is empty. Send anyway?');
    input().value = 'Explain dates in {{tone}}';
    input().dispatchEvent(new Event('input', { bubbles: true }));
    press('Enter');
    expect(last('send')).toEqual({ type: 'send', text: 'Explain dates in' });
    await receive();
  });

  it('uses the following text in the prompt', async () => {
    type('/');
    await receive({ type: 'prompts', prompts: [{ uri: 'codex://prompts/explain', title: 'Explain' }] });
    type('/explain leap years');
    press('Enter');
    expect(last('send')).toBeUndefined();
    expect(last('readPrompt')).toEqual({ type: 'readPrompt', uri: 'codex://prompts/explain' });
    await receive({ type: 'promptText', text: 'Explain {{topic}}', args: [{ name: 'topic', isOptional: false }] });
    expect(input().value).toBe('Explain leap years');
  });

  it('that does not exist is held back, and is sent as text when confirmed', async () => {
    type('/comapct now');
    press('Enter');
    expect(last('send')).toBeUndefined();
    expect(input().value).toBe('/comapct now');
    expect(hint()).toContain('/comapct is not a command, prompt or skill. Send it as text?');
    press('Enter');
    expect(last('send')).toEqual({ type: 'send', text: '/comapct now' });
    await receive();
  });

  it('that takes no arguments shows an error, and a path is text', async () => {
    type('/undo that');
    press('Enter');
    expect(hint()).toContain('/undo takes no arguments. Send it as text?');
    button('Send as Text').click();
    expect(last('send')).toEqual({ type: 'send', text: '/undo that' });
    await receive(...running, { type: 'stored', text: '/undo that' });
    type('/usr/bin is missing');
    press('Enter');
    expect(last('send')).toEqual({ type: 'send', text: '/usr/bin is missing', queue: true });
    await receive();
  });
});

describe('while an answer runs', () => {
  const queue: QueuedView[] = [{ id: 'q1', text: 'And then?', attachments: [view()] }];
  const queueChanged: ToChatPage[] = numbered([{ kind: 'queueChanged', queue }], 2).map((params) => ({ type: 'event', params }));

  it('Enter queues and Ctrl+Enter steers', async () => {
    await receive(...running);
    type('And then?');
    press('Enter');
    expect(last('send')).toEqual({ type: 'send', text: 'And then?', queue: true });
    await receive(...queueChanged);
    type('Shorter');
    press('Enter', { ctrlKey: true });
    expect(last('steer')).toEqual({ type: 'steer', text: 'Shorter' });
  });

  it('queued messages can be sent now, restored and removed', async () => {
    await receive(...running, ...queueChanged);
    expect(document.querySelector('.queue')?.textContent).toContain('1 queued, sent after this response');
    button('Send Now').click();
    expect(last('steer')).toEqual({ type: 'steer', queuedId: 'q1' });
    button('Remove “And then?”').click();
    expect(last('unqueue')).toEqual({ type: 'unqueue', queuedId: 'q1' });
    button('Edit “And then?”').click();
    expect(input().value).toBe('And then?');
    expect(last('inspect')?.attachment).toEqual({ path: 'src/date.ts' });
  });

  it('and when it was stopped, the queue waits', async () => {
    await receive(...running, ...queueChanged);
    await receive(
      ...numbered([{ kind: 'turnFinished', turnId: 't1', stopReason: 'stopped' }], 3).map((params): ToChatPage => ({
        type: 'event',
        params,
      })),
    );
    expect(document.querySelector('.queue')?.textContent).toContain('1 queued, not sent yet');
    button('Send').click();
    expect(last('steer')).toEqual({ type: 'steer', queuedId: 'q1' });
  });
});

describe('the draft', () => {
  it('is cleared by Ctrl+K and brought back by Undo or Ctrl+Z', () => {
    type('A long thought');
    press('k', { ctrlKey: true });
    expect(input().value).toBe('');
    expect(hint()).toContain('The draft was cleared.');
    press('z', { ctrlKey: true });
    expect(input().value).toBe('A long thought');
    press('k', { ctrlKey: true });
    button('Undo').click();
    expect(input().value).toBe('A long thought');
  });

  it('is what was sent before after Up in an empty composer', () => {
    input().focus();
    press('ArrowUp');
    expect(input().value).toBe('Hi');
    press('ArrowDown');
    expect(input().value).toBe('');
  });

  it('that was sent before offers nothing by itself, so that Down leads on', async () => {
    await receive({ type: 'snapshot', chat: chat([question('m1', 'See @date')]), providers: [provider()] });
    input().focus();
    press('ArrowUp');
    expect(input().value).toBe('See @date');
    expect(last('findFiles')).toBeUndefined();
    press('ArrowDown');
    expect(input().value).toBe('');
  });

  it('is measured with its files, and the figure shown', async () => {
    await vi.waitFor(() => expect(last('measureContext')).toEqual({ type: 'measureContext', draft: '', attachments: [] }));
    type('Why?');
    await vi.waitFor(() => expect(last('measureContext')?.draft).toBe('Why?'), { timeout: 3000 });
    await receive({
      type: 'context',
      context: { tokens: 82_000, window: 200_000, isEstimate: true, compactsAt: 170_000, shares: [] },
      costLimit: 2,
    });
    expect(document.querySelector('.meter-button')?.textContent).toBe('41%');
  });
});

describe('a paste', () => {
  function paste(text: string, files: File[]): Event {
    const event = new Event('paste', { bubbles: true, cancelable: true });
    Object.defineProperty(event, 'clipboardData', { value: { files, getData: () => text } });
    input().dispatchEvent(event);
    return event;
  }

  it('of an image that cannot be read shows an error in the composer', async () => {
    vi.stubGlobal('createImageBitmap', () => Promise.reject(new Error('It is broken.')));
    expect(paste('', [new File(['x'], '', { type: 'image/png' })]).defaultPrevented).toBe(true);
    await vi.waitFor(() => expect(chips()[0]).toContain('image could not be read as an image.'));
    button('Remove').click();
    expect(chips()).toEqual([]);
  });

  it('of text, with or without an image of it, is text', () => {
    expect(paste('a\tb', [new File(['x'], 'table.png', { type: 'image/png' })]).defaultPrevented).toBe(false);
    expect(paste('words', []).defaultPrevented).toBe(false);
    expect(chips()).toEqual([]);
  });
});

describe('a drop', () => {
  function drop(data: Record<string, string>, files: File[] = []): void {
    const dataTransfer = {
      types: [...Object.keys(data), ...(files.length > 0 ? ['Files'] : [])],
      getData: (kind: string) => data[kind] ?? '',
      files,
    };
    const event = new Event('drop', { bubbles: true, cancelable: true });
    Object.defineProperty(event, 'dataTransfer', { value: dataTransfer });
    document.querySelector('main')?.dispatchEvent(event);
  }

  it('shows where it lands while it is dragged over the page, and nothing for what cannot be taken', () => {
    const veil = document.querySelector<HTMLElement>('.drop-veil');
    const drag = (
      kind: string,
      types: string[],
      relatedTarget: Element | null = null,
    ): { event: Event; dataTransfer: { dropEffect: string } } => {
      const dataTransfer = { types, dropEffect: 'none' };
      const event = new Event(kind, { bubbles: true, cancelable: true });
      Object.defineProperty(event, 'dataTransfer', { value: dataTransfer });
      Object.defineProperty(event, 'relatedTarget', { value: relatedTarget });
      document.querySelector('main')?.dispatchEvent(event);
      return { event, dataTransfer };
    };
    expect(drag('dragenter', ['text/plain']).event.defaultPrevented).toBe(false);
    expect(veil?.hidden).toBe(true);
    const { event, dataTransfer } = drag('dragover', ['Files']);
    expect([event.defaultPrevented, dataTransfer.dropEffect, veil?.hidden]).toEqual([true, 'copy', false]);
    drag('dragleave', ['Files'], input());
    expect(veil?.hidden).toBe(false);
    drag('dragleave', ['Files'], document.body);
    expect(veil?.hidden).toBe(true);
    drag('dragover', ['text/uri-list']);
    expect(drag('drop', ['text/plain']).event.defaultPrevented).toBe(false);
    expect(veil?.hidden).toBe(true);
  });

  it('sends the paths of named files to the panel', () => {
    drop({ 'text/uri-list': 'file:///work/a.ts\r\nfile:///work/b.ts' });
    expect(last('dropped')).toEqual({ type: 'dropped', uris: ['file:///work/a.ts', 'file:///work/b.ts'] });
  });

  it('of a file from outside that is not an image shows how to add it', async () => {
    drop({}, [new File(['x'], 'notes.txt', { type: 'text/plain' })]);
    await vi.waitFor(() => expect(chips()[0]).toContain('Only images can be dropped from outside VS Code.'));
  });
});

describe('the chip of the editor', () => {
  const choice = { file: false, selection: true };
  const chip = (): HTMLButtonElement => {
    const found = document.querySelector<HTMLButtonElement>('.editor-chip');
    if (found === null) throw new Error('No chip');
    return found;
  };
  const isShown = (): boolean => document.querySelector<HTMLElement>('.editor-context')?.hidden === false;
  const selection = { path: 'src/date.ts', range: { start: 3, end: 4 }, tokens: 20 };

  it('sends a selection, and an open file only after a click', async () => {
    await receive({ type: 'editorContext', place: { path: 'src/date.ts' }, choice });
    expect(chip().getAttribute('aria-pressed')).toBe('false');
    expect(chip().title).toBe('src/date.ts is not sent. Select to send it with the message.');
    type('One');
    press('Enter');
    expect(last('send')?.attachments).toBeUndefined();
    await receive({ type: 'stored', text: 'One' });
    await receive({ type: 'editorContext', place: selection, choice });
    expect(chip().textContent).toBe('date.tslines 3-4 · 20 tokens');
    type('Two');
    press('Enter');
    expect(last('send')?.attachments).toEqual([{ path: 'src/date.ts', range: { start: 3, end: 4 } }]);
  });

  it('is turned off for this chat and for new ones', async () => {
    await receive({ type: 'editorContext', place: selection, choice });
    chip().click();
    expect(chip().getAttribute('aria-pressed')).toBe('false');
    expect(last('keepEditorChoice')?.choice).toEqual({ file: false, selection: false });
    expect(readSavedState(kept)?.editor).toEqual({ file: false, selection: false });
    open(readSavedState(kept));
    await receive(snapshot(), { type: 'editorContext', place: selection, choice });
    expect(chip().getAttribute('aria-pressed')).toBe('false');
    type('Hi');
    press('Enter');
    expect(last('send')?.attachments).toBeUndefined();
  });

  it('is gone without a place, and beside the same attachment', async () => {
    await receive({ type: 'editorContext', place: selection, choice });
    expect(isShown()).toBe(true);
    await receive({ type: 'attach', files: [{ path: selection.path, range: selection.range }] });
    expect(isShown()).toBe(false);
    await receive({ type: 'inspected', chipId: last('inspect')?.chipId ?? '', view: view({ range: selection.range }) });
    type('Hi');
    press('Enter');
    expect(last('send')?.attachments).toEqual([{ path: 'src/date.ts', range: { start: 3, end: 4 } }]);
    expect(isShown()).toBe(true);
    await receive({ type: 'editorContext', choice });
    expect(isShown()).toBe(false);
  });

  it('becomes an attachment of a refused message, as it was sent', async () => {
    await receive({ type: 'editorContext', place: selection, choice });
    type('Hi');
    press('Enter');
    await receive({ type: 'editorContext', place: { path: 'other.ts' }, choice });
    await receive({ type: 'refused', text: 'Hi', error: { kind: 'internal', message: 'No.' } });
    expect(chips().join()).toContain('date.ts');
    press('Enter');
    expect(last('send')?.attachments).toEqual([{ path: 'src/date.ts', range: { start: 3, end: 4 } }]);
  });
});

describe('text that is not a file', () => {
  const files: ToChatPage = {
    type: 'files',
    text: 'pro',
    files: [
      { path: 'problems', kind: 'source' },
      { path: 'src/props', kind: 'folder' },
      { path: 'src/date.ts', kind: 'symbol', name: 'provide', range: { start: 3, end: 9 } },
    ],
  };

  async function attachProblems(text = 'a.ts:1:1: error: No.'): Promise<void> {
    type('Fix @pro');
    await receive(files);
    press('Enter');
    await receive({ type: 'sourceText', chipId: last('readSource')?.chipId ?? '', name: '@problems', text });
  }

  it('is offered with files, by its keyword', async () => {
    type('Fix @pro');
    await receive(files);
    expect(rows()).toEqual(['@problemsErrors and warnings of the workspace', 'props/src', 'providesrc/date.ts · lines 3-9']);
    press('ArrowDown');
    press('Enter');
    expect(input().value).toBe('Fix @src/props/ ');
    expect(last('readSource')).toMatchObject({ source: 'folder', of: 'src/props' });
  });

  it('attaches a symbol as the lines of its file', async () => {
    type('Fix @pro');
    await receive(files);
    press('ArrowUp');
    press('Enter');
    expect(input().value).toBe('Fix @src/date.ts:3-9 ');
    expect(last('inspect')?.attachment).toEqual({ path: 'src/date.ts', range: { start: 3, end: 9 } });
  });

  it('shows its size, can be opened, and is sent in a fence that it cannot close', async () => {
    await attachProblems('```');
    expect(chips()).toEqual(['@problems3 characters']);
    button('Open @problems').click();
    expect(last('openText')).toEqual({ type: 'openText', name: '@problems', text: '```' });
    press('Enter');
    expect(last('send')?.text).toBe('Fix @problems\n\n@problems:\n\n````text\n```\n````');
    expect(last('send')?.attachments).toBeUndefined();
    expect(chips()).toEqual([]);
  });

  it('can be a web page, with its port and without the punctuation after it', async () => {
    type('See @http://localhost:8080/docs');
    expect(rows()).toEqual(['http://localhost:8080/docsWeb page as text']);
    expect(last('findFiles')).toBeUndefined();
    press('Enter');
    expect(input().value).toBe('See @http://localhost:8080/docs ');
    const { chipId = '', ...asked } = last('readSource') ?? {};
    expect(asked).toEqual({ type: 'readSource', source: 'url', of: 'http://localhost:8080/docs' });
    await receive({ type: 'sourceText', chipId, name: '@http://localhost:8080/docs', text: 'Docs' });
    expect(chips()).toEqual(['@http://localhost:8080/docs4 characters']);
    button('Remove @http://localhost:8080/docs').click();
    expect(chips()).toEqual([]);
    type('See @https://example.com/a.');
    type('See @https://example.com/a. ');
    expect(last('readSource')).toMatchObject({ source: 'url', of: 'https://example.com/a' });
  });

  it('is not sent before it is read, or if it could not be', async () => {
    type('Fix @pro');
    await receive(files);
    press('Enter');
    press('Enter');
    expect(last('send')).toBeUndefined();
    await receive({ type: 'sourceText', chipId: last('readSource')?.chipId ?? '', error: 'No repository.' });
    expect(chips().join()).toContain('No repository.');
    press('Enter');
    expect(last('send')).toBeUndefined();
  });

  it('is gone when the user chose none', async () => {
    type('Fix @pro');
    await receive(files);
    press('Enter');
    await receive({ type: 'sourceText', chipId: last('readSource')?.chipId ?? '' });
    expect(chips()).toEqual([]);
  });

  it('survives a reload, and comes back with a refused message', async () => {
    await attachProblems();
    open(readSavedState(kept));
    await receive(snapshot());
    expect(chips()).toEqual(['@problems20 characters']);
    press('Enter');
    const text = last('send')?.text ?? '';
    expect(text).toContain('No.');
    await receive({ type: 'refused', text, error: { kind: 'internal', message: 'No.' } });
    expect(input().value).toBe('Fix @problems');
    expect(chips()).toEqual(['@problems20 characters']);
  });
});

it('Attached texts of a message are folded under what the user wrote', async () => {
  await receive({
    type: 'snapshot',
    chat: chat([question('m1', 'Fix @problems\n\n@problems:\n\n```text\na.ts: No.\n```')]),
    providers: [provider()],
  });
  const message = document.querySelector('article');
  expect(message?.querySelector('.plain-text')?.textContent).toBe('Fix @problems');
  const fold = message?.querySelector<HTMLButtonElement>('.fold-button');
  expect(fold?.textContent).toBe('@problems9 characters');
  expect(message?.querySelector('pre')).toBeNull();
  fold?.click();
  expect(message?.querySelector('pre')?.textContent).toBe('a.ts: No.');
});

it('The model picker gets the tokens of the meter', async () => {
  const model = { id: 'opus', inputPerMillion: 10, outputPerMillion: 50 };
  await receive({ type: 'context', context: { tokens: 5000, isEstimate: true, shares: [] } });
  document.querySelector<HTMLButtonElement>('#picker')?.click();
  await receive({ type: 'models', providerId: provider().id, models: [model] });
  const filter = document.querySelector<HTMLInputElement>('.composer-switches .picker-filter');
  if (filter === null) throw new Error('No filter');
  filter.value = 'opus';
  filter.dispatchEvent(new Event('input'));
  expect(document.querySelector('.composer-switches .picker-estimate')?.textContent).toBe('Input of this message: about 5k tokens, $0.050');
});
