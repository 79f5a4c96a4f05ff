import { beforeEach, expect, test } from 'vitest';
import { signIn, signOut } from '../../../../extension/src/features/providers/signIn';
import { UserCancelledError } from '../../../../extension/src/infrastructure/errors';
import {
  providerAwaitSignIn,
  providerList,
  providerSignIn,
  providerSignOut,
  type ProviderSummary,
} from '../../../../extension/src/protocol/protocol.generated';
import { ProviderList } from '../../../../extension/src/server/providerList';
import { FakeSidecar } from '../../testing/fakeSidecar';
import * as fake from '../../testing/vscode';

const url = 'https://login.example/authorize?state=abc';

function provider(changes: Partial<ProviderSummary> = {}): ProviderSummary {
  return {
    id: 'mine',
    name: 'Mine',
    kind: 'openai-compatible',
    source: 'file',
    enabled: true,
    status: 'connected',
    takesKey: true,
    hasCredential: false,
    isDefault: false,
    isDefaultSmall: false,
    authType: 'oauth',
    ...changes,
  };
}

function sidecarWith(items: ProviderSummary[], userCode?: string): FakeSidecar {
  return new FakeSidecar()
    .answer(providerList, () => ({ items, kinds: [] }))
    .answer(providerSignIn, () => ({ url, userCode, expiresAt: '2026-11-21T08:05:00Z' }))
    .answer(providerAwaitSignIn, ({ id }) => provider({ id, hasCredential: true }))
    .answer(providerSignOut, ({ id }) => provider({ id }));
}

const says = (kind: string): string[] => fake.shown.filter((item) => item.kind === kind).map(({ text }) => text);

beforeEach(() => fake.reset());

test('Opens the page and reports the result', async () => {
  const sidecar = sidecarWith([provider()]);
  await signIn(sidecar, new ProviderList(sidecar), 'mine');
  expect(fake.executed).toEqual([['plue.unlockVault']]);
  expect(fake.opened).toEqual([url]);
  expect(says('info')).toEqual(['Signed in to Mine.']);
  expect(sidecar.methods()).toEqual(['provider/list', 'provider/signIn', 'provider/awaitSignIn', 'provider/list']);
});

test('A code is shown all the time, and copied before the page opens', async () => {
  fake.answers.push('Copy Code and Open Page');
  const sidecar = sidecarWith([provider()], 'WDJB-MJHT');
  await signIn(sidecar, new ProviderList(sidecar), 'mine');
  expect(fake.copied).toEqual(['WDJB-MJHT']);
  expect(says('progress')).toEqual(['Signing in to Mine with the code WDJB-MJHT…']);
});

test('Finishes while the dialog with the code is still open', async () => {
  const sidecar = sidecarWith([provider()], 'WDJB-MJHT');
  await signIn(sidecar, new ProviderList(sidecar), 'mine');
  expect(fake.opened).toEqual([]);
  expect(says('info')).toContain('Signed in to Mine.');
});

test.each(['the button', 'a browser that stays closed'])('Cancelling by %s ends the sign-in', async (how) => {
  fake.browser.opens = how === 'the button';
  const sidecar = sidecarWith([provider()]).answer(
    providerAwaitSignIn,
    (_params, token) =>
      new Promise((_resolve, reject) => {
        token?.onCancellationRequested(() => reject(new UserCancelledError()));
        if (how === 'the button') setTimeout(() => fake.progress.cancel());
      }),
  );
  await expect(signIn(sidecar, new ProviderList(sidecar), 'mine')).rejects.toThrow(UserCancelledError);
  expect(says('info')).toEqual([]);
});

test('A sign-in without a response is reported with its cause', async () => {
  const sidecar = sidecarWith([provider()]).answer(providerAwaitSignIn, () =>
    provider({ error: { kind: 'permissionDenied', message: 'The plan has no models.' } }),
  );
  await signIn(sidecar, new ProviderList(sidecar), 'mine');
  expect(says('warning')).toEqual(['Signed in, but Mine does not respond. The plan has no models.']);
});

test('The provider is selected among those that sign in', async () => {
  fake.answers.push('Second');
  const sidecar = sidecarWith([
    provider(),
    provider({ id: 'second', name: 'Second' }),
    provider({ id: 'key', name: 'Key', authType: 'apiKey' }),
  ]);
  await signIn(sidecar, new ProviderList(sidecar));
  expect(fake.shown.find(({ kind }) => kind === 'pick')?.buttons).toEqual(['Mine', 'Second']);
  expect(sidecar.asked.find(({ method }) => method === 'provider/signIn')?.params).toEqual({ id: 'second' });
});

test('Signing out deletes the tokens and is offered only for signed-in providers', async () => {
  const sidecar = sidecarWith([provider({ hasCredential: true })]);
  await signOut(sidecar, new ProviderList(sidecar), 'mine');
  expect(says('info')).toEqual(['Signed out of Mine. Its tokens were deleted.']);
  const other = sidecarWith([provider()]);
  await expect(signOut(other, new ProviderList(other))).rejects.toThrow('No provider supports sign-in');
});
