import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import * as l10n from '../../../extension/src/infrastructure/localizedText';
import { settingsGet } from '../../../extension/src/protocol/protocol.generated';
import { isQuiet, SystemNotifications } from '../../../extension/src/server/systemNotifications';
import { fakeLog } from '../testing/fakeLog';
import { FakeSidecar } from '../testing/fakeSidecar';
import { env, reset, window } from '../testing/vscode';

const hostile = l10n.verbatim('--icon=x; $(touch y) “Title”');
let folder: string;
let lines: string[];

/** Shows a notification with a program that writes its arguments to a file. Returns these, or undefined. */
async function show(setting?: boolean): Promise<string[] | undefined> {
  const sidecar = new FakeSidecar().answer(settingsGet, () => ({
    path: '',
    groups: [],
    policy: [],
    values: setting === undefined ? {} : { system_notifications: setting },
  }));
  const { log, lines: written } = fakeLog();
  lines = written;
  await new SystemNotifications(sidecar, log, folder).show(hostile);
  try {
    return readFileSync(join(folder, 'arguments'), 'utf8').split('\n').slice(0, -1);
  } catch {
    return undefined;
  }
}

beforeEach(() => {
  reset();
  window.state.focused = false;
  folder = mkdtempSync(join(tmpdir(), 'plue-notify-'));
  for (const name of ['notify-send', 'osascript'])
    writeFileSync(join(folder, name), `#!/bin/sh\nprintf '%s\\n' "$@" > '${folder}/arguments'\n`, { mode: 0o755 });
});

describe('Quiet hours', () => {
  it.each([
    ['22:00-07:00', '21:59', false],
    ['22:00-07:00', '22:00', true],
    ['22:00-07:00', '06:59', true],
    ['22:00-07:00', '07:00', false],
    ['12:00-13:30', '13:29', true],
    ['12:00-13:30', '13:30', false],
    ['', '12:00', false],
    ['night', '12:00', false],
    [undefined, '12:00', false],
  ])('%s at %s: %s', (hours, time, isExpected) => {
    expect(isQuiet(hours, new Date(`2026-11-25T${time}:00`))).toBe(isExpected);
  });
});

describe.skipIf(process.platform === 'win32')('A system notification', () => {
  it('gets the text as one argument that cannot be an option', async () => {
    const parameters = await show();
    expect(parameters?.at(-1)).toBe(hostile);
    if (process.platform === 'linux') expect(parameters).toEqual(['--app-name=Visual Studio Code', '--', 'Plue', hostile]);
  });

  it('is not shown if the window has the focus', async () => {
    window.state.focused = true;
    expect(await show()).toBeUndefined();
  });

  it('is not shown on a remote machine', async () => {
    env.remoteName = 'ssh-remote';
    expect(await show()).toBeUndefined();
  });

  it('is not shown if the user turned it off', async () => {
    expect(await show(false)).toBeUndefined();
  });

  it('is skipped on a system without the program', async () => {
    folder = join(folder, 'missing');
    expect(await show()).toBeUndefined();
    expect(lines.join('\n')).toContain('No system notification');
  });
});
