import { expect, test } from 'vitest';
import { byPlace, formatAge, formatCost, rowOf } from '../../../../extension/src/features/channels/row';
import { setLocale } from '../../../../extension/src/common/locale';
import type { CodexSummary } from '../../../../extension/src/protocol/protocol.generated';

const now = Date.parse('2026-11-21T12:00:00Z');

function chat(changes: Partial<CodexSummary> = {}): CodexSummary {
  return {
    uri: 'codex://chats/a',
    templateId: 'ai-chat',
    title: 'Fix the date parser',
    status: 'idle',
    createdAt: '2026-11-21T11:00:00Z',
    updatedAt: '2026-11-21T11:58:00Z',
    messageCount: 2,
    archived: false,
    fallbacks: [],
    options: {},
    tags: [],
    pinned: false,
    unread: false,
    version: 1,
    ...changes,
  };
}

test('A row shows its age and its cost', () => {
  expect(rowOf(chat({ cost: 0.043 }), now).description).toBe('2 m  $0.04');
  expect(rowOf(chat(), now).description).toBe('2 m');
});

test('Money and time are written as VS Code’s language writes them', () => {
  setLocale('de');
  const row = rowOf(chat({ cost: 1.5 }), now);
  expect(row.description).toBe('2 m  1,50\u00a0$');
  expect(row.tooltip).toContain('Changed 21.11.2026');
  expect(formatCost(0.0004)).toBe('<0,01\u00a0$');
  setLocale('en-US');
});

test('Shows the state as a shape and as text for screen readers', () => {
  const icons = (['idle', 'running', 'interrupted', 'failed', 'damaged'] as const).map((status) => rowOf(chat({ status }), now).icon);
  expect(new Set(icons).size).toBe(5);
  expect(rowOf(chat({ status: 'interrupted' }), now).accessibilityLabel).toBe('Fix the date parser, interrupted, changed 2 m ago');
});

test('Shows unread chats with a filled dot and as text', () => {
  const row = rowOf(chat({ unread: true, tags: ['work'] }), now);
  expect(row.icon).toBe('circle-filled');
  expect(row.accessibilityLabel).toBe('Fix the date parser, unread, changed 2 m ago, #work');
  expect(row.description).toBe('2 m  #work');
  expect(rowOf(chat({ unread: true, status: 'running' }), now).icon).toBe('loading~spin');
});

test('Age is one number and one letter', () => {
  const minute = 60_000;
  const ages = [-5, 0, 59_999, minute, 59 * minute, 60 * minute, 24 * 60 * minute, 8 * 24 * 60 * minute, 800 * 24 * 60 * minute, NaN];
  expect(ages.map(formatAge)).toEqual(['now', 'now', 'now', '1 m', '59 m', '1 h', '1 d', '1 w', '2 y', 'now']);
});

test('A cost too small for cents is still not nothing', () => {
  expect([0, 0.0004, 0.01, 1.234].map(formatCost)).toEqual(['$0.00', '<$0.01', '$0.01', '$1.23']);
});

test('The chat that changed last is first', () => {
  const older = chat({ uri: 'codex://chats/b', updatedAt: '2026-11-20T00:00:00Z' });
  const twin = chat({ uri: 'codex://chats/0' });
  expect([older, chat(), twin].sort(byPlace).map(({ uri }) => uri)).toEqual(['codex://chats/0', 'codex://chats/a', 'codex://chats/b']);
});

test('Hidden characters in titles and tags are made visible, so that they cannot reverse the row', () => {
  const row = rowOf(chat({ title: 'Fail \u202Eesrever', tags: ['a\u200Bb'], updatedAt: '2026-11-21T12:00:00Z' }), now);
  expect(row.label).toBe('Fail ⟨U+202E⟩esrever');
  expect(row.accessibilityLabel).toBe('Fail ⟨U+202E⟩esrever, changed now, #a⟨U+200B⟩b');
});
