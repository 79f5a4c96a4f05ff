// A server of the Model Context Protocol in words. Whatever a file or a server wrote is shown with its hidden characters visible.
import type { McpServerView } from '../../protocol/protocol.generated';
import { visibleText } from '../../webview/shared/visibleText';

const states = {
  notApproved: 'not approved',
  stopped: 'starts when it is used',
  starting: 'starting',
  running: 'running',
  failed: 'failed',
  signInNeeded: 'sign-in needed',
} as const satisfies Record<McpServerView['state'], string>;

/** "running, 12 tools, about 900 tokens" */
export function stateOf({ state, changes, tools, tokens }: McpServerView): string {
  const words: string[] = [state === 'notApproved' && changes !== undefined ? 'changed, not approved' : states[state]];
  if (tokens !== undefined) words.push(`${tools.length} tool${tools.length === 1 ? '' : 's'}`, `about ${tokens} tokens`);
  return words.join(', ');
}

/** Everything that is approved with the server, line by line. */
export function detailsOf(server: McpServerView): string {
  const isProgram = server.folder !== undefined;
  const lines: string[] = [];
  if (server.changes !== undefined)
    lines.push('What has changed since it was approved:', ...server.changes.map((change) => `  ${change}`), '');
  if (isProgram) {
    lines.push(
      `Program: ${server.program ?? '(not found)'}`,
      ...server.arguments.map((argument, at) => `Argument ${at + 1}: ${argument}`),
      `Folder: ${server.folder}`,
    );
  } else lines.push(`Address: ${server.command}`);
  if (server.environment.length > 0)
    lines.push(`${isProgram ? 'Variables' : 'Headers'} that it is given: ${server.environment.join(', ')}`);
  lines.push(`Declared in: ${server.source}`, `Fingerprint: ${server.fingerprint}`);
  if (server.secretOrigin !== undefined && server.environment.length > 0)
    lines.push(`A key of the vault has to be allowed for: ${server.secretOrigin}`);
  return lines.map((line) => visibleText(line)).join('\n');
}

/** As {@link detailsOf}, with its tools. */
export function reportOf(server: McpServerView): string {
  const lines = [`Server ${server.name}: ${stateOf(server)}`, ...(server.error === undefined ? [] : [server.error]), '', detailsOf(server)];
  if (server.tools.length > 0)
    lines.push('', 'Tools:', ...server.tools.map((tool) => `  ${tool.name} (about ${tool.tokens} tokens): ${tool.description}`));
  if (server.notes.length > 0) lines.push('', ...server.notes);
  return lines.map((line) => visibleText(line)).join('\n');
}
