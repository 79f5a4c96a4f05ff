// Quick pick for tags of chats, with existing and new tags.
import * as l10n from '../../infrastructure/localizedText';
import { UserCancelledError } from '../../infrastructure/errors';
import { createQuickPick, literalItem, type LiteralItem, type QuickPickItem } from '../../infrastructure/window';
import type { CodexSummary } from '../../protocol/protocol.generated';

/** The same limit as in the sidecar. */
const maxTagLength = 64;

export interface TagChoice {
  /** Tags that all of the chats have. */
  before: readonly string[];
  after: readonly string[];
}

/** Keeps tags that only some of the chats have, unless they are selected for all. */
export function retagged(tags: readonly string[], before: readonly string[], after: readonly string[]): string[] {
  const kept = tags.filter((tag) => after.includes(tag) || !before.includes(tag));
  return [...kept, ...after.filter((tag) => !tags.includes(tag))];
}

/** Returns the typed text as a tag; undefined if it is invalid. */
export function tagOf(typed: string): string | undefined {
  const tag = typed.trim().replace(/^#/, '').trim();
  return tag === '' || tag.length > maxTagLength ? undefined : tag;
}

interface TagRow extends QuickPickItem {
  tag: string;
  isNew: boolean;
}

function newRow(tag: string): LiteralItem<TagRow> {
  return literalItem({ tag, isNew: true, label: tag, description: l10n.t('new') });
}

export async function pickTags(
  chats: readonly Pick<CodexSummary, 'tags'>[],
  known: readonly [tag: string, count: number][],
): Promise<TagChoice> {
  const before = (chats[0]?.tags ?? []).filter((tag) => chats.every(({ tags }) => tags.includes(tag)));
  const some = (tag: string): number => chats.filter(({ tags }) => tags.includes(tag)).length;
  const rows = known.map(([tag]) => {
    const having = some(tag);
    return literalItem<TagRow>({
      tag,
      isNew: false,
      label: tag,
      description: having > 0 && having < chats.length ? l10n.t('on {0} of {1}', having, chats.length) : '',
    });
  });
  const pick = createQuickPick<TagRow>(
    chats.length === 1 ? l10n.t('Chat Tags') : l10n.t('Tags of {0} Chats', chats.length),
    rows.length === 0 ? l10n.t('Type a new tag') : l10n.t('Select tags, or type a new one'),
  );
  pick.canSelectMany = true;
  pick.items = rows;
  pick.selectedItems = rows.filter(({ tag }) => before.includes(tag));
  pick.onDidChangeValue((typed) => {
    const wanted = tagOf(typed);
    const chosen = new Set(pick.selectedItems.map(({ tag }) => tag));
    const made = pick.items.filter(({ tag, isNew }) => isNew && chosen.has(tag));
    const added = wanted === undefined || [...rows, ...made].some(({ tag }) => tag === wanted) ? [] : [newRow(wanted)];
    pick.items = [...added, ...made, ...rows];
    pick.selectedItems = pick.items.filter(({ tag }) => chosen.has(tag));
  });
  pick.show();
  try {
    return await new Promise((resolve, reject) => {
      pick.onDidAccept(() => {
        const typed = pick.items.find(({ tag, isNew }) => isNew && tag === tagOf(pick.value));
        const after = new Set(pick.selectedItems.map(({ tag }) => tag));
        // Enter also selects a tag that was typed.
        if (typed !== undefined) after.add(typed.tag);
        resolve({ before, after: [...after] });
      });
      pick.onDidHide(() => reject(new UserCancelledError()));
    });
  } finally {
    pick.dispose();
  }
}
