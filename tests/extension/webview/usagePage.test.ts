// @vitest-environment jsdom
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { UsageDay, UsageFigures, UsageRow, UsageSummaryResult } from '../../../extension/src/protocol/protocol.generated';
import type { FromUsagePage } from '../../../extension/src/common/messages/usage';
import { readSavedState } from '../../../extension/src/webview/usage/savedState';
import { addDays, daysBetween, dayOf, paramsOf, type PeriodChoice } from '../../../extension/src/webview/usage/period';
import { type Spend, spendOf } from '../../../extension/src/webview/usage/spend';
import { UsagePage } from '../../../extension/src/webview/usage/usagePage';

function figures(change: Partial<UsageFigures> = {}): UsageFigures {
  return {
    responses: 10,
    unpricedResponses: 0,
    cost: 1.5,
    inputTokens: 20_000,
    outputTokens: 3000,
    cachedReadTokens: 5000,
    cachedWriteTokens: 0,
    reasoningTokens: 0,
    durationMs: 42_000,
    firstTokenMs: 900,
    ...change,
  };
}

function row(key: string, change: Partial<UsageFigures> = {}, more: Partial<UsageRow> = {}): UsageRow {
  return { key, name: key, figures: figures(change), ...more };
}

function day(date: string, providerId: string, cost: number): UsageDay {
  return { day: date, providerId, providerName: providerId.toUpperCase(), figures: figures({ cost }) };
}

function usage(change: Partial<UsageSummaryResult> = {}): UsageSummaryResult {
  return {
    total: figures(),
    days: [day('2026-11-19', 'a', 1), day('2026-11-21', 'a', 0.3), day('2026-11-21', 'b', 0.2)],
    providers: [row('a', { cost: 1.3 }), row('b', { cost: 0.2 })],
    models: [row('m1', {}, { providerName: 'A' })],
    templates: [row('ai-chat')],
    chats: [row('codex://chats/one', {}, { name: 'Fix the date parser' })],
    ...change,
  };
}

const now = new Date(2026, 10, 21, 12);
let page: UsagePage;
let posted: FromUsagePage[];
let drawn: Spend[];
let disposed: number;
let pointAt: (bucket: number | undefined) => void;
let kept: unknown;

function open(choice?: PeriodChoice): void {
  posted = [];
  drawn = [];
  disposed = 0;
  kept = undefined;
  const root = document.createElement('main');
  document.body.replaceChildren(root);
  page = new UsagePage(
    root,
    { post: (message) => posted.push(message), getState: () => kept, setState: (state) => (kept = state) },
    choice,
    (_place, spend, onHover) => {
      drawn.push(spend);
      pointAt = onHover;
      return { dispose: () => disposed++ };
    },
    () => now,
  );
}

function lastAsked(): FromUsagePage & { type: 'show' } {
  const asked = posted.findLast((message) => message.type === 'show');
  if (asked?.type !== 'show') throw new Error('Nothing was asked.');
  return asked;
}

function answer(change: Partial<UsageSummaryResult> = {}): void {
  page.receive({ type: 'usage', asked: lastAsked().asked, usage: usage(change) });
}

function choose(selector: string, value: string): void {
  const control = document.querySelector(selector);
  if (!(control instanceof HTMLInputElement || control instanceof HTMLSelectElement)) throw new Error(`No ${selector}`);
  control.value = value;
  control.dispatchEvent(new Event('change', { bubbles: true }));
}

function button(label: string): HTMLButtonElement {
  const found = [...document.querySelectorAll('button')].find((one) => one.textContent === label);
  if (found === undefined) throw new Error(`No button ${label}`);
  return found;
}

function table(title: string): string[][] {
  const section = document.querySelector(`section[aria-label="${title}"]`);
  return [...(section?.querySelectorAll('tr') ?? [])].map((line) => [...line.children].map((cell) => cell.textContent ?? ''));
}

beforeEach(() => open());

describe('the Usage page', () => {
  it('asks for thirty days at first, in the reader’s own time', () => {
    expect(posted).toEqual([{ type: 'show', asked: { from: '2026-10-23', to: '2026-11-21', utcOffsetMinutes: -now.getTimezoneOffset() } }]);
  });

  it('adds up, and shows the figures of the chart in a table', () => {
    answer({ total: figures({ cost: 41.27, unpricedResponses: 2, inputTokens: 20_000, cachedReadTokens: 5000 }) });
    const total = document.querySelector('section[aria-label="Total"]')?.textContent;
    expect(total).toContain('Cost$41.27');
    expect(total).toContain('From cache25 %');
    expect(total).toContain('2 responses have no known price and aren’t included.');
    expect(drawn).toHaveLength(1);
    expect(table('Cost per day')).toEqual([
      ['Day', 'A', 'B'],
      [expect.stringContaining('21'), '$0.30', '$0.20'],
      [expect.stringContaining('19'), '$1.00', '$0'],
    ]);
    expect(document.querySelector('[role=img]')?.getAttribute('aria-label')).toContain('The table below has the same data.');
  });

  it('shows unknown prices and times instead of a zero', () => {
    answer({
      models: [row('m1', { responses: 4, unpricedResponses: 4, cost: 0, firstTokenMs: undefined }), row('m2', { unpricedResponses: 3 })],
    });
    expect(table('By model').map((cells) => [cells[0], cells[1], cells[7]])).toEqual([
      ['Model', 'Cost', 'Time to first token'],
      ['m2', '$1.50+', '0.9 s'],
      ['m1', 'n/a', 'unknown'],
    ]);
  });

  it('counts what cost nothing in tokens and time, without a chart', () => {
    const free = figures({ cost: 0 });
    answer({
      total: free,
      days: [{ ...day('2026-11-21', 'ollama', 0) }],
      providers: [row('ollama', { cost: 0 })],
      models: [],
      templates: [],
      chats: [],
    });
    expect(drawn).toEqual([]);
    expect(document.body.textContent).toContain('No cost recorded. Local models are counted below, in tokens and time.');
    expect(table('By provider')[1]).toEqual(['ollama', '$0', '10', '20k', '25 %', '3k', '42 s', '0.9 s']);
    expect(document.querySelector('section[aria-label="By model"]')).toBeNull();
  });

  it('describes the bar below the pointer, and releases a chart that is no longer shown', () => {
    answer();
    const words = (): string | null | undefined => document.querySelector('.chart-text')?.textContent;
    expect(words()).toBe('Hover over a bar for details.');
    pointAt(drawn[0]?.buckets.indexOf('2026-11-21'));
    expect(words()).toMatch(/21.*: A \$0\.30 · B \$0\.20$/);
    pointAt(drawn[0]?.buckets.indexOf('2026-11-20'));
    expect(words()).toMatch(/20.*: no cost$/);
    pointAt(undefined);
    expect(words()).toBe('Hover over a bar for details.');
    expect(disposed).toBe(0);
    answer();
    expect(disposed).toBe(1);
  });

  it('groups a year by month', () => {
    choose('.period', 'all');
    answer({ days: [day('2026-01-19', 'a', 1), day('2026-11-21', 'a', 0.3)] });
    expect(document.querySelector('[role=img]')?.getAttribute('aria-label')).toMatch(
      /^Cost per month by provider, from Jan 2026 to Nov 2026/,
    );
    expect(table('Cost per month')).toEqual([
      ['Month', 'A'],
      ['Nov 2026', '$0.30'],
      ['Jan 2026', '$1.00'],
    ]);
  });

  it('shows the path of the export', () => {
    answer();
    page.receive({ type: 'exported', file: '/home/a/usage.csv' });
    expect(document.querySelector('[role=status]')?.textContent).toBe('Saved /home/a/usage.csv');
  });

  it('opens a chat from its row', () => {
    answer();
    button('Fix the date parser').click();
    expect(posted.at(-1)).toEqual({ type: 'openChat', uri: 'codex://chats/one' });
  });

  it('shows ten rows and then all', () => {
    answer({ chats: Array.from({ length: 24 }, (_, number) => row(`codex://chats/${number}`)) });
    expect(table('By chat')).toHaveLength(11);
    button('Show All 24').click();
    expect(table('By chat')).toHaveLength(25);
  });

  it('asks anew for another period, keeps it, and passes over an answer to the one before', () => {
    const before = lastAsked().asked;
    choose('.period', 'week');
    expect(lastAsked().asked.from).toBe('2026-11-15');
    expect(readSavedState(kept)).toEqual({ period: 'week' });
    page.receive({ type: 'usage', asked: before, usage: usage() });
    expect(drawn).toEqual([]);
    answer();
    expect(drawn).toHaveLength(1);
  });

  it('begins a custom period with the days that were shown', () => {
    choose('.period', 'custom');
    expect(lastAsked().asked).toMatchObject({ from: '2026-10-23', to: '2026-11-21' });
    choose('[aria-label=From]', '2026-11-01');
    expect(lastAsked().asked).toMatchObject({ from: '2026-11-01', to: '2026-11-21' });
    const asked = posted.length;
    choose('[aria-label=To]', '2026-10-01');
    expect(posted).toHaveLength(asked);
    expect(document.body.textContent).toContain('The first day must be before the last day.');
  });

  it('shows that nothing was spent, and exports nothing then', () => {
    choose('.period', 'all');
    answer({ total: figures({ responses: 0, cost: 0 }), days: [] });
    expect(document.querySelector('.empty')?.textContent).toBe('No cost yet.');
    expect(button('Export CSV…').disabled).toBe(true);
    choose('.period', 'week');
    answer();
    button('Export CSV…').click();
    expect(posted.at(-1)).toMatchObject({ type: 'csv', asked: { from: '2026-11-15' } });
  });

  it('shows the error and retries', () => {
    page.receive({ type: 'refused', error: { kind: 'storeReadOnly', message: 'The chats could not be listed.' } });
    expect(document.querySelector('[role=alert]')?.textContent).toContain('The chats could not be listed.');
    const before = posted.length;
    button('Try Again').click();
    expect(posted).toHaveLength(before + 1);
  });

  it('ignores saved state that is damaged', () => {
    expect(readSavedState({ period: 'century' })).toBeUndefined();
  });
});

describe('periods', () => {
  it('have the right first day', () => {
    const from = (choice: PeriodChoice, today: string): string | undefined => paramsOf(choice, today, 60).from;
    expect(from({ period: 'week' }, '2026-03-02')).toBe('2026-02-24');
    expect(from({ period: 'month' }, '2026-03-02')).toBe('2026-03-01');
    expect(from({ period: 'all' }, '2026-03-02')).toBeUndefined();
    expect(dayOf(new Date(2026, 0, 5, 23, 59))).toBe('2026-01-05');
  });

  it('have as many days as lie between their ends', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 800 }), (length) => {
        const days = daysBetween('2026-01-31', addDays('2026-01-31', length));
        return days.length === length + 1 && new Set(days).size === days.length;
      }),
      { numRuns: 50 },
    );
  });
});

describe('usage', () => {
  it('loses nothing in the chart, for any number of days and providers', () => {
    const one = fc.record({
      at: fc.integer({ min: 0, max: 400 }),
      provider: fc.integer({ min: 0, max: 12 }),
      cents: fc.integer({ min: 0, max: 100_000 }),
    });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 60 }), (all) => {
        const days = all
          .map(({ at, provider, cents }) => day(addDays('2025-10-01', at), `p${provider}`, cents / 100))
          .sort((a, b) => (a.day < b.day ? -1 : 1));
        const spend = spendOf(days, {}, '2026-11-21');
        const drawn = spend.series.flatMap(({ spent }) => spent).reduce((sum, value) => sum + value, 0);
        const paid = all.reduce((sum, { cents }) => sum + cents / 100, 0);
        expect(drawn).toBeCloseTo(paid, 4);
        expect(spend.series.length).toBeLessThanOrEqual(6);
        expect(spend.series.every(({ spent }) => spent.length === spend.buckets.length)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('is shown by day, and by month where the days are many', () => {
    expect(spendOf([day('2026-11-19', 'a', 1)], { from: '2026-11-18', to: '2026-11-21' }, '2026-11-21')).toMatchObject({
      unit: 'day',
      buckets: ['2026-11-18', '2026-11-19', '2026-11-20', '2026-11-21'],
    });
    expect(spendOf([day('2026-06-19', 'a', 1)], {}, '2026-11-21')).toMatchObject({
      unit: 'month',
      buckets: ['2026-06', '2026-07', '2026-08', '2026-09', '2026-10', '2026-11'],
    });
  });
});
