import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Uri } from 'vscode';
import { activateSettings } from '../../../../extension/src/features/settings';
import { parseMessage } from '../../../../extension/src/common/messages/parseMessage';
import { fromSettingsPage } from '../../../../extension/src/common/messages/settings';
import { FailureError } from '../../../../extension/src/infrastructure/errors';
import { providerList, providerModels, settingsGet, settingsSet } from '../../../../extension/src/protocol/protocol.generated';
import type { SettingsResult } from '../../../../extension/src/protocol/protocol.generated';
import { ProviderList } from '../../../../extension/src/server/providerList';
import { extensionFolder } from '../../testing/extensionFolder';
import { fakeLog } from '../../testing/fakeLog';
import { FakeSidecar } from '../../testing/fakeSidecar';
import { disk, opened, panels, registered, reset, savedDocument } from '../../testing/vscode';
import { provider } from '../../webview/chatSamples';

const path = '/home/a/.plue/config.json5';
let sidecar: FakeSidecar;

function settings(values: Record<string, unknown> = {}): SettingsResult {
  return { path, groups: [], values, policy: [] };
}

async function say(message: unknown): Promise<unknown[]> {
  const panel = panels[0];
  if (panel === undefined) throw new Error('No page is open.');
  panel.received.length = 0;
  panel.say(message);
  await vi.waitFor(() => expect(panel.received.length).toBeGreaterThan(0));
  return panel.received;
}

beforeEach(async () => {
  reset();
  sidecar = new FakeSidecar()
    .answer(settingsGet, () => settings({ trash_days: 7 }))
    .answer(providerList, () => ({ items: [provider()], kinds: [] }))
    .answer(providerModels, () => ({ models: [{ id: 'opus' }] }));
  const { log } = fakeLog();
  activateSettings({ extensionUri: Uri.file(extensionFolder) }, sidecar, new ProviderList(sidecar), log);
  await registered.get('plue.openSettings')?.();
});

describe('the Settings page’s host', () => {
  it('opens one page, and shows it again', async () => {
    await registered.get('plue.openSettings')?.();
    expect(panels.map(({ reveals }) => reveals)).toEqual([1]);
  });

  it('gives the settings and who can be chosen to a page that came up', async () => {
    expect(await say({ type: 'ready' })).toContainEqual({
      type: 'settings',
      settings: settings({ trash_days: 7 }),
      providers: [provider()],
    });
  });

  it('changes one setting and returns the values of the file', async () => {
    sidecar.answer(settingsSet, ({ name, value }) => settings({ [name]: value }));
    expect(await say({ type: 'set', name: 'trash_days', value: 14 })).toEqual([
      { type: 'saved', name: 'trash_days', settings: settings({ trash_days: 14 }) },
    ]);
    expect(sidecar.asked.at(-1)).toEqual({ method: 'settings/set', params: { name: 'trash_days', value: 14 } });
  });

  it('asks for the providers again when the default is another one', async () => {
    sidecar.answer(settingsSet, () => settings());
    await say({ type: 'set', name: 'default_large', value: { provider: 'groq' } });
    await vi.waitFor(() => expect(sidecar.methods().at(-1)).toBe('provider/list'));
  });

  it('shows at the setting why it was not changed', async () => {
    sidecar.answer(settingsSet, () => {
      throw new FailureError('conflict', 'The file has a mistake.');
    });
    expect(await say({ type: 'set', name: 'trash_days' })).toEqual([
      { type: 'notSaved', name: 'trash_days', error: { kind: 'conflict', message: 'The file has a mistake.' } },
    ]);
  });

  it('shows why there are no models', async () => {
    sidecar.answer(providerModels, () => {
      throw new FailureError('unreachable', 'Nothing answers there.');
    });
    expect(await say({ type: 'listModels', providerId: 'ollama' })).toEqual([
      { type: 'models', providerId: 'ollama', models: [], error: 'Nothing answers there.' },
    ]);
  });

  it('opens the file, or begins one', async () => {
    panels[0]?.say({ type: 'openFile' });
    await vi.waitFor(() => expect(opened).toEqual([`untitled:${path}`]));
    disk.set(path, '{}');
    panels[0]?.say({ type: 'openFile', line: 3, column: 2 });
    await vi.waitFor(() => expect(opened).toEqual([`untitled:${path}`, `file:${path}`]));
  });

  it('shows what was changed in the file by hand', async () => {
    await say({ type: 'ready' });
    const before = sidecar.asked.length;
    savedDocument.fire({ uri: Uri.file('/elsewhere') });
    expect(sidecar.asked).toHaveLength(before);
    savedDocument.fire({ uri: Uri.file(path) });
    await vi.waitFor(() => expect(sidecar.methods().slice(before)).toEqual(['settings/get']));
  });

  it('ignores messages that are not of the page', () => {
    for (const message of [
      undefined,
      'ready',
      { type: 'set' },
      { type: 'set', name: '' },
      { type: 'set', name: 'x', value: { other: 1 } },
      { type: 'set', name: 'x', value: Number.NaN },
      { type: 'openFile', path: '/etc/passwd' },
    ]) {
      expect(parseMessage(fromSettingsPage, message)).toBeUndefined();
    }
  });
});
