// Roving tab index of a list: arrow keys move between rows, Home and End go to the ends.

/** @param rows Visible rows, in order. */
export function moveByArrows(event: KeyboardEvent, rows: readonly HTMLElement[]): boolean {
  const at = rows.findIndex((row) => row === event.target);
  if (at < 0 || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return false;
  const moves: Record<string, number> = {
    ArrowDown: Math.min(rows.length - 1, at + 1),
    ArrowUp: Math.max(0, at - 1),
    Home: 0,
    End: rows.length - 1,
  };
  const to = moves[event.key];
  const next = to === undefined ? undefined : rows[to];
  if (next === undefined) return false;
  event.preventDefault();
  for (const row of rows) row.tabIndex = row === next ? 0 : -1;
  next.focus();
  return true;
}
