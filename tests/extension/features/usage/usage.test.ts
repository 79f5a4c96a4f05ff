import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Uri } from 'vscode';
import { activateUsage } from '../../../../extension/src/features/usage';
import { parseMessage } from '../../../../extension/src/common/messages/parseMessage';
import { fromUsagePage } from '../../../../extension/src/common/messages/usage';
import { usageCsv, usageSummary } from '../../../../extension/src/protocol/protocol.generated';
import type { UsageSummaryResult } from '../../../../extension/src/protocol/protocol.generated';
import { extensionFolder } from '../../testing/extensionFolder';
import { fakeLog } from '../../testing/fakeLog';
import { FakeSidecar } from '../../testing/fakeSidecar';
import { disk, executed, files, panels, registered, reset } from '../../testing/vscode';

const none = {
  responses: 0,
  unpricedResponses: 0,
  cost: 0,
  inputTokens: 0,
  outputTokens: 0,
  cachedReadTokens: 0,
  cachedWriteTokens: 0,
  reasoningTokens: 0,
  durationMs: 0,
};
const empty: UsageSummaryResult = { total: none, days: [], providers: [], models: [], templates: [], chats: [] };
const asked = { from: '2026-11-15', to: '2026-11-21', utcOffsetMinutes: 60 };
let sidecar: FakeSidecar;

function page(): (typeof panels)[number] {
  const panel = panels[0];
  if (panel === undefined) throw new Error('No page is open.');
  return panel;
}

beforeEach(async () => {
  reset();
  sidecar = new FakeSidecar().answer(usageSummary, () => empty).answer(usageCsv, () => ({ csv: 'day,cost\n2026-11-21,0.5\n' }));
  activateUsage({ extensionUri: Uri.file(extensionFolder) }, sidecar, fakeLog().log);
  await registered.get('plue.usage')?.();
});

describe('the Usage page’s host', () => {
  it('answers with the period that was asked for', async () => {
    page().say({ type: 'show', asked });
    await vi.waitFor(() => expect(page().received).toEqual([{ type: 'usage', asked, usage: empty }]));
    expect(sidecar.asked).toEqual([{ method: 'usage/summary', params: asked }]);
  });

  it('writes the responses of the period where the user selects', async () => {
    files.push(Uri.file('/home/a/spent.csv'));
    page().say({ type: 'csv', asked });
    await vi.waitFor(() => expect(page().received).toEqual([{ type: 'exported', file: 'spent.csv' }]));
    expect(disk.get('/home/a/spent.csv')).toBe('day,cost\n2026-11-21,0.5\n');
    expect(sidecar.asked).toEqual([{ method: 'usage/csv', params: asked }]);
  });

  it('asks for nothing when the dialog is closed', async () => {
    page().say({ type: 'csv', asked });
    await new Promise((resolve) => setImmediate(resolve));
    expect(sidecar.asked).toEqual([]);
    expect(page().received).toEqual([]);
  });

  it('reports that a file could not be written', async () => {
    files.push(Uri.file('/read-only/spent.csv'));
    page().say({ type: 'csv', asked });
    const message = 'Could not write /read-only/spent.csv. Choose another location and export again.';
    await vi.waitFor(() => expect(page().received).toEqual([{ type: 'refused', error: { kind: 'storeReadOnly', message } }]));
  });

  it('opens a chat', async () => {
    page().say({ type: 'openChat', uri: 'codex://chats/one' });
    await vi.waitFor(() => expect(executed).toEqual([['plue.openChat', 'codex://chats/one']]));
  });

  it('ignores messages that are not of the page', () => {
    for (const message of [
      null,
      { type: 'show' },
      { type: 'show', asked: { from: 'yesterday' } },
      { type: 'csv', asked: {}, path: '/etc/passwd' },
      { type: 'openChat', uri: 'command:evil' },
    ]) {
      expect(parseMessage(fromUsagePage, message)).toBeUndefined();
    }
  });
});
