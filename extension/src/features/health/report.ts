// Formats the health report as text, for display and sharing.
import * as l10n from '../../infrastructure/localizedText';
import type { LocalizedText } from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import type { HealthFixView, HealthRowView, HealthState } from '../../protocol/protocol.generated';

export interface HealthFix {
  title: LocalizedText;
  command: string;
  arguments: unknown[];
}

export interface HealthRow {
  name: string;
  state: HealthState;
  message: string;
  advice?: string;
  fixes: HealthFix[];
}

export interface HealthReport {
  isHealthy: boolean;
  /** Undefined if the sidecar did not respond. */
  version: string | undefined;
  rows: HealthRow[];
}

/** The line of the report on which a row starts. */
export interface ReportRow {
  line: number;
  row: HealthRow;
}

/** ASCII only, because editors highlight other characters in untrusted folders. */
const signs = { ok: '+', warning: '!', missing: '-', failed: 'x' } as const satisfies Record<HealthState, string>;

const width = 80;
const indent = '    ';

export function rowOf({ name, state, message, advice, fix }: HealthRowView): HealthRow {
  return { name, state, message, ...(advice === undefined ? {} : { advice }), fixes: fix === undefined ? [] : [fixOf(fix)] };
}

export function reportOf({ isHealthy, version, rows }: HealthReport): { text: string; placed: ReportRow[] } {
  const lines = [isHealthy ? summaryOf(rows) : l10n.t('Plue is missing a required component.'), ''];
  const placed: ReportRow[] = [];
  for (const row of rows) {
    placed.push({ line: lines.length, row });
    lines.push(`${signs[row.state]} ${row.name} (${stateWord(row.state)})`);
    for (const text of [row.message, row.advice]) if (text !== undefined) lines.push(...wrapped(text));
    lines.push('');
  }
  if (version !== undefined) lines.push(l10n.t('Plue {0}. This report contains no keys.', version), '');
  return { text: lines.join('\n'), placed };
}

function summaryOf(rows: readonly HealthRow[]): string {
  const amount = (state: HealthState): number => rows.filter((row) => row.state === state).length;
  const [warnings, failed] = [amount('warning'), amount('failed')];
  const problems = [
    ...(warnings === 0 ? [] : [warnings === 1 ? l10n.t('1 warning') : l10n.t('{0} warnings', warnings)]),
    ...(failed === 0 ? [] : [failed === 1 ? l10n.t('1 failed check') : l10n.t('{0} failed checks', failed)]),
  ];
  const [first, second] = problems;
  if (first === undefined)
    return amount('missing') === 0 ? l10n.t('No problems found.') : l10n.t('No problems found. An optional component is missing.');
  return second === undefined ? l10n.t('Plue is working, with {0}.', first) : l10n.t('Plue is working, with {0} and {1}.', first, second);
}

/** Wraps lines to a width that suits editors and issues; longer words are not split. */
export function wrapped(text: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(indent + line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, indent + line];
}

/** Replaces the home folder with ~, because reports are shared. The sidecar has the same rule. */
export function withTilde(text: string, userFolder: string): string {
  const folder = userFolder.replace(/[/\\]+$/, '');
  if (folder.length < 2) return text;
  const written = folder.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  // Matches whole path segments only. A period at the end of a sentence is not part of the path.
  return text.replace(new RegExp(`(?<![\\p{L}\\p{Nd}_.-])${written}(?![\\p{L}\\p{Nd}_-]|\\.\\S)`, 'gu'), '~');
}

function stateWord(state: HealthState): string {
  switch (state) {
    case 'ok':
      return l10n.t('ok');
    case 'warning':
      return l10n.t('warning');
    case 'missing':
      return l10n.t('missing');
    case 'failed':
      return l10n.t('failed');
  }
}

/** The sidecar suggests the fix; the extension chooses the command. */
function fixOf({ action, target }: HealthFixView): HealthFix {
  const given = target === undefined ? [] : [target];
  switch (action) {
    case 'connectProvider':
      return { title: l10n.t('Connect a Provider'), command: 'plue.manageProviders', arguments: [] };
    case 'setKey':
      return { title: l10n.t('Set Key…'), command: 'plue.manageProviders', arguments: given };
    case 'testProvider':
      return { title: l10n.t('Test'), command: 'plue.testProvider', arguments: given };
    case 'showProvider':
      return { title: l10n.t('Show Provider'), command: 'plue.manageProviders', arguments: given };
    case 'unlockVault':
      return { title: l10n.t('Unlock Vault'), command: 'plue.unlockVault', arguments: [] };
    case 'checkClaudeCode':
      return { title: l10n.t('Check Sign-in'), command: 'plue.checkClaudeCodeAuth', arguments: [] };
    case 'openFile':
      return { title: l10n.t('Open File'), command: 'vscode.open', arguments: given.map((path) => vscode.Uri.file(path)) };
    case 'manageServers':
      return { title: l10n.t('Manage Server…'), command: 'plue.servers', arguments: given };
    case 'trustFolder':
      return { title: l10n.t('Manage Workspace Trust'), command: 'workbench.trust.manage', arguments: [] };
    case 'openSettings':
      return { title: l10n.t('Open Settings'), command: 'plue.openSettings', arguments: [] };
    case 'showRules':
      return { title: l10n.t('Show Rules'), command: 'plue.manageRules', arguments: [] };
  }
}
