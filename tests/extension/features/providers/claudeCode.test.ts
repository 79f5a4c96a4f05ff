import { beforeEach, expect, it } from 'vitest';
import { checkClaudeCodeAuth } from '../../../../extension/src/features/providers/claudeCode';
import { providerCheckClaudeCode, type ClaudeCodeCheckResult } from '../../../../extension/src/protocol/protocol.generated';
import { fakeLog } from '../../testing/fakeLog';
import { FakeSidecar } from '../../testing/fakeSidecar';
import { answers, reset, shown, terminals } from '../../testing/vscode';

beforeEach(reset);

async function check(result: ClaudeCodeCheckResult): Promise<string[]> {
  const { log, lines } = fakeLog();
  await checkClaudeCodeAuth(
    new FakeSidecar().answer(providerCheckClaudeCode, () => result),
    log,
  );
  return lines;
}

const out = { signedIn: false, cliPath: '/bin/claude', version: '2.0', message: 'Claude Code is not signed in.', checks: ['/bin/claude'] };

it('Reports a signed-in Claude Code with its program', async () => {
  const lines = await check({ ...out, signedIn: true, message: 'Claude Code is signed in.' });
  expect(shown.at(-1)).toMatchObject({ kind: 'info', text: 'Claude Code is signed in. (/bin/claude, 2.0)', buttons: ['Details'] });
  expect(lines).toEqual(['Claude Code sign-in: Claude Code is signed in.', '  /bin/claude']);
});

it('Without a sign-in it offers one in a terminal, with that program', async () => {
  answers.push('Open Terminal to Sign In');
  await check(out);
  expect(shown.at(-1)).toMatchObject({ kind: 'warning', buttons: ['Open Terminal to Sign In', 'Details'] });
  expect(terminals).toEqual([{ name: 'Claude Code sign-in', sent: [expect.stringContaining('/bin/claude')] }]);
});

it('Reading starts nothing, and the program is named once', async () => {
  await check({ ...out, message: '/bin/claude is not signed in.' });
  expect(shown.at(-1)?.text).toBe('/bin/claude is not signed in.');
  expect(terminals).toEqual([]);
});

it('Where there is no such program, there is nothing to sign in with', async () => {
  await check({ signedIn: false, message: 'Claude Code was not found.', checks: [] });
  expect(shown.at(-1)).toMatchObject({ text: 'Claude Code was not found.', buttons: ['Details'] });
});
