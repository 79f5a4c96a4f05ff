import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { handle } from '../../../../extension/src/common/handlers';
import { fromChatPage, type ToChatPage } from '../../../../extension/src/common/messages/chat';
import { parseMessage } from '../../../../extension/src/common/messages/parseMessage';
import { ChatInstructions } from '../../../../extension/src/features/chat/chatInstructions';
import { messageAllowInstructions, messageInstructions } from '../../../../extension/src/protocol/protocol.generated';
import { fakeLog } from '../../testing/fakeLog';
import { FakeSidecar } from '../../testing/fakeSidecar';
import { executed, reset } from '../../testing/vscode';
import { codex, codexId } from '../../webview/chatSamples';

let sidecar: FakeSidecar;
let posted: ToChatPage[];
let instructions: ChatInstructions;
const asked = (): number => sidecar.methods().filter((method) => method === 'message/instructions').length;

beforeEach(() => {
  reset();
  posted = [];
  sidecar = new FakeSidecar()
    .answer(messageInstructions, () => ({ sources: [] }))
    .answer(messageAllowInstructions, () => ({ sources: [], note: 'allowed' }));
  instructions = new ChatInstructions(codexId, { sidecar, log: fakeLog().log }, (message) => posted.push(message));
});
afterEach(() => instructions.dispose());

it('The instructions are loaded again after a turn or a change of the chat, and not for others', async () => {
  sidecar.messageEvent.fire({
    codexId: 'codex://chats/other',
    seq: 1,
    event: { kind: 'turnFinished', turnId: 't', stopReason: 'endTurn' },
  });
  sidecar.messageEvent.fire({ codexId, seq: 1, event: { kind: 'turnStarted', turnId: 't' } });
  expect(asked()).toBe(0);
  sidecar.messageEvent.fire({ codexId, seq: 2, event: { kind: 'turnFinished', turnId: 't', stopReason: 'endTurn' } });
  await vi.waitFor(() => expect(posted).toHaveLength(1));
  sidecar.codexChanged.fire({ uri: codexId, codex: codex() });
  await vi.waitFor(() => expect(posted).toHaveLength(2));
});

it('Several requests at once load only once more', async () => {
  for (let time = 0; time < 5; time++) instructions.refresh();
  await vi.waitFor(() => expect(posted).toHaveLength(2));
  expect(asked()).toBe(2);
});

it('A failure leaves what the page knows', async () => {
  sidecar.answer(messageInstructions, () => {
    throw new Error('no');
  });
  instructions.refresh();
  await vi.waitFor(() => expect(asked()).toBe(1));
  expect(posted).toEqual([]);
});

it('Allowed instructions are shown at once, and shipped ones open read-only', async () => {
  await handle(instructions.handlers, { type: 'allowInstructions', source: '/work/AGENTS.md', version: 'abc' });
  expect(sidecar.asked.at(-1)?.params).toEqual({ codexId, source: '/work/AGENTS.md', version: 'abc' });
  expect(posted).toEqual([{ type: 'instructions', instructions: { sources: [], note: 'allowed' } }]);
  await handle(instructions.handlers, { type: 'openInstructions', source: 'codex://prompts/default-assistant' });
  expect(executed).toEqual([['plue.openCodex', 'codex://prompts/default-assistant']]);
});

it('Only messages of the page are accepted', () => {
  expect(parseMessage(fromChatPage, { type: 'loadInstructions' })).toBeDefined();
  expect(parseMessage(fromChatPage, { type: 'allowInstructions', source: 'x', version: 'y' })).toBeDefined();
  expect(parseMessage(fromChatPage, { type: 'allowInstructions', source: 'x' })).toBeUndefined();
  expect(parseMessage(fromChatPage, { type: 'openInstructions', source: '', path: 'x' })).toBeUndefined();
});
