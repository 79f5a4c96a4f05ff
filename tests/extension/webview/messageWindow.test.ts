import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Heights } from '../../../extension/src/webview/chat/messages/heights';
import { MessagePages, pageSize } from '../../../extension/src/webview/chat/messages/messagePages';
import { nextQuestion } from '../../../extension/src/webview/chat/messages/questions';
import { answer, question } from './chatSamples';

const estimate = 100;

type Change = { kind: 'resize'; to: number } | { kind: 'set'; index: number; height: number } | { kind: 'forget'; index: number };

const changes = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('resize' as const), to: fc.nat(300) }),
    fc.record({ kind: fc.constant('set' as const), index: fc.nat(299), height: fc.nat(2000) }),
    fc.record({ kind: fc.constant('forget' as const), index: fc.nat(299) }),
  ),
);

/** Applies changes, and computes the same heights by addition. */
function apply(all: Change[]): { heights: Heights; plain: number[] } {
  const heights = new Heights(estimate);
  let plain: number[] = [];
  for (const change of all) {
    if (change.kind === 'resize') {
      heights.resize(change.to);
      plain = Array.from({ length: change.to }, (_, index) => plain[index] ?? estimate);
    } else if (change.index < plain.length) {
      const height = change.kind === 'set' ? change.height : estimate;
      if (change.kind === 'set') heights.set(change.index, height);
      else heights.forget(change.index);
      plain[change.index] = height;
    }
  }
  return { heights, plain };
}

describe('the heights of rows', () => {
  it('add up as plain addition does, for any heights and changes', () => {
    fc.assert(
      fc.property(changes, (all) => {
        const { heights, plain } = apply(all);
        let sum = 0;
        plain.forEach((height, index) => {
          expect(heights.of(index)).toBe(height);
          expect(heights.offsetOf(index)).toBe(sum);
          sum += height;
        });
        expect(heights.total).toBe(sum);
      }),
    );
  });

  it('find the row that covers a pixel, and never one without height in its place', () => {
    fc.assert(
      fc.property(changes, fc.nat(60_000), (all, pixel) => {
        const { heights, plain } = apply(all);
        const index = heights.indexAt(pixel);
        if (plain.length === 0 || pixel >= heights.total) expect(index).toBe(plain.length - 1);
        else {
          expect(heights.offsetOf(index)).toBeLessThanOrEqual(pixel);
          expect(heights.offsetOf(index) + heights.of(index)).toBeGreaterThan(pixel);
        }
      }),
    );
  });

  it('take a million steps over ten thousand rows in a moment', () => {
    const heights = new Heights(estimate);
    heights.resize(10_000);
    for (let index = 0; index < 10_000; index++) heights.set(index, 20 + (index % 300));
    const begun = performance.now();
    for (let step = 0; step < 100_000; step++) heights.indexAt((step * 7919) % heights.total);
    expect(performance.now() - begun).toBeLessThan(5000);
  });
});

describe('the pages of earlier messages', () => {
  const messagesFrom = (offset: number, limit: number) => Array.from({ length: limit }, (_, at) => question(`m${offset + at}`, 'x'));

  /** Returns pages and the ranges that they request. */
  function answering(): { pages: MessagePages; asked: [number, number][] } {
    const asked: [number, number][] = [];
    const pages: MessagePages = new MessagePages((offset, limit) => asked.push([offset, limit]));
    return { pages, asked };
  }

  it('hold every message between two places once it was asked for, and never many more', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(10_000), fc.nat(200)), { maxLength: 20 }), fc.nat(10_000), (reads, end) => {
        const { pages, asked } = answering();
        pages.setEnd(end);
        for (const [from, length] of reads) {
          pages.want(from, from + length, 0);
          for (const [offset, limit] of asked.splice(0)) pages.take(offset, messagesFrom(offset, limit), 0);
          for (let index = from; index < Math.min(from + length, end); index++) expect(pages.at(index)?.id).toBe(`m${index}`);
          expect(pages.count).toBeLessThanOrEqual(pageSize * 10);
        }
      }),
    );
  });

  it('are asked for once, and again when no answer came', () => {
    const { pages, asked } = answering();
    pages.setEnd(120);
    pages.want(0, 50, 0);
    pages.want(0, 50, 100);
    expect(asked).toEqual([[0, 50]]);
    pages.want(0, 50, 6000);
    expect(asked).toHaveLength(2);
  });

  it('are shown until they are here anew when the chat has changed', () => {
    const { pages, asked } = answering();
    pages.setEnd(50);
    pages.want(0, 50, 0);
    pages.take(0, messagesFrom(0, 50), 0);
    pages.renew();
    expect(pages.at(3)?.id).toBe('m3');
    pages.want(0, 50, 1);
    expect(asked).toHaveLength(2);
    expect(pages.take(0, messagesFrom(100, 50), 0)).toBe(false);
    expect(pages.take(0, messagesFrom(100, 50), 1)).toBe(true);
    expect(pages.at(3)?.id).toBe('m103');
  });

  it('are asked for again when the end of the chat moved on', () => {
    const { pages, asked } = answering();
    pages.setEnd(70);
    pages.want(0, 70, 0);
    for (const [offset, limit] of asked.splice(0)) pages.take(offset, messagesFrom(offset, limit), 0);
    pages.setEnd(90);
    pages.want(0, 90, 1);
    expect(asked).toEqual([[50, 40]]);
  });
});

describe('the next question', () => {
  const messages = [question('q0', 'a'), answer('a0', 'b'), question('q1', 'c'), answer('a1', 'd')];
  const list = { total: 6, messageAt: (index: number) => messages[index] };

  it('is the one before or after, and unknown where the way is not loaded', () => {
    expect(nextQuestion(list, 3, true)).toEqual({ index: 2, id: 'q1' });
    expect(nextQuestion(list, 2, true)).toEqual({ index: 0, id: 'q0' });
    expect(nextQuestion(list, 0, true)).toBeUndefined();
    expect(nextQuestion(list, 0, false)).toEqual({ index: 2, id: 'q1' });
    expect(nextQuestion(list, 2, false)).toBe('unknown');
  });
});
