import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readFromPage, readRestoredChat } from '../../../../extension/src/features/chat/fromPage';

test('Every message of the page is understood', () => {
  for (const message of [
    { type: 'ready' },
    { type: 'send', text: 'Hello' },
    { type: 'stop' },
    { type: 'retry', messageId: 'm1', continue: true },
    { type: 'discard', messageId: 'm1' },
    { type: 'rename', title: 'Dates' },
    { type: 'choose', providerId: 'tour' },
    { type: 'choose', providerId: 'local', model: 'qwen' },
    { type: 'listModels', providerId: 'local' },
    { type: 'options', options: { temperature: 0.5, maxTokens: 100, stopSequences: ['END'], reasoningLevel: 'low' } },
    { type: 'options', options: {} },
    { type: 'fallbacks', fallbacks: [{ providerId: 'groq' }, { providerId: 'local', model: 'qwen' }] },
    { type: 'copy', text: 'x' },
    { type: 'insert', text: 'x' },
    { type: 'openLink', href: 'https://example.org' },
    { type: 'help', action: 'setKey', providerId: 'anthropic' },
  ]) {
    expect(readFromPage(message)).toEqual(message);
  }
});

test('What is not a message of ours is refused', () => {
  for (const message of [
    undefined,
    null,
    { type: 'options', options: { temperature: 3 } },
    { type: 'options', options: { other: 1 } },
    { type: 'fallbacks', fallbacks: ['groq'] },
    'ready',
    [],
    {},
    { type: 'run', command: 'rm' },
    { type: 'send' },
    { type: 'send', text: 3 },
    { type: 'send', text: 'x', provider: 'smuggled' },
    { type: 'retry', messageId: '' },
    { type: 'help', action: 'workbench.action.terminal.new' },
    { type: 'openLink', href: 'x'.repeat(8001) },
  ]) {
    expect(readFromPage(message)).toBeUndefined();
  }
});

test('No value of any shape makes reading throw', () => {
  fc.assert(
    fc.property(fc.anything(), (message) => {
      readFromPage(message);
      readRestoredChat(message);
    }),
  );
});

test('A panel is restored only to an address of a chat', () => {
  expect(readRestoredChat({ codexId: 'codex://chats/a', draft: '', scrollTop: null })).toBe('codex://chats/a');
  for (const state of [undefined, {}, { codexId: 'codex://providers/a' }, { codexId: 4 }]) expect(readRestoredChat(state)).toBeUndefined();
});
