import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Activity } from '../../../../extension/src/features/completions/activity';
import { FailureError } from '../../../../extension/src/infrastructure/errors';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const fail = (activity: Activity, kind: string, retryAfterMs?: number) =>
  activity.failed(new FailureError(kind, 'The model did not respond.', retryAfterMs));

test('Three failures in a row pause for five minutes', () => {
  const activity = new Activity();
  fail(activity, 'timeout');
  fail(activity, 'timeout');
  expect([activity.state, activity.failure?.message]).toEqual(['ready', 'The model did not respond.']);
  fail(activity, 'timeout');
  expect(activity.state).toBe('failed');
  vi.advanceTimersByTime(5 * 60_000);
  expect([activity.state, activity.failure]).toEqual(['ready', undefined]);
});

test('A success between failures counts anew', () => {
  const activity = new Activity();
  fail(activity, 'timeout');
  fail(activity, 'timeout');
  activity.succeeded(0.01, 'file:///sum.js', undefined);
  fail(activity, 'timeout');
  expect([activity.state, activity.spentToday]).toEqual(['ready', 0.01]);
});

test.each(['providerAuthFailed', 'budgetExceeded', 'modelNotFound', 'badRequest'])('%s pauses until the user resumes', (kind) => {
  const activity = new Activity();
  fail(activity, kind);
  vi.advanceTimersByTime(24 * 60 * 60_000);
  expect([activity.state, activity.until]).toEqual(['failed', undefined]);
  activity.resume();
  expect(activity.state).toBe('ready');
});

test('A rate limit pauses for the time that the provider asks for', () => {
  const activity = new Activity();
  fail(activity, 'rateLimited', 20_000);
  vi.advanceTimersByTime(19_999);
  expect(activity.state).toBe('failed');
  vi.advanceTimersByTime(1);
  expect(activity.state).toBe('ready');
});

test('Snoozing ends by itself', () => {
  const activity = new Activity();
  activity.snooze(5000);
  expect(activity.state).toBe('snoozed');
  vi.advanceTimersByTime(5000);
  expect(activity.state).toBe('ready');
});

test('Several requests run until the last one ends, also with a failure', async () => {
  const activity = new Activity();
  const ends: (() => void)[] = [];
  const run = (): Promise<void> => activity.run(() => new Promise<void>((resolve) => ends.push(resolve)));
  const both = [run(), run()];
  ends[0]?.();
  await both[0];
  expect(activity.isRunning).toBe(true);
  ends[1]?.();
  await both[1];
  expect(activity.isRunning).toBe(false);
  await expect(activity.run(() => Promise.reject(new Error('failed')))).rejects.toThrow();
  expect(activity.isRunning).toBe(false);
});

test('A response that arrives after its file was left says nothing about the next file', () => {
  const activity = new Activity();
  activity.succeeded(0, 'file:///.env', 'It contains keys.');
  expect([activity.excluded('file:///sum.js'), activity.excluded('file:///.env')]).toEqual([undefined, 'It contains keys.']);
  activity.succeeded(0, 'file:///.env', undefined);
  expect(activity.excluded('file:///.env')).toBeUndefined();
});
