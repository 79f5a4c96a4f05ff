// @vitest-environment jsdom
import { describe, expect, it } from 'vitest';
import { Blobs } from '../../../extension/src/webview/chat/messages/blobs';
import { chatMenu } from '../../../extension/src/webview/chat/header/chatMenu';
import { fromSnapshot, reduce, withoutEarliest } from '../../../extension/src/webview/chat/state/chatState';
import { compactionText } from '../../../extension/src/webview/chat/messages/compaction';
import { Deletions } from '../../../extension/src/webview/chat/messages/deletions';
import { detailsOf } from '../../../extension/src/webview/chat/messages/details';
import { rangesIn } from '../../../extension/src/webview/chat/find/foundMarks';
import { aboutText } from '../../../extension/src/webview/chat/messages/messageFile';
import { answer, chat, codexId, question } from './chatSamples';

const nothing = (): void => undefined;
const menuActions = { rename: nothing, fork: nothing, find: nothing, tryTemplate: nothing, run: nothing };

describe('parts around a message', () => {
  it('shows tokens with the cached share and omits unknown figures', () => {
    const usage = {
      inputTokens: 2100,
      outputTokens: 310,
      totalTokens: 2410,
      cachedReadTokens: 1800,
      cachedWriteTokens: 0,
      reasoningTokens: 40,
    };
    const lines = detailsOf(answer('a', 'x', { usage, omitted: ['The images were left out.'] }), undefined);
    const details = new Map(lines.map(([name, words]) => [name, words]));
    expect(details.get('Input tokens')).toBe('2,100, 1,800 from cache (86 %)');
    expect(details.get('Output tokens')).toBe('310, including 40 reasoning');
    expect(details.get('Omitted')).toBe('The images were left out.');
    expect(details.has('Cost')).toBe(false);
  });

  it('shows which part of a file was sent', () => {
    const file = {
      kind: 'file' as const,
      path: 'a.ts',
      range: { start: 12, end: 40 },
      language: 'TypeScript',
      size: 3277,
      isSummary: true,
    };
    expect(aboutText(file)).toBe('lines 12–40 · TypeScript · 3.2 KB · summary');
    expect(aboutText({ kind: 'file', path: 'a.png', mediaType: 'image/png', size: 100 })).toBe('PNG · 100 B');
  });

  it('shows the savings of a summary', () => {
    expect(compactionText({ messages: 20, tokensBefore: 84_000, tokensAfter: 6_000 })).toBe(
      'Summarized 84k tokens of earlier messages to 6k. The originals stay above.',
    );
  });

  it('finds words across the elements of a line but never across two blocks', () => {
    const article = document.createElement('article');
    article.innerHTML = '<div class="message-body"><p>the <b>par</b>ser</p><p>Parser</p><p>par</p><p>ser</p><div hidden>parser</div></div>';
    expect(rangesIn(article, 'PARSER').map((range) => range.toString())).toEqual(['parser', 'Parser']);
  });

  it('never draws an image that is not one of four kinds', () => {
    const addresses: (string | undefined)[] = [];
    const blobs = new Blobs(nothing);
    for (const [blob, type] of [
      ['b1', 'image/png'],
      ['b2', 'image/svg+xml'],
      ['b3', 'text/html'],
    ] as const) {
      blobs.read(blob, (address) => addresses.push(address));
      blobs.take(blob, type, 'AAAA');
    }
    expect(addresses).toEqual(['data:image/png;base64,AAAA', undefined, undefined]);
  });
});

describe('a deletion', () => {
  it('of a user hides all later messages, of a response only itself, until it is undone', () => {
    const deletions = new Deletions();
    deletions.add(answer('a1', 'x'), 1);
    expect([0, 1, 2].map((index) => deletions.hides(['q1', 'a1', 'q2'][index] ?? '', index))).toEqual([false, true, false]);
    deletions.undo('a1');
    deletions.add(question('q2', 'x'), 2);
    expect([1, 2, 3].map((index) => deletions.hides(`m${index}`, index))).toEqual([false, true, true]);
  });

  it('that took effect hides nothing of the branch that is shown then', () => {
    const deletions = new Deletions();
    deletions.add(question('q2', 'x'), 2);
    deletions.settle('q2', false);
    expect(deletions.hides('q3', 3)).toBe(true);
    deletions.renew();
    expect(deletions.hides('q3', 3)).toBe(false);
  });
});

describe('the end of a long chat', () => {
  it('releases its earliest messages and keeps their count', () => {
    const state = fromSnapshot(
      chat(
        Array.from({ length: 10 }, (_, index) => question(`m${index}`, 'x')),
        { offset: 5 },
      ),
    );
    const shorter = withoutEarliest(state, 4);
    expect([shorter.offset, shorter.messages[0]?.id, shorter.messages.length]).toEqual([11, 'm6', 4]);
  });

  it('is asked for again when a message was removed that it does not hold', () => {
    const state = fromSnapshot(chat([question('m9', 'x')], { offset: 9 }));
    expect(reduce(state, { codexId, seq: 1, event: { kind: 'messageRemoved', messageId: 'm3' } }, 0).missedEvents).toBe(true);
  });
});

it('The menu of a chat offers only what can be done now', () => {
  const labels = (change: object): string[] =>
    chatMenu(fromSnapshot(chat([question('m1', 'x')], change)), menuActions).map(({ label }) => label);
  expect(labels({ canUndo: true })).toContain('Undo Last Turn');
  expect(labels({ canUndo: false })).not.toContain('Undo Last Turn');
  expect(labels({ canUndo: true, turnId: 't1' })).not.toContain('Undo Last Turn');
  expect(labels({ canUndo: true, readOnlyReason: 'Another window writes it.' })).toEqual([
    'Fork',
    'Find',
    'Go to Question…',
    'Chat Settings…',
    'Preview Template',
    'Export…',
  ]);
});
