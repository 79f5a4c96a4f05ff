// Texts for MCP servers. Hidden characters in text from files and servers are made visible.
import * as l10n from '../../infrastructure/localizedText';
import { formatInteger } from '../../common/format';
import type { McpServerView } from '../../protocol/protocol.generated';
import { visibleText } from '../../common/visibleText';

const states = {
  notApproved: l10n.t('not approved'),
  stopped: l10n.t('starts on first use'),
  starting: l10n.t('starting'),
  running: l10n.t('running'),
  failed: l10n.t('failed'),
  signInNeeded: l10n.t('sign-in needed'),
} as const satisfies Record<McpServerView['state'], string>;

/** Returns "running, 12 tools, about 900 tokens". */
export function stateOf({ state, changes, tools, tokens }: McpServerView): string {
  const words: string[] = [state === 'notApproved' && changes !== undefined ? l10n.t('changed, not approved') : states[state]];
  if (tokens !== undefined)
    words.push(
      tools.length === 1 ? l10n.t('1 tool') : l10n.t('{0} tools', tools.length),
      l10n.t('about {0} tokens', formatInteger(tokens)),
    );
  return words.join(', ');
}

/** Returns everything that is approved with the server, line by line. */
export function detailsOf(server: McpServerView): string {
  const { folder } = server;
  const lines: string[] = [];
  if (server.changes !== undefined)
    lines.push(
      l10n.t('Changes since approval:'),
      ...server.changes.flatMap((change) => change.trimEnd().split('\n')).map((line) => `  ${line}`),
      '',
    );
  if (folder !== undefined) {
    lines.push(
      l10n.t('Program: {0}', server.program ?? l10n.t('(not found)')),
      ...server.arguments.map((argument, at) => l10n.t('Argument {0}: {1}', at + 1, argument)),
      l10n.t('Folder: {0}', folder),
    );
  } else lines.push(l10n.t('Address: {0}', server.command));
  if (server.environment.length > 0)
    lines.push(
      folder === undefined
        ? l10n.t('Headers sent: {0}', server.environment.join(', '))
        : l10n.t('Environment variables: {0}', server.environment.join(', ')),
    );
  lines.push(l10n.t('Declared in: {0}', server.source), l10n.t('Fingerprint: {0}', server.fingerprint));
  if (server.secretOrigin !== undefined && server.environment.length > 0)
    lines.push(l10n.t('Keys of the vault to allow: {0}', server.secretOrigin));
  return lines.map(oneLine).join('\n');
}

/** Prevents text of a server from looking like a line of Plue. */
function oneLine(text: string): string {
  return visibleText(text).replace(/[\r\n]/g, (character) => (character === '\n' ? '⟨U+000A⟩' : '⟨U+000D⟩'));
}

/** Returns {@link detailsOf} and the tools of the server. */
export function reportOf(server: McpServerView): string {
  const lines = [
    l10n.t('Server {0}: {1}', server.name, stateOf(server)),
    ...(server.error === undefined ? [] : [server.error]),
    '',
    detailsOf(server),
  ];
  if (server.tools.length > 0)
    lines.push(
      '',
      l10n.t('Tools:'),
      ...server.tools.map((tool) => `  ${l10n.t('{0} (about {1} tokens): {2}', tool.name, formatInteger(tool.tokens), tool.description)}`),
    );
  if (server.notes.length > 0) lines.push('', ...server.notes);
  return lines.map((line) => visibleText(line)).join('\n');
}
