import { once } from 'node:events';
import { chmodSync, mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findSidecar, ridOf, startSidecar, type Machine, type SidecarCommand } from '../../../extension/src/server/sidecar';

function machine(files: Record<string, number>, platform = 'linux', arch = 'x64'): Machine {
  return { platform, arch, modified: (path) => files[path] };
}

function find(files: Record<string, number>, serverPath?: string): Promise<SidecarCommand> {
  const given = serverPath === undefined ? {} : { serverPath };
  return findSidecar({ extensionPath: '/ext', machine: machine(files), runtime: () => Promise.resolve('/net/dotnet'), ...given });
}

const published = join('/ext', 'artifacts/publish/linux-x64/plue');
const development = join('/ext', 'artifacts/bin/Plue.Server/debug/plue');
const portable = join('/ext', 'artifacts/publish/portable/plue.dll');

test('The path that the environment names wins', async () => {
  expect(await find({ '/mine': 1, [published]: 9 }, '/mine')).toEqual({ command: '/mine', args: [] });
});

test('A named path that is not there is an error and no silent choice of another', async () => {
  await expect(find({ [published]: 9 }, '/mine')).rejects.toThrow('/mine');
});

test('The newer one of the published and the development build runs', async () => {
  expect((await find({ [published]: 2, [development]: 1 })).command).toBe(published);
  expect((await find({ [published]: 1, [development]: 2 })).command).toBe(development);
});

test('The portable build runs by the .NET that was found, where there is no other', async () => {
  expect(await find({ [portable]: 1 })).toEqual({ command: '/net/dotnet', args: [portable] });
});

test('A missing sidecar is a sentence with a way forward', async () => {
  await expect(find({})).rejects.toThrow('npm run build');
});

test('Each system has its own build', () => {
  expect(ridOf(machine({}, 'win32', 'arm64'))).toBe('win-arm64');
  expect(ridOf(machine({}, 'darwin', 'arm64'))).toBe('osx-arm64');
  expect(ridOf(machine({ '/etc/alpine-release': 1 }))).toBe('linux-musl-x64');
});

test.skipIf(process.platform === 'win32')('A program that lost its executable bit gets it back and runs', async () => {
  const program = join(mkdtempSync(join(tmpdir(), 'plue-sidecar-')), 'plue');
  writeFileSync(program, '#!/bin/sh\necho "$1"\n');
  chmodSync(program, 0o644);
  const child = startSidecar({ command: program, args: [] });
  let said = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (said += text));
  await once(child, 'close');
  expect(said).toBe('serve\n');
  expect(statSync(program).mode & 0o111).toBe(0o111);
});
