// Groups chats and tasks under headings and keeps the groups sorted while items change.
import { isTask } from '../../common/isTask';
import type { CodexSummary } from '../../protocol/protocol.generated';
import { byPlace, timeOf } from './row';

export const groupNames = ['Pinned', 'Today', 'Yesterday', 'Last 7 Days', 'Older', 'Agent Tasks', 'Archived'] as const;

export type GroupName = (typeof groupNames)[number];

/** Starts of days in local time, in milliseconds since the epoch. */
export interface Days {
  today: number;
  yesterday: number;
  /** Start of the last seven days, including today. */
  week: number;
}

/** `now` is in milliseconds since the epoch. Days can have 23 to 25 hours. */
export function daysAt(now: number): Days {
  const day = (back: number): number => {
    const date = new Date(now);
    return new Date(date.getFullYear(), date.getMonth(), date.getDate() - back).getTime();
  };
  return { today: day(0), yesterday: day(1), week: day(6) };
}

/** A time in the future, from another machine's clock, counts as today; an invalid time counts as old. */
export function groupOf(codex: CodexSummary, days: Days): GroupName {
  if (codex.archived) return 'Archived';
  if (isTask(codex)) return 'Agent Tasks';
  if (codex.pinned) return 'Pinned';
  const time = timeOf(codex);
  if (time >= days.today) return 'Today';
  if (time >= days.yesterday) return 'Yesterday';
  return time >= days.week ? 'Last 7 Days' : 'Older';
}

/** An empty filter shows everything. */
export interface ChatFilter {
  tag?: string;
  only?: 'unread' | 'running';
}

export function passes(codex: CodexSummary, { tag, only }: ChatFilter): boolean {
  if (tag !== undefined && !codex.tags.includes(tag)) return false;
  if (only === 'unread') return codex.unread;
  return only !== 'running' || codex.status === 'running';
}

export class ChatGroups {
  private readonly chats = new Map<string, CodexSummary>();
  private readonly groups = new Map<GroupName, CodexSummary[]>();
  private days: Days;
  private wanted: ChatFilter = {};
  /** Subtasks by parent task, in order; built on first use. */
  private families: Map<string, CodexSummary[]> | undefined;
  private unreadChats = 0;

  constructor(now: number) {
    this.days = daysAt(now);
  }

  get size(): number {
    return this.chats.size;
  }

  /** Number of unread chats that are not archived, regardless of the filter. */
  get unread(): number {
    return this.unreadChats;
  }

  get filter(): ChatFilter {
    return this.wanted;
  }

  /** Number of items that pass the filter. */
  get shown(): number {
    return [...this.groups.values()].reduce((sum, { length }) => sum + length, 0);
  }

  chat(uri: string): CodexSummary | undefined {
    return this.chats.get(uri);
  }

  /** Returns all items, in no order. */
  all(): Iterable<CodexSummary> {
    return this.chats.values();
  }

  /** Returns the items of a group, sorted; empty if it has none. */
  of(group: GroupName): readonly CodexSummary[] {
    return this.groups.get(group) ?? [];
  }

  /** Returns the top-level rows of a group. A task with a parent is below its parent. */
  tops(group: GroupName): readonly CodexSummary[] {
    const rows = this.of(group);
    return group === 'Agent Tasks' ? rows.filter((task) => this.parentOf(task) === undefined) : rows;
  }

  /** Returns the subtasks of a task, oldest first. */
  childrenOf(uri: string): readonly CodexSummary[] {
    if (this.families === undefined) {
      this.families = new Map();
      for (const task of this.of('Agent Tasks')) {
        const parent = this.parentOf(task);
        if (parent === undefined) continue;
        const children = this.families.get(parent.uri);
        if (children === undefined) this.families.set(parent.uri, [task]);
        else children.push(task);
      }
      // Not sorted by last change, because rows would move often.
      for (const children of this.families.values()) children.sort(byBeginning);
    }
    return this.families.get(uri) ?? [];
  }

  /** Returns the parent of a task. A parent that is newer than its child is ignored. */
  parentOf({ spawnedBy, createdAt }: CodexSummary): CodexSummary | undefined {
    const parent = spawnedBy === undefined ? undefined : this.chats.get(spawnedBy);
    if (parent === undefined || !isTask(parent) || Date.parse(parent.createdAt) >= Date.parse(createdAt)) return undefined;
    return !parent.archived && passes(parent, this.wanted) ? parent : undefined;
  }

  groupOf(codex: CodexSummary): GroupName {
    return groupOf(codex, this.days);
  }

  /** Returns all tags with their number of chats, most frequent first. */
  tags(): [tag: string, count: number][] {
    const counts = new Map<string, number>();
    for (const { tags } of this.chats.values()) for (const tag of tags) counts.set(tag, (counts.get(tag) ?? 0) + 1);
    return [...counts].sort(([a, m], [b, n]) => n - m || a.localeCompare(b));
  }

  replace(chats: Iterable<CodexSummary>): void {
    this.chats.clear();
    for (const codex of chats) this.chats.set(codex.uri, codex);
    this.rebuild();
  }

  narrow(filter: ChatFilter): void {
    this.wanted = filter;
    this.rebuild();
  }

  /** Returns true if a new day started and chats moved to other groups. */
  passTime(now: number): boolean {
    const days = daysAt(now);
    if (days.today === this.days.today) return false;
    this.days = days;
    this.rebuild();
    return true;
  }

  /** Returns the groups with added, removed, or moved rows; empty if the chat did not move. */
  put(codex: CodexSummary): GroupName[] {
    const before = this.chats.get(codex.uri);
    const group = this.groupOf(codex);
    this.chats.set(codex.uri, codex);
    this.families = undefined;
    this.unreadChats += countsUnread(codex) - countsUnread(before);
    const isShown = passes(codex, this.wanted);
    if (before !== undefined && isShown && passes(before, this.wanted) && this.groupOf(before) === group) {
      const rows = this.of(group);
      const at = rowIndexOf(rows, before);
      const [above, below] = [rows[at - 1], rows[at + 1]];
      if ((above === undefined || byPlace(above, codex) < 0) && (below === undefined || byPlace(codex, below) < 0)) {
        this.groups.get(group)?.splice(at, 1, codex);
        return [];
      }
    }
    const left = before === undefined ? undefined : this.removeRow(before);
    const joined = isShown ? this.putIn(codex, group) : undefined;
    return [...new Set([left, joined])].filter((one) => one !== undefined);
  }

  /** Returns the group that the chat was in; undefined if it was not shown. */
  remove(uri: string): GroupName | undefined {
    const before = this.chats.get(uri);
    if (before === undefined) return undefined;
    this.chats.delete(uri);
    this.families = undefined;
    this.unreadChats -= countsUnread(before);
    return this.removeRow(before);
  }

  private rebuild(): void {
    this.groups.clear();
    this.families = undefined;
    this.unreadChats = 0;
    for (const codex of this.chats.values()) {
      this.unreadChats += countsUnread(codex);
      if (!passes(codex, this.wanted)) continue;
      const group = this.groupOf(codex);
      const rows = this.groups.get(group);
      if (rows === undefined) this.groups.set(group, [codex]);
      else rows.push(codex);
    }
    for (const rows of this.groups.values()) rows.sort(byPlace);
  }

  private putIn(codex: CodexSummary, group: GroupName): GroupName {
    const rows = this.groups.get(group) ?? [];
    rows.splice(rowIndexOf(rows, codex), 0, codex);
    this.groups.set(group, rows);
    return group;
  }

  private removeRow(codex: CodexSummary): GroupName | undefined {
    if (!passes(codex, this.wanted)) return undefined;
    const group = this.groupOf(codex);
    this.groups.get(group)?.splice(rowIndexOf(this.of(group), codex), 1);
    return group;
  }
}

/** Results of subtasks are read by their parent task, not by the user. */
function countsUnread(codex: CodexSummary | undefined): number {
  return codex?.unread === true && !codex.archived && codex.spawnedBy?.startsWith('codex://tasks/') !== true ? 1 : 0;
}

/** Returns the index of a chat, or where to insert it. */
function rowIndexOf(rows: readonly CodexSummary[], codex: CodexSummary): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const row = rows[middle];
    if (row !== undefined && byPlace(row, codex) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function byBeginning(a: CodexSummary, b: CodexSummary): number {
  return Date.parse(a.createdAt) - Date.parse(b.createdAt) || (a.uri < b.uri ? -1 : 1);
}
