import * as l10n from '@vscode/l10n';
import type { HookFailureView } from '../../protocol/protocol.generated';

/** Returns the text of a banner about failed hooks; undefined if there are none. */
export function hookFailureText(failures: readonly HookFailureView[] | undefined): string | undefined {
  const newest = failures?.[0];
  if (failures === undefined || newest === undefined) return undefined;
  const others = failures.length - 1;
  const { action, message } = newest;
  if (others === 0) return l10n.t('A hook failed ({0}): {1}', action, message);
  return others === 1
    ? l10n.t('A hook failed ({0}): {1} One more hook failed too.', action, message)
    : l10n.t('A hook failed ({0}): {1} {2} more hooks failed too.', action, message, others);
}
