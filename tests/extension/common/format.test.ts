import { describe, expect, it } from 'vitest';
import { activityText } from '../../../extension/src/webview/chat/messages/activityLine';
import { fromSnapshot, type ChatState } from '../../../extension/src/webview/chat/state/chatState';
import {
  formatChatCount,
  formatFileCount,
  formatMessageCount,
  formatModelCount,
  formatTaskCount,
} from '../../../extension/src/common/counts';
import { formatBytes, formatTokens, formatTime, formatCost, formatDuration } from '../../../extension/src/common/format';
import { displayTitle } from '../../../extension/src/common/title';
import { summaryOf } from '../../../extension/src/webview/chat/messages/toolCall';
import { chat, question } from '../webview/chatSamples';

describe('figures as a person reads them', () => {
  it.each([
    [310, '310'],
    [2100, '2.1k'],
    [128_000, '128k'],
    [999_999, '1M'],
    [1_200_000, '1.2M'],
  ])('%d tokens are %s', (tokens, words) => expect(formatTokens(tokens)).toBe(words));

  it.each([
    [0, '$0'],
    [0.00001, '<$0.0001'],
    [0.00042, '$0.0004'],
    [0.006, '$0.006'],
    [0.043, '$0.043'],
    [12.3, '$12.30'],
  ])('%d USD are %s', (amount, words) => expect(formatCost(amount)).toBe(words));

  it.each([
    [20, '0.1 s'],
    [1234, '1.2 s'],
    [42_000, '42 s'],
    [59_700, '1 min 0 s'],
    [119_700, '2 min 0 s'],
    [3_599_700, '1 h 0 min'],
    [125_000, '2 min 5 s'],
    [7_500_000, '2 h 5 min'],
  ])('%d ms are %s', (milliseconds, words) => expect(formatDuration(milliseconds)).toBe(words));

  it.each([
    [512, '512 B'],
    [3300, '3.2 KB'],
    [360_000, '352 KB'],
    [3_400_000, '3.2 MB'],
  ])('%d bytes are %s', (size, words) => expect(formatBytes(size)).toBe(words));

  it('a time that is none is nothing', () => {
    expect(formatTime('2026-11-21T12:00:00Z')).toContain('Nov 21, 2026');
    expect(formatTime('soon')).toBe('');
  });

  it('one is no plural', () => {
    const words = [formatModelCount, formatChatCount, formatTaskCount, formatMessageCount, formatFileCount];
    expect(words.map((inText) => inText(1))).toEqual(['1 model', '1 chat', '1 task', '1 message', '1 file']);
    expect(words.map((inText) => inText(2))).toEqual(['2 models', '2 chats', '2 tasks', '2 messages', '2 files']);
  });

  it('an untitled chat is named after its kind', () => {
    expect([displayTitle(' '), displayTitle('', 'task'), displayTitle('Fail \u202Eesrever')]).toEqual([
      'New chat',
      'New task',
      'Fail ⟨U+202E⟩esrever',
    ]);
  });

  it('sums up the arguments of a tool call, even while they stream', () => {
    expect(summaryOf('{"path":"src/date.ts","lines":[1,80]}')).toBe('src/date.ts 1, 80');
    expect(summaryOf('{"goal":"Fix it","budget":{"usd":0.2,"rounds":3}}')).toBe('Fix it usd 0.2, rounds 3');
    expect(summaryOf('{"summary":"Done.","results":[{"goal":"a"},{"goal":"b"}]}')).toBe('Done. (2)');
    expect(summaryOf('{"goal":"Fix it","wait":false}')).toBe('Fix it wait false');
    expect(summaryOf('{"path":"a.ts","offset":40}')).toBe('a.ts offset 40');
    expect(summaryOf('{"path":"src/da')).toBe('{"path":"src/da');
  });
});

describe('the line of what is waited for', () => {
  const running = fromSnapshot(chat([question('m1', 'Hi')], { turnId: 't1' }));
  const words = (activity: ChatState['activity'], now: number): string | undefined =>
    activityText({ ...running, ...(activity === undefined ? {} : { activity }) }, false, now);

  it('counts the seconds it has waited', () => {
    expect(words({ kind: 'waiting', for: 'Starting Claude Code', since: 0 }, 500)).toBe('Starting Claude Code…');
    expect(words({ kind: 'waiting', for: 'Waiting for api.anthropic.com', since: 0 }, 3100)).toBe('Waiting for api.anthropic.com, 3 s');
  });

  it('counts down to the next try', () => {
    const until = new Date(8000).toISOString();
    expect(words({ kind: 'retrying', attempt: 1, until, why: '' }, 0)).toBe('Retrying in 8 s');
    expect(words({ kind: 'retrying', attempt: 1, until, why: 'The vendor is busy.' }, 7500)).toBe('The vendor is busy. Retrying in 1 s');
  });

  it('is silent when nothing runs', () => {
    expect(activityText(fromSnapshot(chat()), false, 0)).toBeUndefined();
  });
});
