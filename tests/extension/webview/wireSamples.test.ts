// The samples that the C# side writes and reads: what the sidecar says, the page must understand.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as v from 'valibot';
import { fromSnapshot, reduce } from '../../../extension/src/webview/chat/chatState';
import { readToPage } from '../../../extension/src/webview/shared/toPage';

const sampleFile = v.object({ params: v.array(v.unknown()), result: v.optional(v.array(v.unknown())) });

function samplesOf(method: string): v.InferOutput<typeof sampleFile> {
  return v.parse(sampleFile, JSON.parse(readFileSync(new URL(`../../wire-samples/${method}.json`, import.meta.url), 'utf8')));
}

const chats = samplesOf('codex/get').result ?? [];
const lists = samplesOf('provider/list').result ?? [];

describe('the chat page', () => {
  it('takes every sample of a chat and of the providers as a snapshot', () => {
    expect(chats.length * lists.length).toBeGreaterThan(0);
    for (const chat of chats) {
      for (const list of lists) {
        const providers = v.parse(v.object({ items: v.array(v.unknown()) }), list).items;
        expect(readToPage({ type: 'snapshot', chat, providers })).toBeDefined();
      }
    }
  });

  it('takes every sample of an event, and folds it', () => {
    const kinds = new Set<string>();
    for (const params of samplesOf('message/event').params) {
      const message = readToPage({ type: 'event', params });
      const snapshot = readToPage({ type: 'snapshot', chat: chats[0], providers: [] });
      if (message?.type !== 'event' || snapshot?.type !== 'snapshot') throw new Error(`The page does not know ${JSON.stringify(params)}`);
      kinds.add(message.params.event.kind);
      const state = fromSnapshot({ ...snapshot.chat, lastSeq: message.params.seq - 1 });
      expect(reduce(state, message.params, 0).lastSeq).toBe(message.params.seq);
    }
    expect(kinds.size).toBe(14);
  });
});
