import type { CodexStatus, CodexSummary } from '../../protocol/protocol.generated';

/** How a chat looks in the tree. */
export interface Row {
  label: string;
  /** "2 m  $0.04" */
  description: string;
  /** A codicon name: state is told by shape. */
  icon: string;
  tooltip: string;
  accessibilityLabel: string;
}

const icons = {
  idle: 'comment',
  running: 'loading~spin',
  interrupted: 'warning',
  failed: 'error',
  damaged: 'report',
} as const satisfies Record<CodexStatus, string>;

const statusWords = {
  idle: '',
  running: 'answering',
  interrupted: 'interrupted',
  failed: 'the last answer failed',
  damaged: 'partly unreadable',
} as const satisfies Record<CodexStatus, string>;

/** `now` in milliseconds since the epoch. */
export function rowOf(codex: CodexSummary, now: number): Row {
  const label = codex.title.trim() === '' ? 'New chat' : codex.title;
  const age = formatAge(now - Date.parse(codex.updatedAt));
  const cost = codex.cost === undefined ? '' : formatCost(codex.cost);
  const status = statusWords[codex.status];
  const messages = codex.messageCount === 1 ? '1 message' : `${codex.messageCount} messages`;
  const model = [codex.providerId, codex.model].filter((part) => part !== undefined && part !== '').join(' / ');
  return {
    label,
    description: [age, cost].filter((part) => part !== '').join('  '),
    icon: icons[codex.status],
    tooltip: [
      label,
      [messages, cost, status].filter((part) => part !== '').join(', '),
      model,
      `Changed ${new Date(codex.updatedAt).toLocaleString()}`,
    ]
      .filter((line) => line !== '')
      .join('\n'),
    accessibilityLabel: [label, status, `changed ${age} ago`, cost].filter((part) => part !== '').join(', '),
  };
}

/** One number and one letter; a clock that runs behind ours is "now". */
export function formatAge(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (!(minutes >= 1)) return 'now';
  if (minutes < 60) return `${minutes} m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h`;
  const days = Math.floor(hours / 24);
  if (days < 7) return `${days} d`;
  if (days < 365) return `${Math.floor(days / 7)} w`;
  return `${Math.floor(days / 365)} y`;
}

/** USD. What is too small for cents is still not nothing. */
export function formatCost(cost: number): string {
  if (cost === 0) return '$0.00';
  if (cost < 0.01) return '<$0.01';
  return `$${cost.toFixed(2)}`;
}

/** Newest first; equal times stay in the order of their addresses, so that rows do not jump. */
export function byUpdated(a: CodexSummary, b: CodexSummary): number {
  return Date.parse(b.updatedAt) - Date.parse(a.updatedAt) || a.uri.localeCompare(b.uri);
}
