import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commandAt, mentionAt, readPlace, readRange, urlOf, writePlace } from '../../../extension/src/webview/chat/composer/mention';

const word = fc.stringMatching(/^[\p{L}\d_.-]{1,12}$/u);
const path = fc.array(word, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/'));
const range = fc.tuple(fc.integer({ min: 1, max: 100_000 }), fc.nat(1000)).map(([start, more]) => ({ start, end: start + more }));

describe('a mention', () => {
  it.each([
    ['@', 1, { start: 0, end: 1, query: '' }],
    ['Why does @da', 12, { start: 9, end: 12, query: 'da' }],
    ['Why does @date.ts parse?', 12, { start: 9, end: 12, query: 'da' }],
    ['(@src/date.ts:12-40', 19, { start: 1, end: 19, query: 'src/date.ts', range: { start: 12, end: 40 } }],
    ['@src/date.ts:12', 15, { start: 0, end: 15, query: 'src/date.ts', range: { start: 12, end: 12 } }],
    ['@src/date.ts:', 13, { start: 0, end: 13, query: 'src/date.ts' }],
    ['@src/date.ts:40-12', 18, { start: 0, end: 18, query: 'src/date.ts' }],
    ['@http://localhost:8080', 22, { start: 0, end: 22, query: 'http://localhost:8080' }],
    ['See @https://example.com/@me:7', 30, { start: 4, end: 30, query: 'https://example.com/@me:7' }],
  ])('is seen in %j at %i', (text, cursor, expected) => {
    expect(mentionAt(text, cursor)).toEqual(expected);
  });

  it.each([
    ['Write to a@b.example', 20],
    ['@date.ts is wrong', 17],
    ['no sign', 7],
    ['@one@two', 8],
    ['@', 0],
  ])('is not seen in %j at %i', (text, cursor) => {
    expect(mentionAt(text, cursor)).toBeUndefined();
  });

  it('parses every mention that it writes for a file and its lines', () => {
    fc.assert(
      fc.property(path, fc.option(range, { nil: undefined }), fc.constantFrom('', 'Look at ', 'one\n'), (file, lines, before) => {
        const text = `${before}@${writePlace(file, lines)}`;
        const token = mentionAt(text, text.length);
        expect(token).toMatchObject({ start: before.length, end: text.length, query: file });
        expect(token?.range).toEqual(lines);
      }),
    );
  });

  it('never throws, and never reaches beyond the cursor', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(50), (text, at) => {
        const cursor = Math.min(at, text.length);
        const token = mentionAt(text, cursor);
        if (token === undefined) return;
        expect(token.end).toBe(cursor);
        expect(text[token.start]).toBe('@');
      }),
    );
  });

  it('keeps the colon of a drive', () => {
    expect(readPlace('C:\\src\\date.ts:3')).toEqual({ query: 'C:\\src\\date.ts', range: { start: 3, end: 3 } });
  });
});

describe('a web address', () => {
  it.each([
    ['https://example.com', 'https://example.com'],
    ['http://localhost:8080/a?b=c#d', 'http://localhost:8080/a?b=c#d'],
    ['https://example.com/a.', 'https://example.com/a'],
    ['https://example.com/a),', 'https://example.com/a'],
    ['https://example.com/a_(b)', 'https://example.com/a_(b)'],
    ['https://', undefined],
    ['https:', undefined],
    ['ftp://example.com', undefined],
    ['src/https://', undefined],
  ])('in %j is %j', (query, url) => {
    expect(urlOf(query)).toBe(url);
  });
});

describe('lines that are typed into a chip', () => {
  it.each([
    ['12-40', { start: 12, end: 40 }],
    [' 12 – 40 ', { start: 12, end: 40 }],
    ['7', { start: 7, end: 7 }],
    ['40-12', undefined],
    ['0', undefined],
    ['all', undefined],
    ['', undefined],
  ])('%j are %j', (typed, expected) => {
    expect(readRange(typed)).toEqual(expected);
  });
});

describe('a slash command', () => {
  it('is the first word of the draft while the cursor is in it', () => {
    expect(commandAt('/com', 4)).toEqual({ start: 0, end: 4, query: 'com' });
    expect(commandAt('/', 1)).toEqual({ start: 0, end: 1, query: '' });
  });

  it.each(['What of /com', '/etc/hosts', '/compact now', ' /com', ''])('is not %j', (text) => {
    expect(commandAt(text, text.length)).toBeUndefined();
  });
});
