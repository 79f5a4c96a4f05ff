import { chmodSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { commandAnswers, executed, extensionsChanged, installed, reset, shown } from '../testing/vscode';
import { helpFor } from '../../../extension/src/infrastructure/errors';
import {
  DotnetRuntime,
  installTool,
  installedRuntime,
  usualPlaces,
  type RuntimeMachine,
} from '../../../extension/src/server/dotnetRuntime';

/** Creates a folder with a `dotnet` that lists these runtimes. */
function dotnetIn(folder: string, ...runtimes: string[]): string {
  mkdirSync(folder, { recursive: true });
  const lines = runtimes.map((runtime) => `echo "${runtime} [/somewhere]"`);
  writeFileSync(join(folder, 'dotnet'), ['#!/bin/sh', '[ "$1" = --list-runtimes ] || exit 9', ...lines, ''].join('\n'));
  chmodSync(join(folder, 'dotnet'), 0o755);
  return folder;
}

const newFolder = (): string => mkdtempSync(join(tmpdir(), 'plue-dotnet-'));
const bare = (env: RuntimeMachine['env'] = {}, change: Partial<RuntimeMachine> = {}): RuntimeMachine => ({
  ...{ platform: 'linux', env, usualPlaces: [], folders: [] },
  ...change,
});
const wanted = 'Microsoft.NETCore.App 10.0.4';

beforeEach(reset);

describe.skipIf(process.platform === 'win32')('An installed runtime', () => {
  test('is found by DOTNET_ROOT, then on PATH, then in the usual places', async () => {
    const [root, onPath, home] = [dotnetIn(newFolder(), wanted), dotnetIn(newFolder(), wanted), newFolder()];
    const own = { usualPlaces: usualPlaces('linux', {}, home) };
    dotnetIn(join(home, '.dotnet'), wanted);
    expect(own.usualPlaces).toContain('/usr/share/dotnet');
    expect(await installedRuntime(bare({ DOTNET_ROOT: root, PATH: onPath }, own))).toBe(join(root, 'dotnet'));
    expect(await installedRuntime(bare({ PATH: ['/nothing', onPath].join(delimiter) }, own))).toBe(join(onPath, 'dotnet'));
    expect(await installedRuntime(bare({}, { usualPlaces: own.usualPlaces.filter((place) => place.startsWith(home)) }))).toBe(
      join(home, '.dotnet', 'dotnet'),
    );
    expect(usualPlaces('win32', { ProgramFiles: '/programs' }, home)).toEqual([join('/programs', 'dotnet'), join(home, '.dotnet')]);
  });

  test('has to be of the right version and kind, and to answer', async () => {
    const wrong = [
      dotnetIn(newFolder(), 'Microsoft.NETCore.App 8.0.1', 'Microsoft.NETCore.App 9.0.0'),
      dotnetIn(newFolder(), 'Microsoft.AspNetCore.App 10.0.4'),
      dotnetIn(newFolder(), 'Microsoft.NETCore.App 10.0.0-rc.2.25502.107'),
      dotnetIn(newFolder(), 'Microsoft.NETCore.App 100.0.1'),
      newFolder(),
    ];
    const broken = newFolder();
    writeFileSync(join(broken, 'dotnet'), 'no program', { mode: 0o755 });
    const right = dotnetIn(newFolder(), 'Microsoft.NETCore.App 8.0.1', wanted);
    expect(await installedRuntime(bare({ PATH: [...wrong, broken].join(delimiter) }))).toBeUndefined();
    expect(await installedRuntime(bare({ PATH: [...wrong, broken, right].join(delimiter) }))).toBe(join(right, 'dotnet'));
  });

  test('is never one of the workspace, by its own name or by a link', async () => {
    const folder = newFolder();
    const inside = dotnetIn(join(folder, 'bin'), wanted);
    const outside = newFolder();
    symlinkSync(join(inside, 'dotnet'), join(outside, 'dotnet'));
    const machine = bare({ DOTNET_ROOT: inside, PATH: outside }, { folders: [folder] });
    expect(await installedRuntime(machine)).toBeUndefined();
    expect(await installedRuntime({ ...machine, folders: [] })).toBe(join(inside, 'dotnet'));
    expect(await installedRuntime(bare({ PATH: dotnetIn(join(folder, '..tools'), wanted) }, { folders: [folder] }))).toBeUndefined();
  });

  test('is found while a workspace folder no longer exists', async () => {
    const root = dotnetIn(newFolder(), wanted);
    const machine = bare({ DOTNET_ROOT: root }, { folders: [join(newFolder(), 'gone')] });
    expect(await installedRuntime(machine)).toBe(join(root, 'dotnet'));
  });

  test('is none that a relative entry of PATH names', async () => {
    const before = process.cwd();
    process.chdir(dotnetIn(newFolder(), wanted));
    try {
      expect(await installedRuntime(bare({ PATH: ['', '.'].join(delimiter), DOTNET_ROOT: '.' }))).toBeUndefined();
    } finally {
      process.chdir(before);
    }
  });

  test('is used without asking the Install Tool', async () => {
    installed.add(installTool);
    const root = dotnetIn(newFolder(), wanted);
    expect(await new DotnetRuntime('plue.plue-vscode', () => bare({ DOTNET_ROOT: root })).find()).toBe(join(root, 'dotnet'));
    expect(executed).toEqual([]);
  });
});

describe('Without a runtime', () => {
  const runtime = (): DotnetRuntime => new DotnetRuntime('plue.plue-vscode', () => bare());

  test('the Install Tool gets one, once for two who wait, and the user sees why', async () => {
    installed.add(installTool);
    commandAnswers.set('dotnet.acquire', () => ({ dotnetPath: '/acquired/dotnet' }));
    const own = runtime();
    expect(await Promise.all([own.find(), own.find()])).toEqual(['/acquired/dotnet', '/acquired/dotnet']);
    expect(executed).toEqual([['dotnet.acquire', { version: '10.0', requestingExtensionId: 'plue.plue-vscode', mode: 'runtime' }]]);
    expect(shown).toEqual([{ kind: 'progress', text: 'Installing the .NET 10.0 runtime for Plue…', buttons: [] }]);
  });

  test('reports the error of the tool and tries again at the next start', async () => {
    installed.add(installTool);
    const own = runtime();
    commandAnswers.set('dotnet.acquire', () => {
      throw new Error('No network');
    });
    await expect(own.find()).rejects.toMatchObject({
      kind: 'runtimeNotAcquired',
      message: 'Could not install the .NET 10.0 runtime: No network. Install it yourself and restart Plue.',
    });
    commandAnswers.set('dotnet.acquire', () => undefined);
    await expect(own.find()).rejects.toThrow('The .NET Install Tool returned no path.');
    commandAnswers.set('dotnet.acquire', () => ({ dotnetPath: '/acquired/dotnet' }));
    expect(await own.find()).toBe('/acquired/dotnet');
  });

  test('and without the Install Tool the sentence has a button for each way forward', async () => {
    await expect(runtime().find()).rejects.toMatchObject({ kind: 'runtimeMissing' });
    expect(helpFor('runtimeMissing').map(({ title, command }) => [title, command])).toEqual([
      ['Install the Tool', 'workbench.extensions.installExtension'],
      ['Open Download Page', 'vscode.open'],
      ['Restart', 'plue.restartServer'],
    ]);
    expect(helpFor('runtimeMissing')[0]?.args).toEqual([installTool]);
  });

  test('offers the tool once after it was installed', async () => {
    const own = runtime();
    let count = 0;
    own.onDidAppear(() => count++);
    await own.find().catch(() => undefined);
    extensionsChanged.fire();
    expect(count).toBe(0);
    installed.add(installTool);
    extensionsChanged.fire();
    extensionsChanged.fire();
    expect(count).toBe(1);
    own.dispose();
  });
});
