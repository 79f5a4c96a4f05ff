import { expect, test } from 'vitest';
import { fromItemPage, taskOfChat } from '../../../../extension/src/common/messages/item';
import { parseMessage } from '../../../../extension/src/common/messages/parseMessage';
import { spawnParams } from '../../../../extension/src/features/items/startTask';
import * as v from 'valibot';

test('A new task starts on what was chosen, within its budget, under its chat', () => {
  const given = {
    goal: 'Find the leak.',
    provider_ref: 'codex://providers/groq',
    model: 'small-1',
    budget: { usd: 0.5, rounds: null },
    depth: 'quick',
  };
  expect(spawnParams('log-reader', 'Leak', given, 'codex://chats/a')).toEqual({
    templateId: 'log-reader',
    goal: 'Find the leak.',
    values: { depth: 'quick', title: 'Leak' },
    provider: 'groq',
    model: 'small-1',
    budget: { usd: 0.5 },
    parentId: 'codex://chats/a',
  });
});

test('Unselected values are left to the template', () => {
  expect(spawnParams('log-reader', undefined, { goal: 'x', model: undefined, budget: {} }, undefined)).toEqual({
    templateId: 'log-reader',
    goal: 'x',
  });
  const several = { goal: 'x', provider_ref: { large: 'codex://providers/a' } };
  expect(spawnParams('log-reader', undefined, several, undefined).values).toEqual({ provider_ref: { large: 'codex://providers/a' } });
});

test('Only a chat or task can have a subtask', () => {
  expect(v.is(taskOfChat, { goal: 'x', parentId: 'codex://chats/a' })).toBe(true);
  expect(v.is(taskOfChat, { goal: 'x', parentId: 'codex://providers/a' })).toBe(false);
  expect(parseMessage(fromItemPage, { type: 'ready', target: { templateId: 't', parentId: 'codex://tasks/a' } })).toBeDefined();
});
