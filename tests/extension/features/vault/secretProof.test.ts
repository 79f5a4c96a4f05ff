import { expect, test } from 'vitest';
import { SecretProof, isProven, sessionOf } from '../../../../extension/src/features/vault/secretProof';
import { FakeSecrets } from '../../testing/fakeSecrets';

const first = { activationId: 'a1', sessionId: 's1' };

test('Data that this activation wrote proves nothing', () => {
  expect(isProven(first, first)).toBe(false);
});

test('A new extension host under the same window proves nothing', () => {
  expect(isProven(first, { activationId: 'a2', sessionId: 's1' })).toBe(false);
});

test('Data that an earlier session wrote is proof', () => {
  expect(isProven(first, { activationId: 'a2', sessionId: 's2' })).toBe(true);
});

test('Nonsense in the store is no proof', () => {
  for (const stored of [undefined, null, 'a1', {}, { activationId: 1, sessionId: 's' }]) expect(isProven(stored, first)).toBe(false);
});

test('A store that keeps is proven at the second start, and stays so', async () => {
  const secrets = new FakeSecrets();
  const starts = ['1', '2', '3', '4'].map((n) => ({ activationId: `a${n}`, sessionId: n === '4' ? 's3' : `s${n}` }));
  const proofs = [];
  for (const now of starts) proofs.push(await new SecretProof(secrets, now).check());
  expect(proofs).toEqual([false, true, true, true]);
});

test('A store that forgets at every reload is never proven', async () => {
  for (const n of [1, 2, 3]) {
    expect(await new SecretProof(new FakeSecrets(), { activationId: `a${n}`, sessionId: `s${n}` }).check()).toBe(false);
  }
});

test('A store that fails is not proven and does not throw', async () => {
  expect(await new SecretProof(new FakeSecrets('broken'), first).check()).toBe(false);
});

test('A session without an ID is the process that started the extension host', () => {
  expect(sessionOf('5b7c', 7)).toBe('5b7c');
  expect(sessionOf('someValue.sessionId', 7)).not.toBe(sessionOf('someValue.sessionId', 8));
});
