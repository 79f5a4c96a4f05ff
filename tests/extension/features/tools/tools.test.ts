import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Disposable } from 'vscode';
import { activateTools, withGroups } from '../../../../extension/src/features/tools';
import { rowsOf } from '../../../../extension/src/features/tools/toolRows';
import { reportOf } from '../../../../extension/src/features/tools/toolReports';
import { FailureError } from '../../../../extension/src/infrastructure/errors';
import {
  mcpList,
  mcpStart,
  settingsGet,
  settingsSet,
  vsCodeToolList,
  vsCodeToolSelect,
  type McpServerView,
  type VsCodeToolView,
} from '../../../../extension/src/protocol/protocol.generated';
import { fakeLog } from '../../testing/fakeLog';
import { FakeSidecar } from '../../testing/fakeSidecar';
import { answers, lists, registered, reset, shown } from '../../testing/vscode';

const tool = (name: string, state: VsCodeToolView['state'], source = 'VS Code'): VsCodeToolView => ({
  name,
  fullName: `vscode/${name}`,
  title: `The ${name}`,
  source,
  description: `Does ${name}.`,
  state,
  fingerprint: `print-${name}`,
  tokens: 12,
  definition: `Description:\n  Does ${name}.\n`,
});

const server = (name: string, state: McpServerView['state'], ...tools: string[]): McpServerView => ({
  name,
  source: '/home/user/.plue/mcp.json5',
  state,
  command: 'node',
  arguments: [],
  environment: [],
  fingerprint: 'abc',
  tools: tools.map((tool) => ({ name: `${name}/${tool}`, description: `Does ${tool}.`, tokens: 1000 })),
  ...(tools.length === 0 ? {} : { tokens: 1000 * tools.length }),
  notes: [],
});

describe('The list of tools', () => {
  let sidecar: FakeSidecar;
  let activated: Disposable;
  let tools: VsCodeToolView[];
  let servers: McpServerView[];
  let selected: unknown;

  beforeEach(() => {
    reset();
    tools = [tool('beep', 'enabled'), tool('weather', 'disabled', 'Acme'), tool('lint', 'changed', 'Acme')];
    servers = [];
    selected = undefined;
    sidecar = new FakeSidecar()
      .answer(mcpList, () => ({ servers, problems: [] }))
      .answer(mcpStart, ({ name }) => {
        servers = servers.map((one) => (one.name === name ? server(name, 'running', 'late') : one));
        return { servers, problems: [] };
      })
      .answer(settingsGet, () => ({ path: '', groups: [], policy: [], values: selected === undefined ? {} : { chat_mcp_tools: selected } }))
      .answer(settingsSet, ({ value }) => {
        selected = value;
        return { path: '', groups: [], policy: [], values: {} };
      })
      .answer(vsCodeToolList, () => ({ tools, notes: [] }))
      .answer(vsCodeToolSelect, ({ tools: chosen }) => ({
        tools: tools.map((one) => tool(one.name, chosen.some(({ name }) => name === one.name) ? 'enabled' : 'disabled')),
        notes: [],
      }));
    activated = activateTools(sidecar, fakeLog().log);
  });

  afterEach(() => activated.dispose());

  it('Groups tools by their extension, with changed ones first', () => {
    expect(rowsOf([], tools).map(({ label, description, icon }) => [label, description, icon])).toEqual([
      ['changed', undefined, undefined],
      ['The lint', 'vscode/lint from Acme, off because it changed', 'warning'],
      ['Acme', undefined, undefined],
      ['The weather', 'vscode/weather from Acme, about 12 tokens', undefined],
      ['VS Code', undefined, undefined],
      ['The beep', 'vscode/beep from VS Code, about 12 tokens', undefined],
    ]);
  });

  it('Enables the checked tools as they were shown, and no changed tool by itself', async () => {
    answers.push('The weather');
    await registered.get('plue.selectTools')?.();
    expect(sidecar.asked.at(-1)).toEqual({
      method: vsCodeToolSelect.method,
      params: {
        tools: [
          { name: 'beep', fingerprint: 'print-beep' },
          { name: 'weather', fingerprint: 'print-weather' },
        ],
      },
    });
    expect(shown.at(-1)?.text).toBe('Chats have 2 of these tools, about 24 tokens in each request. Each call needs your approval.');
  });

  it('Changes nothing when the list is closed', async () => {
    await registered.get('plue.selectTools')?.();
    expect(sidecar.methods()).not.toContain(vsCodeToolSelect.method);
    expect(sidecar.methods()).not.toContain(settingsSet.method);
  });

  it('Shows that there are no tools', async () => {
    tools = [];
    await registered.get('plue.selectTools')?.();
    expect(shown.at(-1)?.text).toBe('There are no MCP servers, and VS Code and its extensions offer no tools in this window.');
  });

  it('Lists the tools of servers before those of VS Code, with their tokens and the sum', () => {
    servers = [server('files', 'stopped', 'read', 'write')];
    expect(rowsOf(servers, []).map(({ label, description, name }) => [label, description, name])).toEqual([
      ['MCP server files', undefined, undefined],
      ['files: all tools', '2 tools, about 2,000 tokens', 'files/*'],
      ['read', 'files/read, about 1,000 tokens', 'files/read'],
      ['write', 'files/write, about 1,000 tokens', 'files/write'],
    ]);
  });

  it('Stores the checked tools of servers and keeps those of servers that are not in the list', async () => {
    servers = [server('files', 'running', 'read', 'write')];
    selected = ['elsewhere/*', 'files/read'];
    answers.push('write');
    await registered.get('plue.selectTools')?.();
    expect(selected).toEqual(['elsewhere/*', 'files/read', 'files/write']);
    expect(shown.at(-1)?.text).toBe('Chats have 3 of these tools, about 2,012 tokens in each request. Each call needs your approval.');
  });

  it('Stores a whole server as one entry', async () => {
    servers = [server('files', 'running', 'read', 'write')];
    selected = ['files/*'];
    answers.push('The beep');
    await registered.get('plue.selectTools')?.();
    expect(selected).toEqual(['files/*']);
  });

  it('Starts an approved server whose tools are not known', async () => {
    servers = [server('files', 'stopped'), server('other', 'notApproved')];
    await registered.get('plue.selectTools')?.();
    expect(sidecar.asked.filter(({ method }) => method === mcpStart.method).map(({ params }) => params)).toEqual([{ name: 'files' }]);
    expect(lists.at(-1)).toContainEqual(expect.objectContaining({ label: 'late' }));
  });

  it('Shows that a selected server waits for approval', async () => {
    servers = [server('files', 'notApproved')];
    answers.push('files: all tools');
    await registered.get('plue.selectTools')?.();
    expect(selected).toEqual(['files/*']);
    expect(shown.at(-1)?.text).toBe('Chats get the tools of files after you approve the server.');
  });

  it('Lists servers also where VS Code’s tools are not available', async () => {
    servers = [server('files', 'running', 'read')];
    sidecar.answer(vsCodeToolList, () => {
      throw new FailureError('badRequest', 'This folder is not trusted.');
    });
    answers.push('read');
    await registered.get('plue.selectTools')?.();
    expect(selected).toEqual(['files/read']);
    expect(sidecar.methods()).not.toContain(vsCodeToolSelect.method);
  });

  it('Checks and clears the tools of a server with its row', () => {
    const [whole, one, two, other] = [
      { name: 'files/*', server: 'files' },
      { name: 'files/read', server: 'files' },
      { name: 'files/write', server: 'files' },
      { name: 'web/get', server: 'web' },
    ];
    const rows = [whole, one, two, other];
    expect(withGroups(rows, new Set(), [whole])).toEqual([whole, one, two]);
    expect(withGroups(rows, new Set([whole, one, two, other]), [one, two, other])).toEqual([other]);
    expect(withGroups(rows, new Set([whole, one, two]), [whole, two])).toEqual([two]);
    expect(withGroups(rows, new Set(), [one, two, other])).toEqual([one, two, other]);
  });

  it('Shows all that is enabled with a tool, and the change first, with hidden characters visible', () => {
    const changed = { ...tool('lint', 'changed', 'Ac\u202Eme'), changes: 'Changed tool lint:\n-old\n+new' };
    expect(reportOf(changed).split('\n')).toEqual([
      'VS Code tool vscode/lint',
      'From: Ac⟨U+202E⟩me',
      'About 12 tokens in each request',
      '',
      'Changes since you enabled it:',
      '  Changed tool lint:',
      '  -old',
      '  +new',
      '',
      'Description:',
      '  Does lint.',
      '',
    ]);
  });
});
