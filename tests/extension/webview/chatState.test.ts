import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CodexGetResult, MessageEventParams } from '../../../extension/src/protocol/protocol.generated';
import { type ChatState, fromSnapshot, reduce } from '../../../extension/src/webview/chat/state/chatState';
import { answer, chat, numbered, question, turn, turnEnd } from './chatSamples';

const empty = fromSnapshot(chat());

function foldAll(state: ChatState, events: MessageEventParams[], now = 0): ChatState {
  return events.reduce((folded, event) => reduce(folded, event, now), state);
}

/** Returns the result of codex/get at this moment. */
function snapshotOf(state: ChatState): CodexGetResult {
  return chat([...state.messages], {
    codex: state.codex,
    lastSeq: state.lastSeq,
    ...(state.turnId === undefined ? {} : { turnId: state.turnId }),
  });
}

function shown(state: ChatState): unknown {
  return { messages: state.messages, turnId: state.turnId, lastSeq: state.lastSeq, ending: state.ending };
}

describe('the chat state', () => {
  it('folds a turn into messages', () => {
    const state = foldAll(empty, numbered(turn()));
    expect(state.messages.map((message) => message.role)).toEqual(['user', 'assistant']);
    expect(state.messages[1]?.parts).toEqual([
      { kind: 'reasoning', content: 'Look at the code.' },
      { kind: 'toolUse', toolUseId: 'u1', toolName: 'read', parameters: '{"path":"src/date.ts"}' },
      { kind: 'toolResult', toolUseId: 'u1', result: 'export function parse() {}' },
      { kind: 'text', content: 'The parser checks the day against 31.' },
    ]);
    expect(state.turnId).toBe('t1');
  });

  it('is the same for any split of the deltas', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.array(fc.nat(50)), (text, cuts) => {
        const edges = [0, ...cuts.filter((cut) => cut < text.length).sort((a, b) => a - b), text.length];
        const pieces = edges.slice(1).map((edge, index) => text.slice(edges[index], edge));
        const whole = foldAll(empty, numbered(turn([text])));
        const split = foldAll(empty, numbered(turn(pieces)));
        expect(split.messages).toEqual(whole.messages);
      }),
    );
  });

  it('is the same from a snapshot taken at any point and the events after it', () => {
    const events = numbered([...turn(), ...turnEnd(answer('m2', 'The parser checks the day against 31.'))]);
    const all = foldAll(empty, events);
    for (let taken = 0; taken <= events.length; taken++) {
      const at = fromSnapshot(snapshotOf(foldAll(empty, events.slice(0, taken))));
      const rest = foldAll(at, events.slice(taken));
      expect({ ...all, ...(taken === events.length ? { ending: undefined } : {}) }.messages).toEqual(rest.messages);
      if (taken < events.length) expect(shown(rest)).toEqual(shown(all));
    }
  });

  it('ignores an event that the snapshot already holds', () => {
    const events = numbered(turn());
    const once = foldAll(empty, events);
    expect(foldAll(once, events)).toBe(once);
  });

  it('notices a missed event and waits for a new snapshot', () => {
    const events = numbered(turn());
    const state = foldAll(empty, [...events.slice(0, 3), ...events.slice(4)]);
    expect(state.missedEvents).toBe(true);
    expect(fromSnapshot(snapshotOf(foldAll(empty, events)), state).missedEvents).toBe(false);
  });

  it('asks for the chat again when text was dropped for a slow window', () => {
    const events = numbered(turn(['a']));
    const state = reduce(
      foldAll(empty, events),
      { codexId: '', seq: 30, event: { kind: 'textDelta', messageId: 'm2', partIndex: 3, text: 'bc' } },
      0,
    );
    expect(state.missedEvents).toBe(true);
  });

  it('clears what was not confirmed when the answer is started again', () => {
    const events = turn();
    const state = foldAll(
      empty,
      numbered([...events, { kind: 'restarted', messageId: 'm2', attempt: 2, delayMs: 500, reason: 'overloaded' }]),
    );
    expect(state.messages[1]?.parts.map((part) => part.kind)).toEqual(['reasoning', 'toolUse', 'toolResult']);
    const again = foldAll(
      empty,
      numbered([
        ...events,
        { kind: 'restarted', messageId: 'm2', attempt: 2, delayMs: 500, reason: '' },
        { kind: 'textDelta', messageId: 'm2', partIndex: 0, text: 'Anew' },
      ]),
    );
    expect(again.messages[1]?.parts).toEqual([{ kind: 'text', content: 'Anew' }]);
  });

  it('shows what is waited for until the first delta', () => {
    const waiting = foldAll(empty, numbered(turn().slice(0, 4)), 1000);
    expect(waiting.activity).toEqual({ kind: 'waiting', for: 'Waiting for api.anthropic.com', since: 1000 });
    expect(foldAll(empty, numbered(turn().slice(0, 5))).activity).toBeUndefined();
  });

  it('measures the time to the first delta and the time of the reasoning', () => {
    const events = numbered(turn());
    const started = foldAll(empty, events.slice(0, 4), 1000);
    const state = foldAll(foldAll(started, events.slice(4, 6), 2200), events.slice(6), 6200);
    expect(state.timings.get('m2')).toEqual({ turnStartedAt: 1000, firstDeltaAt: 2200, reasoningStartedAt: 2200, reasoningEndedAt: 6200 });
  });

  it('leaves no message streaming after the turn, even when its ending was lost', () => {
    const state = foldAll(empty, numbered([...turn(), { kind: 'turnFinished', turnId: 't1', stopReason: 'stopped' }]));
    expect(state.messages[1]?.status).toBe('stopped');
    expect(state.turnId).toBeUndefined();
  });

  it('keeps the error of a turn that never had a message', () => {
    const error = { kind: 'unreachable', message: 'Nothing responds at localhost:11434.' };
    const state = foldAll(
      empty,
      numbered([
        { kind: 'turnStarted', turnId: 't1' },
        { kind: 'turnFinished', turnId: 't1', stopReason: 'failed', error },
      ]),
    );
    expect(state.ending).toEqual({ stopReason: 'failed', error });
  });

  it('removes a discarded message', () => {
    const state = fromSnapshot(chat([question('m1', 'a'), answer('m2', 'b', { status: 'interrupted' })]));
    expect(reduce(state, { codexId: '', seq: 1, event: { kind: 'messageRemoved', messageId: 'm2' } }, 0).messages).toHaveLength(1);
  });
});
