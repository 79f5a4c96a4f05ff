// Differences between the instructions of two responses.
import * as l10n from '@vscode/l10n';
import type { MessageView, UsedInstructionView, InstructionSourceView } from '../../../protocol/protocol.generated';
import { formatList } from '../../../common/formatList';

/** Maximum messages to search back: enough to pass summaries and tool calls. */
const farthest = 50;

/** Returns "Instructions changed: default-assistant and AGENTS.md."; undefined if nothing changed. */
export function instructionsChange(before: readonly UsedInstructionView[], now: readonly UsedInstructionView[]): string | undefined {
  const changed = now.filter((source) => versionIn(before, source) !== undefined && versionIn(before, source) !== source.version);
  // A change of provider is already visible, because each response names its provider.
  const added = now.filter((source) => source.kind !== 'provider' && versionIn(before, source) === undefined);
  const removed = before.filter((source) => source.kind !== 'provider' && versionIn(now, source) === undefined);
  const sentences = [
    changed.length > 0 && l10n.t('Instructions changed: {0}.', list(changed)),
    added.length > 0 && l10n.t('Instructions added: {0}.', list(added)),
    removed.length > 0 && l10n.t('Instructions removed: {0}.', list(removed)),
  ];
  return sentences.filter((sentence) => sentence !== false).join(' ') || undefined;
}

/** True if a source was changed or added after the last response. */
export function changedSince(last: readonly UsedInstructionView[] | undefined, source: InstructionSourceView): boolean {
  return last !== undefined && source.omittedReason === undefined && versionIn(last, source) !== source.version;
}

/** Returns the instructions of the last response before the message at this index; undefined if there is none. */
export function previousInstructions(
  index: number,
  messageAt: (index: number) => MessageView | undefined,
): readonly UsedInstructionView[] | undefined {
  for (let at = index - 1; at >= Math.max(0, index - farthest); at--) {
    const message = messageAt(at);
    if (message === undefined) return undefined;
    if (message.role === 'assistant' && message.instructions !== undefined) return message.instructions;
  }
  return undefined;
}

function versionIn(
  sources: readonly UsedInstructionView[],
  { kind, source }: Pick<UsedInstructionView, 'kind' | 'source'>,
): string | undefined {
  return sources.find((one) => one.kind === kind && one.source === source)?.version;
}

function list(sources: readonly UsedInstructionView[]): string {
  return formatList([...new Set(sources.map(({ title }) => title))]);
}
