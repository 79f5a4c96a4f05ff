// What is another than it was: between two answers, and since the last one.
import * as l10n from '@vscode/l10n';
import type { MessageView, SteeredBy, SteeringSource } from '../../../protocol/protocol.generated';
import { formatList } from '../../../common/formatList';

/** Enough to find the answer before among summaries and tools. */
const farthest = 50;

/** "default-assistant and AGENTS.md changed: they count from here." Undefined when all is as it was. */
export function instructionsChange(before: readonly SteeredBy[], now: readonly SteeredBy[]): string | undefined {
  const changed = now.filter((source) => versionIn(before, source) !== undefined && versionIn(before, source) !== source.version);
  // Another provider is chosen in sight of the reader, and each answer names its own.
  const come = now.filter((source) => source.kind !== 'provider' && versionIn(before, source) === undefined);
  const gone = before.filter((source) => source.kind !== 'provider' && versionIn(now, source) === undefined);
  const sentences = [
    changed.length > 0 &&
      (changed.length === 1
        ? l10n.t('{0} changed: it counts from here.', list(changed))
        : l10n.t('{0} changed: they count from here.', list(changed))),
    come.length > 0 && (come.length === 1 ? l10n.t('{0} counts from here.', list(come)) : l10n.t('{0} count from here.', list(come))),
    gone.length > 0 && (gone.length === 1 ? l10n.t('{0} no longer counts.', list(gone)) : l10n.t('{0} no longer count.', list(gone))),
  ];
  return sentences.filter((sentence) => sentence !== false).join(' ') || undefined;
}

/** Whether a source is another than with the last answer, or was not there. */
export function changedSince(last: readonly SteeredBy[] | undefined, source: SteeringSource): boolean {
  return last !== undefined && source.leftOut === undefined && versionIn(last, source) !== source.version;
}

/** What steered the answer before the message at this place; undefined when none is known. */
export function previousInstructions(
  index: number,
  messageAt: (index: number) => MessageView | undefined,
): readonly SteeredBy[] | undefined {
  for (let at = index - 1; at >= Math.max(0, index - farthest); at--) {
    const message = messageAt(at);
    if (message === undefined) return undefined;
    if (message.role === 'assistant' && message.steeredBy !== undefined) return message.steeredBy;
  }
  return undefined;
}

function versionIn(sources: readonly SteeredBy[], { kind, source }: Pick<SteeredBy, 'kind' | 'source'>): string | undefined {
  return sources.find((one) => one.kind === kind && one.source === source)?.version;
}

function list(sources: readonly SteeredBy[]): string {
  return formatList([...new Set(sources.map(({ title }) => title))]);
}
