import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findSidecar, ridOf, type Machine } from '../../../extension/src/server/sidecar';

function machine(files: Record<string, number>, platform = 'linux', arch = 'x64'): Machine {
  return { platform, arch, modified: (path) => files[path] };
}

const published = join('/ext', 'artifacts/publish/linux-x64/plue');
const development = join('/ext', 'artifacts/bin/Plue.Server/debug/plue');
const portable = join('/ext', 'artifacts/publish/portable/plue.dll');

test('The path that the environment names wins', () => {
  expect(findSidecar('/ext', machine({ '/mine': 1, [published]: 9 }), '/mine')).toEqual({ command: '/mine', args: [] });
});

test('A named path that is not there is an error and no silent choice of another', () => {
  expect(() => findSidecar('/ext', machine({ [published]: 9 }), '/mine')).toThrow('/mine');
});

test('Of the published and the development build the newer one runs', () => {
  expect(findSidecar('/ext', machine({ [published]: 2, [development]: 1 })).command).toBe(published);
  expect(findSidecar('/ext', machine({ [published]: 1, [development]: 2 })).command).toBe(development);
});

test('The portable build runs by dotnet where there is no other', () => {
  expect(findSidecar('/ext', machine({ [portable]: 1 }))).toEqual({ command: 'dotnet', args: [portable] });
});

test('A missing sidecar is a sentence with a way forward', () => {
  expect(() => findSidecar('/ext', machine({}))).toThrow('npm run build');
});

test('Each system has its own build', () => {
  expect(ridOf(machine({}, 'win32', 'arm64'))).toBe('win-arm64');
  expect(ridOf(machine({}, 'darwin', 'arm64'))).toBe('osx-arm64');
  expect(ridOf(machine({ '/etc/alpine-release': 1 }))).toBe('linux-musl-x64');
});
