// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { MessageMatch } from '../../../extension/src/protocol/protocol.generated';
import { ChatPage } from '../../../extension/src/webview/chat/chatPage';
import type { FromChatPage, ToChatPage } from '../../../extension/src/common/messages/chat';
import { answer, chat, codexId, numbered, provider, question } from './chatSamples';

let page: ChatPage;
let posted: FromChatPage[];

/** Named highlights, which jsdom does not have: records ranges by name. */
class Painted {
  readonly words: string[];
  constructor(...ranges: Range[]) {
    this.words = ranges.map((range) => range.toString());
  }
}

const painted = new Map<string, Painted>();

const messages = [
  question('m1', 'Why does the parser fail?'),
  answer('m2', 'The parser reads `parser.ts`, and **par**ses days.'),
  question('m3', 'And now?'),
  answer('m4', 'The parser works.'),
];
const matches: MessageMatch[] = [
  { messageId: 'm1', index: 0, count: 1 },
  { messageId: 'm2', index: 1, count: 2 },
  { messageId: 'm4', index: 3, count: 1 },
];

beforeEach(async () => {
  painted.clear();
  vi.stubGlobal('Highlight', Painted);
  vi.stubGlobal('CSS', { highlights: painted });
  document.body.innerHTML = '';
  posted = [];
  page = new ChatPage(
    document.body.appendChild(document.createElement('main')),
    { post: (message) => message.type !== 'measureContext' && posted.push(message), getState: () => undefined, setState: () => undefined },
    codexId,
    undefined,
  );
  await receive({ type: 'snapshot', chat: chat(messages), providers: [provider()] });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function receive(...all: ToChatPage[]): Promise<void> {
  for (const message of all) page.receive(message);
  await vi.waitFor(() => expect(page.isDrawn).toBe(true));
}

function bar(): HTMLElement {
  const node = document.querySelector('.find-bar');
  if (!(node instanceof HTMLElement)) throw new Error('There is no bar.');
  return node;
}

function input(): HTMLInputElement {
  const node = bar().querySelector('input');
  if (node === null) throw new Error('Nothing to type into.');
  return node;
}

function counter(): string {
  return bar().querySelector('.find-count')?.textContent ?? '';
}

function press(target: Element | null, key: string, more: KeyboardEventInit = {}): boolean {
  return target?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more })) ?? false;
}

function button(label: string): HTMLButtonElement {
  const node = [...bar().querySelectorAll('button')].find((one) => one.getAttribute('aria-label') === label);
  if (node === undefined) throw new Error(`No button “${label}”.`);
  return node;
}

function asked(): string[] {
  return posted.flatMap((message) => (message.type === 'find' ? [message.text] : []));
}

/** Opens the bar and searches immediately. */
function look(text: string): void {
  press(document.querySelector('main'), 'f', { ctrlKey: true });
  input().value = text;
  press(input(), 'Enter');
}

describe('Find in chat', () => {
  it('opens by its key and by the host, with the focus and what was selected', async () => {
    expect(bar().hidden).toBe(true);
    expect(press(document.querySelector('main'), 'f', { metaKey: true })).toBe(false);
    expect(bar().hidden).toBe(false);
    expect(bar().getAttribute('role')).toBe('search');
    expect(document.activeElement).toBe(input());
    expect(asked()).toEqual([]);
    button('Close (Escape)').click();
    const word = document.createRange();
    const text = document.querySelector('article .plain-text')?.firstChild;
    if (text === null || text === undefined) throw new Error('No text.');
    word.setStart(text, 13);
    word.setEnd(text, 19);
    document.getSelection()?.removeAllRanges();
    document.getSelection()?.addRange(word);
    await receive({ type: 'find' });
    expect(input().value).toBe('parser');
    expect(asked()).toEqual(['parser']);
    document.getSelection()?.removeAllRanges();
  });

  it('searches when typing pauses, and discards results of other words', () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    press(document.querySelector('main'), 'f', { ctrlKey: true });
    for (const text of ['pa', 'pars']) {
      input().value = text;
      input().dispatchEvent(new Event('input', { bubbles: true }));
    }
    expect(asked()).toEqual([]);
    vi.advanceTimersByTime(150);
    expect(asked()).toEqual(['pars']);
    expect(counter()).toBe('No results');
    page.receive({ type: 'found', text: 'pa', matches, isTruncated: false });
    expect(counter()).toBe('No results');
    page.receive({ type: 'found', text: 'pars', matches, isTruncated: false });
    expect(counter()).toBe('1 of 4');
  });

  it('goes through the matches in a circle, shows its position, and highlights it', () => {
    look('parser');
    page.receive({ type: 'found', text: 'parser', matches, isTruncated: true });
    const said = (): string | null | undefined => document.querySelector('.visually-hidden[role=status]')?.textContent;
    expect(said()).toBe('1 of 4+');
    expect(painted.get('plue-found-now')?.words).toEqual(['parser']);
    expect(painted.get('plue-found')?.words).toEqual(['parser', 'parser', 'parser']);
    expect(press(input(), 'Enter')).toBe(false);
    press(input(), 'Enter');
    button('Next match (Enter)').click();
    expect(counter()).toBe('4 of 4+');
    press(input(), 'Enter');
    expect(counter()).toBe('1 of 4+');
    press(input(), 'Enter', { shiftKey: true });
    expect(counter()).toBe('4 of 4+');
    button('Previous match (Shift+Enter)').click();
    expect(said()).toBe('3 of 4+');
  });

  it('shows that nothing was found', () => {
    look('nowhere');
    page.receive({ type: 'found', text: 'nowhere', matches: [], isTruncated: false });
    expect(counter()).toBe('No results');
    expect(input().classList.contains('finds-nothing')).toBe(true);
    press(input(), 'Enter');
    expect(counter()).toBe('No results');
    expect(painted.get('plue-found')?.words).toEqual([]);
    expect(painted.has('plue-found-now')).toBe(false);
  });

  it('stays where it is when an answer came, and looks again', async () => {
    look('parser');
    page.receive({ type: 'found', text: 'parser', matches, isTruncated: false });
    press(input(), 'Enter');
    const [finished] = numbered([{ kind: 'messageFinished', message: answer('m4', 'The parser parser.') }]);
    if (finished === undefined) throw new Error('No event.');
    await receive({ type: 'event', params: finished });
    expect(asked()).toEqual(['parser', 'parser']);
    page.receive({
      type: 'found',
      text: 'parser',
      matches: [...matches.slice(0, 2), { messageId: 'm4', index: 3, count: 2 }],
      isTruncated: false,
    });
    expect(counter()).toBe('2 of 5');
    page.receive({ type: 'found', text: 'parser', matches: matches.slice(0, 1), isTruncated: false });
    expect(counter()).toBe('1 of 1');
  });

  it('marks the whole message if its words are rendered differently, or nothing can be painted', () => {
    look('**par**');
    page.receive({ type: 'found', text: '**par**', matches: [{ messageId: 'm2', index: 1, count: 1 }], isTruncated: false });
    const marked = (): (string | undefined)[] =>
      [...document.querySelectorAll<HTMLElement>('.found-now')].map((one) => one.dataset['messageId']);
    expect(marked()).toEqual(['m2']);
    press(input(), 'Escape');
    expect(marked()).toEqual([]);
    vi.stubGlobal('CSS', {});
    look('works');
    page.receive({ type: 'found', text: 'works', matches: [{ messageId: 'm4', index: 3, count: 1 }], isTruncated: false });
    expect(marked()).toEqual(['m4']);
  });

  it('goes to a message that is not drawn yet, and looks at it there', async () => {
    const many = Array.from({ length: 300 }, (_, at) => question(`q${at}`, at === 3 ? 'the needle' : `Question ${at}`));
    await receive({ type: 'snapshot', chat: chat(many), providers: [provider()] });
    const drawn = (): (string | undefined)[] => [...document.querySelectorAll('article')].map((one) => one.dataset['messageId']);
    expect(drawn()).not.toContain('q3');
    look('needle');
    await receive({ type: 'found', text: 'needle', matches: [{ messageId: 'q3', index: 3, count: 1 }], isTruncated: false });
    expect(drawn()).toContain('q3');
    expect(painted.get('plue-found-now')?.words).toEqual(['needle']);
  });

  it('closes by Escape, which stops no answer, and gives the focus to the composer', async () => {
    const [started] = numbered([{ kind: 'turnStarted', turnId: 't1' }]);
    if (started === undefined) throw new Error('No event.');
    await receive({ type: 'event', params: started });
    look('parser');
    page.receive({ type: 'found', text: 'parser', matches, isTruncated: false });
    press(input(), 'a');
    press(input(), 'Escape', { isComposing: true });
    expect(bar().hidden).toBe(false);
    expect(press(input(), 'Escape')).toBe(false);
    expect(bar().hidden).toBe(true);
    expect(painted.size).toBe(0);
    expect(document.activeElement?.closest('.composer-area')).not.toBeNull();
    expect(posted.map(({ type }) => type)).not.toContain('stop');
    page.receive({ type: 'found', text: 'parser', matches, isTruncated: false });
    expect(painted.size).toBe(0);
  });
});
