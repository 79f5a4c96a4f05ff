// @vitest-environment jsdom
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { MessageEvent, MessageView } from '../../../extension/src/protocol/protocol.generated';
import { ChatPage } from '../../../extension/src/webview/chat/chatPage';
import type { FromChatPage, ToChatPage } from '../../../extension/src/common/messages/chat';
import { undeleteMs } from '../../../extension/src/common/messages/chatMessages';
import { answer, chat, codexId, numbered, provider, question } from './chatSamples';

let page: ChatPage;
let posted: FromChatPage[];

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

async function receive(...messages: ToChatPage[]): Promise<void> {
  for (const message of messages) page.receive(message);
  await drawn();
}

async function drawn(): Promise<void> {
  await vi.waitFor(() => expect(page.isDrawn).toBe(true));
}

function snapshot(messages: MessageView[] = [question('m1', 'Why?'), answer('m2', 'Because.')], change = {}): ToChatPage {
  return { type: 'snapshot', chat: chat(messages, change), providers: [provider()] };
}

function event(seq: number, one: MessageEvent): ToChatPage {
  const [params] = numbered([one], seq);
  if (params === undefined) throw new Error('No event.');
  return { type: 'event', params };
}

function article(id: string): HTMLElement {
  const found = [...document.querySelectorAll('article')].find((one) => one.dataset['messageId'] === id);
  if (found === undefined) throw new Error(`No message ${id}.`);
  return found;
}

function articles(): (string | undefined)[] {
  return [...document.querySelectorAll('article')].map((one) => one.dataset['messageId']);
}

function button(label: string, within: ParentNode = document): HTMLButtonElement {
  const found = [...within.querySelectorAll('button')].find((one) => one.textContent === label || one.getAttribute('aria-label') === label);
  if (found === undefined) throw new Error(`No button “${label}”.`);
  return found;
}

function items(): string[] {
  return [...document.querySelectorAll('[role=menuitem]')].map((item) => item.textContent ?? '');
}

async function choose(id: string, item: string): Promise<void> {
  button('More Actions', article(id)).click();
  button(item, document.querySelector('[role=menu]') ?? document).click();
  await drawn();
}

function press(target: Element | null, key: string, more: KeyboardEventInit = {}): boolean {
  return target?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more })) ?? false;
}

function composer(): HTMLTextAreaElement {
  const found = document.querySelector('.composer-area textarea');
  if (!(found instanceof HTMLTextAreaElement)) throw new Error('No composer.');
  return found;
}

function toast(): HTMLElement {
  const found = document.querySelector('.toast');
  if (!(found instanceof HTMLElement)) throw new Error('No toast.');
  return found;
}

function said(): string | null | undefined {
  return document.querySelector('.visually-hidden[role=status]')?.textContent;
}

describe('editing a message in place', () => {
  function editor(): HTMLTextAreaElement {
    const found = document.querySelector('.editor-input');
    if (!(found instanceof HTMLTextAreaElement)) throw new Error('Nothing is changed.');
    return found;
  }

  beforeEach(async () => {
    await receive(snapshot());
    button('Edit Message').click();
  });

  it('is asked anew by Enter, without the blanks around it', () => {
    expect(editor().value).toBe('Why?');
    expect(document.activeElement).toBe(editor());
    editor().value = ' Why not? ';
    expect(press(editor(), 'Enter')).toBe(false);
    expect(posted).toEqual([{ type: 'edit', messageId: 'm1', text: 'Why not?' }]);
    expect(document.querySelector('.editor-input')).toBeNull();
    // The button that started it is hidden while the response is running.
    expect(document.activeElement).toBe(composer());
  });

  it('is sent by its button, and never empty', () => {
    editor().value = ' \n';
    button('Resend').click();
    expect(posted).toEqual([]);
    editor().value = 'Then?';
    button('Resend').click();
    expect(posted).toEqual([{ type: 'edit', messageId: 'm1', text: 'Then?' }]);
  });

  it('stays under the hands: a line is broken, an input method composes, a second click changes nothing', () => {
    editor().value = 'Reason';
    editor().dispatchEvent(new Event('input', { bubbles: true }));
    press(editor(), 'Enter', { shiftKey: true });
    press(editor(), 'Enter', { isComposing: true });
    press(editor(), 'a');
    button('Edit Message').click();
    expect(posted).toEqual([]);
    expect(editor().value).toBe('Reason');
  });

  it('is left as it was by Escape, which stops no answer, and the focus goes back', async () => {
    editor().value = 'Why not?';
    await receive(event(1, { kind: 'turnStarted', turnId: 't1' }));
    press(editor(), 'Escape');
    expect(posted).toEqual([]);
    expect(article('m1').textContent).toContain('Why?');
    expect(document.activeElement).toBe(article('m1'));
  });

  it('is left as it was by its button too', () => {
    button('Cancel').click();
    expect(document.querySelector('.editor-input')).toBeNull();
    expect(document.activeElement).toBe(button('Edit Message'));
    expect(posted).toEqual([]);
  });
});

describe('the menu of a message', () => {
  it('offers what can be done with a question, and with an answer', async () => {
    await receive(snapshot());
    button('More Actions', article('m1')).click();
    expect(items()).toEqual(['Copy Message', 'Edit…', 'Resend', 'Resend with Another Model…', 'Fork from Here', 'Delete']);
    button('More Actions', article('m2')).click();
    expect(items()).toEqual(['Copy Response', 'Retry', 'Retry with Another Model…', 'Show Details', 'Fork from Here', 'Delete']);
    await receive(snapshot(undefined, { readOnlyReason: 'Another window writes it.' }));
    button('More Actions', article('m2')).click();
    expect(items()).toEqual(['Copy Response', 'Show Details', 'Fork from Here']);
  });

  it('opens where the pointer or a key asks for it, but leaves links and what is written to the editor', async () => {
    await receive(snapshot([question('m1', 'Why?'), answer('m2', '[docs](https://docs.example/a)')]));
    const ask = (target: Element | null, clientX = 40): boolean =>
      target?.dispatchEvent(new MouseEvent('contextmenu', { bubbles: true, cancelable: true, clientX, clientY: clientX })) ?? false;
    expect(ask(article('m2').querySelector('a'))).toBe(true);
    expect(items()).toEqual([]);
    expect(ask(article('m1'))).toBe(false);
    expect(document.querySelector('[role=menu]')?.getAttribute('aria-label')).toBe('Message actions');
    expect(items()).toContain('Copy Message');
    press(document.activeElement, 'Escape');
    expect(document.activeElement).toBe(article('m1'));
    expect(ask(button('Copy Response', article('m2')), 0)).toBe(false);
    press(document.activeElement, 'Escape');
    expect(document.activeElement).toBe(button('Copy Response', article('m2')));
    document.getSelection()?.selectAllChildren(article('m1'));
    expect(ask(article('m1'))).toBe(true);
    document.getSelection()?.removeAllRanges();
  });

  it('copies, asks again, changes and forks', async () => {
    await receive(snapshot());
    await choose('m1', 'Copy Message');
    await choose('m2', 'Copy Response');
    await choose('m1', 'Resend');
    expect(document.activeElement).toBe(composer());
    await choose('m2', 'Fork from Here');
    expect(posted).toEqual([
      { type: 'copy', text: 'Why?' },
      { type: 'copy', text: 'Because.' },
      { type: 'retry', messageId: 'm1' },
      { type: 'fork', messageId: 'm2' },
    ]);
    await choose('m1', 'Edit…');
    expect(document.activeElement?.className).toBe('editor-input');
  });

  it('asks another model for this answer alone, and the next choice is the chat’s again', async () => {
    await receive(snapshot());
    await choose('m2', 'Retry with Another Model…');
    await receive({ type: 'models', providerId: 'anthropic', models: [{ id: 'opus', name: 'Opus' }] });
    const filter = document.querySelector('.composer .picker-filter');
    if (!(filter instanceof HTMLInputElement)) throw new Error('No picker.');
    const pick = (): void => {
      filter.value = 'opus';
      filter.dispatchEvent(new Event('input', { bubbles: true }));
      press(filter, 'Enter');
    };
    pick();
    expect(posted.at(-1)).toEqual({ type: 'retryWith', messageId: 'm2', providerId: 'anthropic', model: 'opus' });
    await choose('m2', 'Retry with Another Model…');
    press(filter, 'Escape');
    document.querySelector<HTMLButtonElement>('.composer .picker-button')?.click();
    pick();
    expect(posted.at(-1)).toEqual({ type: 'choose', providerId: 'anthropic', model: 'opus' });
  });
});

describe('a message that is deleted', () => {
  const four = [question('m1', 'Why?'), answer('m2', 'Because.'), question('m3', 'So?'), answer('m4', 'Yes.')];

  it('takes all with it that followed a question, at once, and comes back by Undo', async () => {
    await receive(snapshot(four));
    await choose('m3', 'Delete');
    expect(articles()).toEqual(['m1', 'm2']);
    expect(toast().textContent).toContain('Deleted the message and everything after it.');
    expect(said()).toBe('Deleted the message and everything after it. Select Undo above the composer to restore them.');
    button('Undo').click();
    await drawn();
    expect(articles()).toEqual(['m1', 'm2', 'm3', 'm4']);
    expect(toast().hidden).toBe(true);
    expect(posted).toEqual([
      { type: 'delete', messageId: 'm3' },
      { type: 'undelete', messageId: 'm3' },
    ]);
  });

  it('is gone alone where it is an answer, and stays away once that took effect', async () => {
    await receive(snapshot(four));
    await choose('m2', 'Delete');
    expect(articles()).toEqual(['m1', 'm3', 'm4']);
    expect(toast().textContent).toMatch(/^Deleted\.Undo$/);
    expect(said()).toBe('Deleted. Select Undo above the composer to restore.');
    await receive(event(1, { kind: 'messageRemoved', messageId: 'm2' }), { type: 'deletionSettled', messageId: 'm2' });
    expect(articles()).toEqual(['m1', 'm3', 'm4']);
  });

  it('is back where the host did not delete it', async () => {
    await receive(snapshot(four));
    await choose('m2', 'Delete');
    await receive({ type: 'deletionSettled', messageId: 'm2' });
    expect(articles()).toEqual(['m1', 'm2', 'm3', 'm4']);
  });

  it('can be restored for seven seconds, or until the next message', async () => {
    await receive(snapshot(four));
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    button('More Actions', article('m2')).click();
    button('Delete').click();
    vi.advanceTimersByTime(undeleteMs - 1);
    expect(toast().hidden).toBe(false);
    vi.advanceTimersByTime(1);
    expect(toast().hidden).toBe(true);
    vi.useRealTimers();
    await drawn();
    await choose('m4', 'Delete');
    expect(toast().hidden).toBe(false);
    composer().value = 'And now?';
    composer().dispatchEvent(new Event('input', { bubbles: true }));
    press(composer(), 'Enter');
    expect(toast().hidden).toBe(true);
  });
});

describe('details of a response', () => {
  it('opens below it, goes with it as it changes, and closes', async () => {
    const providerInfo = { providerId: 'anthropic', providerName: 'Anthropic', modelId: 'opus', requestId: 'req_7' };
    const usage = {
      cachedReadTokens: 0,
      cachedWriteTokens: 500,
      reasoningTokens: 0,
      inputTokens: 1000,
      outputTokens: 10,
      totalTokens: 1010,
    };
    const cost = { inputCost: 0, outputCost: 0, cachedCost: 0, totalCost: 0.02, priceSource: 'vendor' };
    await receive(snapshot([question('m1', 'Why?'), answer('m2', 'Because.', { providerInfo, usage, cost, omitted: ['No images.'] })]));
    const details = button('Details', article('m2'));
    details.click();
    expect(details.getAttribute('aria-expanded')).toBe('true');
    const shown = (): string | null | undefined => article('m2').querySelector('.details')?.textContent;
    expect(shown()).toContain('1,000, 500 cache write');
    expect(shown()).toContain('$0.020, reported by the provider');
    button('Copy Request ID').click();
    expect(posted).toEqual([{ type: 'copy', text: 'req_7' }]);
    const local = { ...cost, totalCost: 0, priceSource: 'local' };
    await receive(snapshot([question('m1', 'Why?'), answer('m2', 'Because.', { providerInfo, usage, cost: local })]));
    expect(shown()).toContain('Free: runs on this machine');
    expect(article('m2').querySelectorAll('.details')).toHaveLength(1);
    await choose('m2', 'Hide Details');
    expect(shown()).toBeUndefined();
    expect(details.getAttribute('aria-expanded')).toBe('false');
  });

  it('is another version beside others, which are a click away', async () => {
    const second = answer('m2', 'Because.', { alternatives: ['a1', 'm2', 'a3'] });
    await receive(snapshot([question('m1', 'Why?'), second]));
    expect(article('m2').querySelector('.branch')?.getAttribute('aria-label')).toBe('Version 2 of 3');
    button('Previous version', article('m2')).click();
    button('Next version', article('m2')).click();
    expect(posted).toEqual([
      { type: 'switchBranch', messageId: 'a1' },
      { type: 'switchBranch', messageId: 'a3' },
    ]);
    await receive(snapshot([question('m1', 'Why?'), answer('m2', 'Because.', { alternatives: ['a1', 'm2'] })]));
    expect(button('Next version', article('m2')).disabled).toBe(true);
    await receive(event(1, { kind: 'turnStarted', turnId: 't1' }));
    expect(button('Previous version', article('m2')).disabled).toBe(true);
  });
});

describe('a file in a message', () => {
  const withFiles = (...files: Omit<Extract<MessageView['parts'][number], { kind: 'file' }>, 'kind'>[]): ToChatPage =>
    snapshot([{ ...question('m1', 'Look.'), parts: files.map((file) => ({ kind: 'file' as const, ...file })) }]);
  const chip = (): HTMLButtonElement => {
    const found = document.querySelector('.file-chip');
    if (!(found instanceof HTMLButtonElement)) throw new Error('No file.');
    return found;
  };

  it('opens at the sent lines, and shows that it changed since', async () => {
    await receive(withFiles({ path: 'src/date.ts', range: { start: 4, end: 4 }, size: 5_500_000, hasChanged: true }));
    expect(chip().textContent).toBe('date.tsline 4 · 5.2 MBchanged since');
    expect(chip().title).toBe('src/date.ts');
    chip().click();
    await receive(withFiles({ path: 'src/', size: 300_000 }));
    expect(chip().textContent).toBe('src293 KB');
    chip().click();
    expect(posted).toEqual([
      { type: 'openFile', path: 'src/date.ts', range: { start: 4, end: 4 } },
      { type: 'openFile', path: 'src/' },
    ]);
  });

  it('is drawn small where it is an image, and opens in full', async () => {
    const image = { path: 'shot.png', mediaType: 'image/png', blob: 'b1' };
    await receive(withFiles(image));
    expect(posted).toEqual([{ type: 'readBlob', blob: 'b1' }]);
    await receive({ type: 'blob', blob: 'b1', mediaType: 'image/png', data: 'AAAA' });
    expect(chip().querySelector('img')?.getAttribute('src')).toBe('data:image/png;base64,AAAA');
    expect(chip().querySelector('img')?.alt).toBe('');
    chip().click();
    expect(posted.at(-1)).toEqual({ type: 'openImage', blob: 'b1', name: 'shot.png' });
    await receive(withFiles(image));
    expect(chip().querySelectorAll('img')).toHaveLength(1);
  });

  it('stays a name if its image cannot be loaded, or was replaced', async () => {
    await receive(withFiles({ path: 'a.png', mediaType: 'image/png', blob: 'b1' }), { type: 'blob', blob: 'b1' });
    expect(chip().querySelector('img')).toBeNull();
    await receive(withFiles({ path: 'b.png', mediaType: 'image/png', blob: 'b2' }));
    await receive(withFiles({ path: 'c.txt' }), { type: 'blob', blob: 'b2', mediaType: 'image/png', data: 'AAAA' });
    expect(chip().querySelector('img')).toBeNull();
    expect(chip().textContent).toBe('c.txt');
  });
});

it('A summary of earlier messages shows its savings, and opens', async () => {
  const compaction = { messages: 20, tokensBefore: 84_000, tokensAfter: 6000 };
  await receive(snapshot([answer('m1', 'They **agreed**.', { compaction }), question('m2', 'So?')]));
  const line = article('m1');
  expect(line.getAttribute('aria-label')).toBe('Summary of earlier messages');
  expect(line.textContent).toContain('Summarized 84k tokens of earlier messages to 6k.');
  expect(line.textContent).not.toContain('agreed');
  const fold = line.querySelector<HTMLButtonElement>('.fold-button');
  fold?.click();
  expect(line.querySelector('strong')?.textContent).toBe('agreed');
  await receive(snapshot([answer('m1', 'They **parted**.', { compaction }), question('m2', 'So?')]));
  expect(line.querySelector('strong')?.textContent).toBe('parted');
});
