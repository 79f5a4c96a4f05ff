import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { handle } from '../../../../extension/src/common/handlers';
import { ChatMessages } from '../../../../extension/src/features/chat/chatMessages';
import { FailureError } from '../../../../extension/src/infrastructure/errors';
import {
  attachmentRead,
  codexFork,
  codexSwitchBranch,
  messageDiscard,
  messageEdit,
  messageFind,
  messageList,
  messageOutline,
  messageRetry,
} from '../../../../extension/src/protocol/protocol.generated';
import { type MessagesToPage, undeleteMs } from '../../../../extension/src/common/messages/chatMessages';
import { fakeLog } from '../../testing/fakeLog';
import { FakeSidecar } from '../../testing/fakeSidecar';
import { answers, executed, lists, reset, shown } from '../../testing/vscode';
import { codex, codexId, question } from '../../webview/chatSamples';

const entries = [
  { messageId: 'q1', index: 0, text: 'Why is it slow?', createdAt: '2026-11-21T08:00:00Z' },
  { messageId: 'q2', index: 4, text: 'And now?', createdAt: 'some day' },
  { messageId: 'q3', index: 9, text: 'Thanks.', createdAt: '2026-11-21T09:00:00Z' },
];

let sidecar: FakeSidecar;
let posted: MessagesToPage[];
let reading: ChatMessages;

beforeEach(() => {
  reset();
  vi.useFakeTimers();
  posted = [];
  sidecar = new FakeSidecar()
    .answer(messageOutline, () => ({ entries }))
    .answer(messageDiscard, () => ({}))
    .answer(messageEdit, () => ({ messageId: 'new' }))
    .answer(messageRetry, () => ({ messageId: 'new' }))
    .answer(codexSwitchBranch, () => codex())
    .answer(codexFork, () => codex({ uri: 'codex://chats/fork' }))
    .answer(messageList, ({ offset }) => ({ messages: [question('q1', 'Why?')], offset, total: 10 }));
  reading = new ChatMessages(codexId, { sidecar, log: fakeLog().log }, (message) => posted.push(message));
});

afterEach(() => {
  reading.dispose();
  vi.useRealTimers();
});

describe('a message that is deleted', () => {
  it('is there until the time to take it back is over', async () => {
    await handle(reading.handlers, { type: 'delete', messageId: 'm1' });
    await handle(reading.handlers, { type: 'delete', messageId: 'm1' });
    await vi.advanceTimersByTimeAsync(undeleteMs - 1);
    expect(sidecar.asked).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(sidecar.asked).toEqual([{ method: 'message/discard', params: { codexId, messageId: 'm1' } }]);
    expect(posted).toEqual([{ type: 'deletionSettled', messageId: 'm1' }]);
  });

  it('stays after Undo', async () => {
    await handle(reading.handlers, { type: 'delete', messageId: 'm1' });
    await handle(reading.handlers, { type: 'undelete', messageId: 'm1' });
    await vi.advanceTimersByTimeAsync(undeleteMs);
    await reading.settle();
    expect(sidecar.asked).toEqual([]);
  });

  it('that could not be deleted shows why, and is shown again', async () => {
    sidecar.answer(messageDiscard, () => {
      throw new FailureError('conflict', 'The chat is answering.');
    });
    await handle(reading.handlers, { type: 'delete', messageId: 'm1' });
    await vi.advanceTimersByTimeAsync(undeleteMs);
    expect(shown).toMatchObject([{ kind: 'error', text: 'The message was not deleted: The chat is answering.' }]);
    expect(posted).toEqual([{ type: 'deletionSettled', messageId: 'm1' }]);
  });

  it.each([
    [{ type: 'edit', messageId: 'm2', text: 'Better' } as const, 'message/edit', { codexId, messageId: 'm2', text: 'Better' }],
    [
      { type: 'retryWith', messageId: 'm2', providerId: 'lab', model: 'large' } as const,
      'message/retry',
      { codexId, messageId: 'm2', provider: 'lab', model: 'large' },
    ],
    [{ type: 'switchBranch', messageId: 'm2' } as const, 'codex/switchBranch', { uri: codexId, messageId: 'm2' }],
    [{ type: 'fork', messageId: 'm2' } as const, 'codex/fork', { uri: codexId, messageId: 'm2' }],
  ])('is deleted before what %j does', async (message, method, params) => {
    await handle(reading.handlers, { type: 'delete', messageId: 'm1' });
    await handle(reading.handlers, message);
    expect(sidecar.asked).toEqual([
      { method: 'message/discard', params: { codexId, messageId: 'm1' } },
      { method, params },
    ]);
    await vi.advanceTimersByTimeAsync(undeleteMs);
    expect(sidecar.asked).toHaveLength(2);
  });

  it('is deleted when its chat is closed', async () => {
    await handle(reading.handlers, { type: 'delete', messageId: 'm1' });
    reading.dispose();
    await vi.waitFor(() => expect(sidecar.methods()).toEqual(['message/discard']));
  });
});

it('A fork is opened', async () => {
  await handle(reading.handlers, { type: 'fork' });
  expect(executed).toEqual([['plue.openChat', 'codex://chats/fork']]);
});

it('Earlier messages come with the number that they were asked for with', async () => {
  await handle(reading.handlers, { type: 'list', offset: 3, limit: 50, generation: 7 });
  expect(sidecar.asked).toEqual([{ method: 'message/list', params: { codexId, offset: 3, limit: 50 } }]);
  expect(posted).toEqual([{ type: 'range', generation: 7, offset: 3, messages: [question('q1', 'Why?')] }]);
});

it('A result includes the words of the search', async () => {
  const matches = [{ messageId: 'q1', index: 0, count: 2 }];
  sidecar.answer(messageFind, () => ({ matches, isTruncated: true }));
  await handle(reading.handlers, { type: 'find', text: 'slow' });
  expect(posted).toEqual([{ type: 'found', text: 'slow', matches, isTruncated: true }]);
});

describe('from question to question', () => {
  it.each([
    [4, false, 'q3'],
    [5, true, 'q2'],
    [4, true, 'q1'],
    [0, false, 'q2'],
  ])('from message %i, backwards: %s, it goes to %s', async (index, backwards, messageId) => {
    await handle(reading.handlers, { type: 'nextQuestion', index, backwards });
    expect(posted).toMatchObject([{ type: 'jump', messageId }]);
  });

  it('it stays where there is no other', async () => {
    await handle(reading.handlers, { type: 'nextQuestion', index: 9, backwards: false });
    await handle(reading.handlers, { type: 'nextQuestion', index: 0, backwards: true });
    expect(posted).toEqual([]);
  });

  it('the list has the newest first, each with its number and time', async () => {
    answers.push('And now?');
    await reading.jump();
    expect(shown[0]).toMatchObject({
      text: 'Go to Question',
      detail: 'Type part of the question',
      buttons: ['3. Thanks.', '2. And now?', '1. Why is it slow?'],
    });
    const time = new Date('2026-11-21T09:00:00Z').toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
    expect(lists[0]).toMatchObject([{ description: time }, { description: '' }, {}]);
    expect(posted).toEqual([{ type: 'jump', index: 4, messageId: 'q2' }]);
  });

  it('the list of a chat without messages says so, and does not move', async () => {
    sidecar.answer(messageOutline, () => ({ entries: [] }));
    await reading.jump();
    expect(shown[0]?.detail).toBe('No questions yet');
    expect(posted).toEqual([]);
  });
});

describe('a message that is gone to', () => {
  it('is looked for in the branch that is shown', async () => {
    sidecar.answer(messageList, () => ({ messages: [], offset: 12, total: 20 }));
    await reading.goToMessage('m9');
    expect(sidecar.asked).toEqual([{ method: 'message/list', params: { codexId, offset: 0, limit: 1, messageId: 'm9' } }]);
    expect(posted).toEqual([{ type: 'jump', index: 12, messageId: 'm9' }]);
  });

  it('brings its branch to the front when it is in another', async () => {
    let branch = 'this one';
    sidecar
      .answer(messageList, () => {
        if (branch === 'this one') throw new FailureError('notFound', 'There is no such message.');
        return { messages: [], offset: 3, total: 20 };
      })
      .answer(codexSwitchBranch, () => {
        branch = 'the other';
        return codex();
      });
    await reading.goToMessage('m9');
    expect(sidecar.methods()).toEqual(['message/list', 'codex/switchBranch', 'message/list']);
    expect(posted).toEqual([{ type: 'jump', index: 3, messageId: 'm9' }]);
  });

  it('switches no branch because of another failure', async () => {
    sidecar.answer(messageList, () => {
      throw new FailureError('sidecarStopped', 'Plue’s sidecar is gone.');
    });
    await expect(reading.goToMessage('m9')).rejects.toThrow('Plue’s sidecar is gone.');
    expect(sidecar.methods()).toEqual(['message/list']);
    expect(posted).toEqual([]);
  });
});

describe('an image', () => {
  it('is sent to the page', async () => {
    sidecar.answer(attachmentRead, () => ({ mediaType: 'image/png', data: 'AAAA' }));
    await handle(reading.handlers, { type: 'readBlob', blob: 'b1' });
    expect(posted).toEqual([{ type: 'blob', blob: 'b1', mediaType: 'image/png', data: 'AAAA' }]);
  });

  it('reports a missing image without data, so that nothing waits for it', async () => {
    await handle(reading.handlers, { type: 'readBlob', blob: 'b1' });
    expect(posted).toEqual([{ type: 'blob', blob: 'b1' }]);
  });

  it('is opened by its name', async () => {
    await handle(reading.handlers, { type: 'openImage', blob: 'b1', name: 'photo.png' });
    expect(executed).toMatchObject([['vscode.open', { path: '/photo.png', query: 'b1' }, {}]]);
  });
});

it('A command of the menu is run for this chat', async () => {
  await handle(reading.handlers, { type: 'command', command: 'plue.chat.export' });
  expect(executed).toEqual([['plue.chat.export', codexId]]);
});

it('A file that went with a message that is gone is missed in a sentence', async () => {
  await handle(reading.handlers, { type: 'openFile', path: '/gone/a.ts' });
  expect(shown.map(({ text }) => text)).toEqual(['The file /gone/a.ts no longer exists.']);
});
