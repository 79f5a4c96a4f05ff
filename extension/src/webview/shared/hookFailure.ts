import type { HookFailureView } from '../../protocol/protocol.generated';

/** What a banner says of hooks that failed; undefined for none. */
export function hookFailureWords(failures: readonly HookFailureView[] | undefined): string | undefined {
  const newest = failures?.[0];
  if (failures === undefined || newest === undefined) return undefined;
  const others = failures.length - 1;
  const more = others === 0 ? '' : others === 1 ? ' One more failed too.' : ` ${others} more failed too.`;
  return `A hook failed (${newest.what}): ${newest.message}${more}`;
}
