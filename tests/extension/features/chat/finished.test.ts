import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { notifyWhenFinished } from '../../../../extension/src/features/chat/finished';
import { codexList, settingsGet } from '../../../../extension/src/protocol/protocol.generated';
import type { MessageEvent } from '../../../../extension/src/protocol/protocol.generated';
import { fakeLog } from '../../testing/fakeLog';
import { FakeSidecar } from '../../testing/fakeSidecar';
import { answers, reset, shown, window } from '../../testing/vscode';
import { codex, codexId } from '../../webview/chatSamples';

const ended: MessageEvent = { kind: 'turnFinished', turnId: 't1', stopReason: 'endTurn' };
let sidecar: FakeSidecar;
let opened: string[];
let lines: string[];
let notified: string[];

function follow(setting: string | undefined, isVisible: boolean): void {
  opened = [];
  sidecar = new FakeSidecar()
    .answer(settingsGet, () => ({
      path: '',
      groups: [],
      policy: [],
      values: setting === undefined ? {} : { notify_when_finished: setting },
    }))
    .answer(codexList, () => ({ items: [codex()] }));
  const { log, lines: written } = fakeLog();
  lines = written;
  notified = [];
  const systemNotifications = { show: (text: string) => Promise.resolve(void notified.push(text)) };
  notifyWhenFinished({ sidecar, log, systemNotifications, isVisible: () => isVisible, open: (uri) => opened.push(uri) });
}

async function end(event: MessageEvent = ended, ...others: string[]): Promise<void> {
  for (const id of [codexId, ...others]) sidecar.messageEvent.fire({ codexId: id, seq: 1, event });
  await vi.advanceTimersByTimeAsync(2000);
}

beforeEach(() => {
  reset();
  vi.useFakeTimers();
});
afterEach(() => vi.useRealTimers());

describe('an answer that ends', () => {
  it.each([
    [undefined, false, 1],
    [undefined, true, 0],
    ['when_hidden', false, 1],
    ['when_hidden', true, 0],
    ['always', true, 1],
    ['never', false, 0],
  ])('with the setting %s and a chat that is visible: %s, is notified %d times', async (setting, isVisible, times) => {
    follow(setting, isVisible);
    await end();
    expect(shown).toHaveLength(times);
    expect(notified).toEqual(shown.map(({ text }) => text));
  });

  it('is not reported for the archived chat of an inline edit, but for the chat that it continues as', async () => {
    follow(undefined, false);
    sidecar.answer(codexList, () => ({ items: [codex({ templateId: 'inline-edit', archived: true })] }));
    await end();
    expect(shown).toEqual([]);
    sidecar.answer(codexList, () => ({ items: [codex({ templateId: 'inline-edit' })] }));
    await end();
    expect(shown).toHaveLength(1);
  });

  it('names the chat and opens it with Show', async () => {
    follow(undefined, false);
    answers.push('Show');
    await end();
    expect(shown).toEqual([{ kind: 'info', text: 'Response ready in “Fix the date parser”.', buttons: ['Show'] }]);
    await vi.waitFor(() => expect(opened).toEqual([codexId]));
  });

  it('reports a failed response but not a stopped one', async () => {
    follow(undefined, false);
    await end({ ...ended, stopReason: 'failed' });
    await end({ ...ended, stopReason: 'stopped' });
    expect(shown.map(({ text }) => text)).toEqual(['“Fix the date parser” failed.']);
  });

  it('reports a response in a visible chat of an inactive window', async () => {
    follow(undefined, true);
    window.state.focused = false;
    await end();
    expect(shown).toHaveLength(1);
  });

  it('shares one notification with others that end at the same time, and Show asks which', async () => {
    const other = 'codex://chats/other';
    follow(undefined, false);
    sidecar.answer(codexList, () => ({ items: [codex(), codex({ uri: other, title: 'Name the release' })] }));
    answers.push('Show', 'Name the release');
    await end(ended, other);
    expect(shown.map(({ text }) => text)).toEqual(['2 chats finished.', 'Select a chat or task']);
    expect(opened).toEqual([other]);
  });

  it('is at least in the log when the settings cannot be read', async () => {
    follow(undefined, false);
    sidecar.answer(settingsGet, () => {
      throw new Error('No settings.');
    });
    await end();
    expect(shown).toEqual([]);
    expect(lines.join()).toContain('No settings.');
  });

  it('reports tasks started by the user, and subtasks only if they need a budget', async () => {
    follow(undefined, false);
    const [own, under, waiting] = ['codex://tasks/own', 'codex://tasks/under', 'codex://tasks/waiting'] as const;
    sidecar.answer(codexList, () => ({
      items: [
        codex({ uri: own, title: 'Add an export', taskStatus: 'done' }),
        codex({ uri: under, title: 'Write it', taskStatus: 'done', spawnedBy: own }),
        codex({ uri: waiting, title: 'Check it', taskStatus: 'over_budget', spawnedBy: own }),
      ],
    }));
    sidecar.messageEvent.fire({ codexId: under, seq: 1, event: ended });
    await vi.advanceTimersByTimeAsync(2000);
    expect(shown).toEqual([]);
    for (const uri of [own, waiting]) sidecar.messageEvent.fire({ codexId: uri, seq: 2, event: ended });
    await vi.advanceTimersByTimeAsync(2000);
    expect(shown.map(({ text }) => text)).toEqual(['2 tasks finished. Limit reached: 1.']);
  });
});
