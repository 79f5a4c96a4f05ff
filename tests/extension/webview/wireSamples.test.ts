// The samples that the C# side writes and reads: the chat page must be able to show them.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as v from 'valibot';
import type { CodexGetResult, MessageEventParams } from '../../../extension/src/protocol/protocol.generated';
import { fromSnapshot, reduce } from '../../../extension/src/webview/chat/state/chatState';

const chats = samples<CodexGetResult>('codex/get', 'result');
const events = samples<MessageEventParams>('message/event', 'params');

/** The samples are JSON: their types are the protocol's, which the sidecar renders. */
function samples<T>(method: string, field: 'params' | 'result'): T[] {
  const file = v.object({ [field]: v.array(v.custom<T>(() => true)) });
  const text = readFileSync(new URL(`../../wire-samples/${method}.json`, import.meta.url), 'utf8');
  return v.parse(file, JSON.parse(text))[field] ?? [];
}

it('Shows every sample of a chat', () => {
  expect(chats.length).toBeGreaterThan(0);
  for (const chat of chats) {
    const state = fromSnapshot(chat);
    expect(state.messages).toEqual(chat.messages);
    expect(state.lastSeq).toBe(chat.lastSeq);
  }
});

it('Applies every sample of an event to a chat', () => {
  const [chat] = chats;
  if (chat === undefined) throw new Error('There is no sample of a chat.');
  for (const params of events) {
    const state = fromSnapshot({ ...chat, lastSeq: params.seq - 1 });
    expect(reduce(state, params, 0).lastSeq).toBe(params.seq);
  }
  expect(events.length).toBeGreaterThan(0);
});
