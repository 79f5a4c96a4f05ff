import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromChatPage } from '../../../extension/src/common/messages/chat';
import { parseMessage } from '../../../extension/src/common/messages/parseMessage';
import { readRestoredChat } from '../../../extension/src/common/messages/savedState';

test('Every message of the page is understood', () => {
  for (const message of [
    { type: 'ready', codexId: 'codex://chats/one' },
    { type: 'send', text: 'Hello' },
    {
      type: 'send',
      text: 'Hello',
      attachments: [{ path: 'a.ts', range: { start: 1, end: 2 }, mode: 'whole', allowOutside: true }],
      queue: true,
    },
    { type: 'findFiles', text: 'date' },
    { type: 'inspect', chipId: 'file-1', attachment: { path: 'a.ts' } },
    { type: 'readImage', chipId: 'file-1', path: 'a.png' },
    { type: 'storeImage', chipId: 'file-1', name: 'a.png', mediaType: 'image/png', data: 'AAAA' },
    { type: 'dropped', uris: ['file:///a.ts'] },
    { type: 'pickFiles' },
    { type: 'attachSelection' },
    { type: 'steer', text: 'Stop that', attachments: [{ blob: 'abc', name: 'a.png', mediaType: 'image/png' }] },
    { type: 'steer', queuedId: 'q1' },
    { type: 'unqueue', queuedId: 'q1' },
    { type: 'pin', paths: ['a.ts'] },
    { type: 'pickPin' },
    { type: 'measureContext', draft: '', attachments: [] },
    { type: 'listPrompts' },
    { type: 'readPrompt', uri: 'codex://prompts/review' },
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
    { type: 'list', offset: 0, limit: 50, generation: 3 },
    { type: 'edit', messageId: 'm1', text: 'x' },
    { type: 'retryWith', messageId: 'm1', providerId: 'groq', model: 'llama' },
    { type: 'fork', messageId: 'm1' },
    { type: 'fork' },
    { type: 'delete', messageId: 'm1' },
    { type: 'undelete', messageId: 'm1' },
    { type: 'switchBranch', messageId: 'm1' },
    { type: 'find', text: 'x' },
    { type: 'nextQuestion', index: 4, backwards: true },
    { type: 'readBlob', blob: 'b1' },
    { type: 'openFile', path: 'src/a.ts', range: { start: 1, end: 2 } },
    { type: 'openImage', blob: 'b1', name: 'a.png' },
    { type: 'command', command: 'plue.chat.undo' },
  ]) {
    expect(parseMessage(fromChatPage, message)).toEqual(message);
  }
});

test('Unknown messages are rejected', () => {
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
    { type: 'command', command: 'workbench.action.quit' },
    { type: 'readPrompt', uri: 'codex://chats/other' },
    { type: 'inspect', chipId: 'file-1', attachment: { path: 'a.ts', range: { start: 0, end: 1 } } },
    { type: 'send' },
    { type: 'send', text: 3 },
    { type: 'send', text: 'x', provider: 'smuggled' },
    { type: 'retry', messageId: '' },
    { type: 'help', action: 'workbench.action.terminal.new' },
    { type: 'openLink', href: 'x'.repeat(8001) },
    { type: 'command', command: 'workbench.action.terminal.new' },
    { type: 'list', offset: -1, limit: 50, generation: 0 },
    { type: 'list', offset: 0, limit: 100_000, generation: 0 },
    { type: 'openFile', path: 'a', range: { start: 0, end: 2 } },
  ]) {
    expect(parseMessage(fromChatPage, message)).toBeUndefined();
  }
});

test('No value of any shape makes reading throw', () => {
  fc.assert(
    fc.property(fc.anything(), (message) => {
      parseMessage(fromChatPage, message);
      readRestoredChat(message);
    }),
  );
});

test('A panel is restored only to an address of a chat', () => {
  expect(readRestoredChat({ codexId: 'codex://chats/a', draft: '', place: null })).toBe('codex://chats/a');
  for (const state of [undefined, {}, { codexId: 'codex://providers/a' }, { codexId: 4 }]) expect(readRestoredChat(state)).toBeUndefined();
});
