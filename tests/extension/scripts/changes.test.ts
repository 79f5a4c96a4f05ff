import { expect, test } from 'vitest';
import { affectedBy } from '../../../scripts/lib/changes.mjs';

test('A change of a folder runs the tests of everything that uses it', () => {
  const { namespaces, scenarios, isMeasured } = affectedBy('HEAD', ['server/Plue.Server/Transfer/ChatExport.cs']);
  expect(namespaces).toEqual(['Acp', 'Architecture', 'Audit', 'Cli', 'Mcp', 'Modules', 'Rpc', 'Transfer']);
  expect(scenarios).toBe('main');
  expect(isMeasured).toBe(true);
});

test('A change of the lowest folder runs the tests of all others', () => {
  expect(affectedBy('HEAD', ['server/Plue.Server/Platform/ChildProcess.cs']).namespaces).toEqual(
    expect.arrayContaining(['Chat', 'Store', 'Tools']),
  );
});

test('A change whose effect is unknown runs all C# tests', () => {
  for (const file of ['server/Plue.Protocol/Methods.cs', 'templates/ai-chat.json5', 'tests/Plue.Server.Tests/Testing/TempFolder.cs'])
    expect(affectedBy('HEAD', [file]).namespaces).toBe('all');
});

test('A change of one scenario runs that scenario only', () => {
  const { namespaces, scenarios, isMeasured } = affectedBy('HEAD', ['tests/e2e/scenarios/crash.mjs']);
  expect(scenarios).toEqual(['crash']);
  expect(namespaces).toEqual(['Architecture']);
  expect(isMeasured).toBe(false);
});

test('A change of the documentation runs no scenario', () => {
  expect(affectedBy('HEAD', ['docs/settings.md']).scenarios).toEqual([]);
});
