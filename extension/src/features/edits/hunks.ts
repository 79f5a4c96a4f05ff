// Where the changes under review stand in a file, and which of them is meant.
import * as l10n from '../../infrastructure/localizedText';
import * as v from 'valibot';
import type { EditTurnView, FileEditView, HunkView } from '../../protocol/protocol.generated';
import { formatFileCount } from '../../common/counts';

/** What a command may be given: a chat or task, one of its files, one place in it. */
const target = v.object({
  codexId: v.string(),
  path: v.optional(v.string()),
  hunkId: v.optional(v.string()),
  turnId: v.optional(v.string()),
  all: v.optional(v.boolean()),
});

export type Target = v.InferOutput<typeof target>;

/** The scheme of an editor that shows the changes of several files. */
export const reviewScheme = 'plue-review';

/** The query names the chat or task; it is empty where the changes of all are shown. */
const review = v.object({ scheme: v.literal(reviewScheme), query: v.string() });

/** Menus hand over an address, and the palette nothing. */
export function readTarget(given: unknown): Target | undefined {
  const parsed = v.safeParse(target, given);
  if (parsed.success) return parsed.output;
  return v.is(review, given) && given.query !== '' ? { codexId: given.query } : undefined;
}

export function isReviewOfAll(given: unknown): boolean {
  return v.is(review, given) && given.query === '';
}

/** The lines of the file it covers, from 0, the last one included; what was removed covers the line it stood before. */
export function linesOf({ newStart, newLines }: HunkView, lineCount: number): { first: number; last: number } {
  const most = Math.max(0, lineCount - 1);
  const first = Math.min(newStart - 1, most);
  return { first, last: Math.min(most, Math.max(first, newStart + newLines - 2)) };
}

/** The one at the line, else the next below it, else the last above it. */
export function hunkAt(hunks: readonly HunkView[], line: number, lineCount: number): HunkView | undefined {
  return hunks.find((hunk) => line <= linesOf(hunk, lineCount).last) ?? hunks.at(-1);
}

/** The next from a line on, round the end of the file. */
export function nextHunk(hunks: readonly HunkView[], line: number, lineCount: number, step: 1 | -1): HunkView | undefined {
  const start = (hunk: HunkView): number => linesOf(hunk, lineCount).first;
  if (step === 1) return hunks.find((hunk) => start(hunk) > line) ?? hunks[0];
  return hunks.findLast((hunk) => start(hunk) < line) ?? hunks.at(-1);
}

/** `3 changes in 2 files, 1 conflict`. */
export function inText(files: readonly FileEditView[]): string {
  const changes = files.reduce((sum, { hunks }) => sum + Math.max(1, hunks.length), 0);
  const conflicts = files.filter(({ conflict }) => conflict !== undefined).length;
  const counts = [
    changes === 1 ? l10n.t('1 change') : l10n.t('{0} changes', changes),
    formatFileCount(files.length),
    conflicts === 1 ? l10n.t('1 conflict') : l10n.t('{0} conflicts', conflicts),
  ] as const;
  return conflicts === 0 ? l10n.t('{0} in {1}', ...counts.slice(0, 2)) : l10n.t('{0} in {1}, {2}', ...counts);
}

/** What was not done, as one message; undefined when all was. */
export function refused(conflicts: readonly string[]): string | undefined {
  const shown = conflicts.slice(0, 3);
  if (shown.length === 0) return undefined;
  const more = conflicts.length - shown.length;
  return [...shown, ...(more > 0 ? [l10n.t('{0} more were not changed.', more)] : [])].join(' ');
}

/** The turns that can be undone, or redone, of the codex that is meant. */
export function turnsFor(turns: readonly EditTurnView[], isUndo: boolean): EditTurnView[] {
  return turns.filter(({ isUndone }) => isUndone !== isUndo);
}
