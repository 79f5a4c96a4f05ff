import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ChatGroups, daysAt, groupNames, groupOf, passes, type ChatFilter } from '../../../../extension/src/features/channels/chatGroups';
import { byPlace } from '../../../../extension/src/features/channels/row';
import type { CodexSummary } from '../../../../extension/src/protocol/protocol.generated';
import { chatSummary } from '../../testing/codexSummary';

const hour = 3_600_000;
const noon = new Date(2026, 10, 21, 12).getTime();
const at = (year: number, month: number, day: number, hours = 12): string => new Date(year, month - 1, day, hours).toISOString();
const anyChat = fc
  .record({
    uri: fc.integer({ min: 0, max: 12 }).map((name) => `codex://chats/${name}`),
    hoursAgo: fc.integer({ min: -3, max: 400 }),
    archived: fc.boolean(),
    pinned: fc.boolean(),
    unread: fc.boolean(),
    status: fc.constantFrom<CodexSummary['status']>('idle', 'running', 'failed'),
    tags: fc.uniqueArray(fc.constantFrom('work', 'play')),
  })
  .map(({ hoursAgo, ...rest }) => chatSummary('', { ...rest, updatedAt: new Date(noon - hoursAgo * hour).toISOString() }));

test('A chat is below its day, at any hour', () => {
  const days = daysAt(noon);
  const groupAt = (updatedAt: string): string => groupOf(chatSummary('a', { updatedAt }), days);
  expect([at(2026, 11, 21, 0), at(2026, 11, 20, 23), at(2026, 11, 20, 0), at(2026, 11, 19, 23)].map(groupAt)).toEqual([
    'Today',
    'Yesterday',
    'Yesterday',
    'Last 7 Days',
  ]);
  expect([at(2026, 11, 15, 0), at(2026, 11, 14, 23), at(2026, 11, 22), 'no time'].map(groupAt)).toEqual([
    'Last 7 Days',
    'Older',
    'Today',
    'Older',
  ]);
});

test('An archived chat is archived even when it is pinned', () => {
  expect(groupOf(chatSummary('a', { pinned: true }), daysAt(noon))).toBe('Pinned');
  expect(groupOf(chatSummary('a', { pinned: true, archived: true }), daysAt(noon))).toBe('Archived');
});

test('Days follow the calendar, at any time of any year', () => {
  fc.assert(
    fc.property(fc.date({ min: new Date(2000, 0, 2), max: new Date(2100, 0, 1), noInvalidDate: true }), (date) => {
      const { today, yesterday, week } = daysAt(date.getTime());
      expect(week).toBeLessThan(yesterday);
      expect(yesterday).toBeLessThan(today);
      expect(today).toBeLessThanOrEqual(date.getTime());
      expect(new Date(today).getDate()).toBe(date.getDate());
      expect(new Date(yesterday).getHours() * new Date(week).getMinutes()).toBe(0);
    }),
  );
});

const anyFilter: fc.Arbitrary<ChatFilter> = fc.constantFrom<ChatFilter>({}, { tag: 'work' }, { only: 'unread' }, { only: 'running' });

test('After any changes, each chat that matches the filter is listed once, in order, in its group', () => {
  const step = fc.oneof(
    anyChat,
    anyChat.map(({ uri }) => uri),
    anyFilter,
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const groups = new ChatGroups(noon);
      const known = new Map<string, CodexSummary>();
      for (const one of steps) {
        const before = groupNames.map((name) =>
          groups
            .of(name)
            .map(({ uri }) => uri)
            .join(),
        );
        if (typeof one === 'string') {
          known.delete(one);
          groups.remove(one);
        } else if ('uri' in one) {
          known.set(one.uri, one);
          const changed = groups.put(one);
          const after = groupNames.map((name) =>
            groups
              .of(name)
              .map(({ uri }) => uri)
              .join(),
          );
          const moved = groupNames.filter((_, index) => before[index] !== after[index]);
          expect(changed).toEqual(expect.arrayContaining(moved));
        } else groups.narrow(one);
        for (const name of groupNames) {
          const expected = [...known.values()].filter((codex) => passes(codex, groups.filter) && groupOf(codex, daysAt(noon)) === name);
          expect(groups.of(name)).toEqual(expected.sort(byPlace));
        }
        expect(groups.unread).toBe([...known.values()].filter(({ unread, archived }) => unread && !archived).length);
      }
    }),
  );
});

test('At midnight today is yesterday', () => {
  const groups = new ChatGroups(noon);
  groups.replace([chatSummary('a', { updatedAt: at(2026, 11, 21) })]);
  expect(groups.passTime(noon + 11 * hour)).toBe(false);
  expect(groups.passTime(noon + 13 * hour)).toBe(true);
  expect(groups.of('Yesterday').length).toBe(1);
});

test('Tags are counted, the commonest first', () => {
  const groups = new ChatGroups(noon);
  groups.replace([chatSummary('a', { tags: ['b', 'a'] }), chatSummary('b', { tags: ['c', 'a'] })]);
  expect(groups.tags()).toEqual([
    ['a', 2],
    ['b', 1],
    ['c', 1],
  ]);
});
