import { expect, test } from 'vitest';
import * as jsonrpc from 'vscode-jsonrpc';
import { ConnectionError, ConnectionErrors, ErrorCodes, ResponseError } from 'vscode-jsonrpc';
import { FailureError, UserCancelledError } from '../../../extension/src/infrastructure/errors';
import * as failures from '../../../extension/src/server/failures';

const toFailure = (error: unknown): Error => failures.toFailure(error, jsonrpc);

test('A typed error keeps its kind, its sentence and when to try again', () => {
  const failure = toFailure(new ResponseError(-32000, 'Slow down.', { kind: 'rateLimited', retryAfterMs: 5 }));
  expect(failure).toMatchObject({ kind: 'rateLimited', message: 'Slow down.', retryAfterMs: 5 });
});

test('An error without our data is internal', () => {
  expect(toFailure(new ResponseError(-32603, 'Odd.', { kind: 7 }))).toMatchObject({ kind: 'internal', message: 'Odd.' });
  expect(toFailure(new Error('Odder.'))).toMatchObject({ kind: 'internal' });
});

test('A cancelled request is no failure', () => {
  expect(toFailure(new ResponseError(-32800, ''))).toBeInstanceOf(UserCancelledError);
});

test('Distinguishes a stopped sidecar from a restarted one', () => {
  expect(toFailure(new ResponseError(ErrorCodes.ConnectionInactive, ''))).toMatchObject({ kind: 'sidecarStopped' });
  expect(toFailure(new ResponseError(ErrorCodes.PendingResponseRejected, ''))).toMatchObject({ kind: 'sidecarRestarted' });
  expect(toFailure(new ConnectionError(ConnectionErrors.Disposed, ''))).toMatchObject({ kind: 'sidecarRestarted' });
  expect(toFailure(new FailureError('conflict', 'x'))).toMatchObject({ kind: 'conflict' });
});
