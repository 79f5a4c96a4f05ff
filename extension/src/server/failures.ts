// Converts rejected requests to failures.
import * as l10n from '../infrastructure/localizedText';
import * as v from 'valibot';
import type * as jsonrpc from 'vscode-jsonrpc';
import { FailureError, UserCancelledError, toFailureError } from '../infrastructure/errors';

const errorData = v.object({ kind: v.string(), retryAfterMs: v.optional(v.number()) });

const requestCancelled = -32800;
const connectionInactive = -32096;
const pendingResponseRejected = -32097;

/** @param library The module that created the error: another copy does not recognize its classes. */
export function toFailure(
  error: unknown,
  { ConnectionError, ResponseError }: Pick<typeof jsonrpc, 'ConnectionError' | 'ResponseError'>,
): Error {
  if (error instanceof ConnectionError) return restartedFailure(); // between its end and the next start
  if (!(error instanceof ResponseError)) return toFailureError(error);
  if (error.code === requestCancelled) return new UserCancelledError();
  if (error.code === connectionInactive) return stoppedFailure();
  if (error.code === pendingResponseRejected) return restartedFailure();
  const data = v.safeParse(errorData, error.data);
  return data.success
    ? new FailureError(data.output.kind, error.message, data.output.retryAfterMs)
    : new FailureError('internal', error.message);
}

export function stoppedFailure(): FailureError {
  return new FailureError('sidecarStopped', l10n.t('The Plue sidecar is not running. Restart it, or check the log for the cause.'));
}

function restartedFailure(): FailureError {
  return new FailureError('sidecarRestarted', l10n.t('The Plue sidecar exited before it responded, and was restarted. Try again.'));
}
