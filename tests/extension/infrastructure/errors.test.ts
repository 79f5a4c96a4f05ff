import { beforeEach, expect, test } from 'vitest';
import { FailureError, UserCancelledError, helpFor, runWithErrorHandling, showFailure } from '../../../extension/src/infrastructure/errors';
import { readLaunchSettings } from '../../../extension/src/infrastructure/settings';
import * as fake from '../testing/vscode';

const log = { trace: quiet, debug: quiet, info: quiet, warn: quiet, error: quiet };

function quiet(): void {
  // this log is not checked
}

beforeEach(() => fake.reset());

test('A failure is one message with the button that helps', async () => {
  fake.answers.push('Unlock Vault');
  await runWithErrorHandling(log, () => Promise.reject(new FailureError('vaultLocked', 'The vault is locked.')));
  await Promise.resolve();
  expect(fake.shown).toEqual([{ kind: 'error', text: 'The vault is locked.', buttons: ['Unlock Vault'] }]);
  await expect.poll(() => fake.executed).toEqual([['plue.unlockVault']]);
});

test('A cancellation by the user is never shown', async () => {
  await runWithErrorHandling(log, () => Promise.reject(new UserCancelledError()));
  expect(fake.shown).toEqual([]);
});

test.each([
  ['providerAuthFailed', ['Set Key…']],
  ['keyNotBoundToOrigin', ['Allow This Address…', 'Set Key…']],
  ['unreachable', ['Manage Providers']],
  ['providerExecutableFailed', ['Check Claude Code Sign-in', 'Show Log']],
  ['budgetExceeded', ['Change Budget…']],
  ['sidecarStopped', ['Show Log', 'Restart']],
  ['sidecarDamaged', ['Show Extensions', 'Show Log']],
  ['runtimeMissing', ['Install the Tool', 'Open Download Page', 'Restart']],
  ['runtimeNotAcquired', ['Open Download Page', 'Restart', 'Show Log']],
  ['untrusted', ['Manage Workspace Trust']],
  ['conflict', []],
])('A failure of the kind %s has the buttons %j', (kind, titles) => {
  expect(helpFor(kind).map(({ title }) => title)).toEqual(titles);
});

test('A button runs its command with what belongs to it', async () => {
  fake.answers.push('Install the Tool');
  await showFailure(new FailureError('runtimeMissing', 'There is no .NET.'));
  expect(fake.executed).toEqual([['workbench.extensions.installExtension', 'ms-dotnettools.vscode-dotnet-runtime']]);
});

test('Unexpected errors offer the log', () => {
  expect(helpFor('somethingNew').map(({ title }) => title)).toEqual(['Show Log']);
});

test('Settings of the launcher that are not what they should be count as absent', () => {
  expect(readLaunchSettings({ PLUE_OPEN_CHAT: '1', PLUE_SERVER_PATH: ' /x ' })).toEqual({ openChat: true, serverPath: '/x' });
  expect(readLaunchSettings({ PLUE_OPEN_CHAT: 'yes', PLUE_SERVER_PATH: '' })).toEqual({ openChat: false });
  expect(readLaunchSettings(undefined)).toEqual({ openChat: false });
});
