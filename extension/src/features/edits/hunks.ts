// Locates changes under review in a file and selects the change for a command.
import * as l10n from '../../infrastructure/localizedText';
import * as v from 'valibot';
import type { EditTurnView, FileEditView, HunkView } from '../../protocol/protocol.generated';
import { formatFileCount } from '../../common/counts';

/** Argument of a command: a chat or task, one of its files, or one change. */
const target = v.object({
  codexId: v.string(),
  path: v.optional(v.string()),
  /** The worktree that contains the file. */
  folder: v.optional(v.string()),
  hunkId: v.optional(v.string()),
  turnId: v.optional(v.string()),
  all: v.optional(v.boolean()),
});

export type Target = v.InferOutput<typeof target>;

/** Scheme of the editor with changes of several files. */
export const reviewScheme = 'plue-review';

/** The query is the ID of a chat or task; empty if all changes are shown. */
const review = v.object({ scheme: v.literal(reviewScheme), query: v.string() });

/** Parses the argument of a command. Menus pass a URI, and the Command Palette nothing. */
export function readTarget(given: unknown): Target | undefined {
  const parsed = v.safeParse(target, given);
  if (parsed.success) return parsed.output;
  return v.is(review, given) && given.query !== '' ? { codexId: given.query } : undefined;
}

export function isReviewOfAll(given: unknown): boolean {
  return v.is(review, given) && given.query === '';
}

/** Returns zero-based inclusive lines. A removal covers the line that followed it. */
export function linesOf({ newStart, newLines }: HunkView, lineCount: number): { first: number; last: number } {
  const most = Math.max(0, lineCount - 1);
  const first = Math.min(newStart - 1, most);
  return { first, last: Math.min(most, Math.max(first, newStart + newLines - 2)) };
}

/** Returns the change at the line, or else the next one below, or else the last one above. */
export function hunkAt(hunks: readonly HunkView[], line: number, lineCount: number): HunkView | undefined {
  return hunks.find((hunk) => line <= linesOf(hunk, lineCount).last) ?? hunks.at(-1);
}

/** Returns the next or previous change after a line; wraps at the end of the file. */
export function nextHunk(hunks: readonly HunkView[], line: number, lineCount: number, step: 1 | -1): HunkView | undefined {
  const start = (hunk: HunkView): number => linesOf(hunk, lineCount).first;
  if (step === 1) return hunks.find((hunk) => start(hunk) > line) ?? hunks[0];
  return hunks.findLast((hunk) => start(hunk) < line) ?? hunks.at(-1);
}

/** Returns "3 changes in 2 files, 1 conflict". */
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

/** Returns a message about conflicts; undefined if there are none. */
export function refused(conflicts: readonly string[]): string | undefined {
  const shown = conflicts.slice(0, 3);
  if (shown.length === 0) return undefined;
  const more = conflicts.length - shown.length;
  return [...shown, ...(more > 0 ? [l10n.t('{0} more were not changed.', more)] : [])].join(' ');
}

/** Returns the turns of the codex that can be undone or redone. */
export function turnsFor(turns: readonly EditTurnView[], isUndo: boolean): EditTurnView[] {
  return turns.filter(({ isUndone }) => isUndone !== isUndo);
}
