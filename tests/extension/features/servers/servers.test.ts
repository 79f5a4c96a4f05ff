import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Disposable } from 'vscode';
import { activateServers, actionsOf } from '../../../../extension/src/features/servers';
import { detailsOf, reportOf, stateOf } from '../../../../extension/src/features/servers/words';
import { FailureError } from '../../../../extension/src/infrastructure/errors';
import {
  mcpApprove,
  mcpImport,
  mcpImportable,
  mcpList,
  mcpRevoke,
  mcpSignIn,
  mcpStart,
  mcpStop,
  type McpImportFileView,
  type McpListResult,
  type McpServerView,
} from '../../../../extension/src/protocol/protocol.generated';
import { fakeLog } from '../../testing/fakeLog';
import { FakeSidecar } from '../../testing/fakeSidecar';
import { answers, contents, executed, lists, opened, registered, reset, shown, Uri } from '../../testing/vscode';

const program: McpServerView = {
  name: 'files',
  source: '/home/user/.plue/mcp.json5',
  state: 'notApproved',
  command: 'node server.js',
  arguments: ['server.js', 'two words', 'a\u202Eb'],
  program: '/usr/bin/node',
  folder: '/home/user',
  environment: ['TOKEN'],
  fingerprint: 'abc',
  tools: [],
  notes: [],
};

describe('The question about a server', () => {
  it('SEC_35 shows the program, each argument, the folder, the names and the fingerprint, with hidden characters visible', () => {
    expect(detailsOf(program).split('\n')).toEqual([
      'Program: /usr/bin/node',
      'Argument 1: server.js',
      'Argument 2: two words',
      'Argument 3: a⟨U+202E⟩b',
      'Folder: /home/user',
      'Environment variables: TOKEN',
      'Declared in: /home/user/.plue/mcp.json5',
      'Fingerprint: abc',
    ]);
  });

  it('SEC_35 shows an argument of several lines in one, so that it cannot look like another line', () => {
    const lines = detailsOf({ ...program, arguments: ['-c', 'a\nFingerprint: good\r'] }).split('\n');
    expect(lines).toContain('Argument 2: a⟨U+000A⟩Fingerprint: good⟨U+000D⟩');
    expect(lines).toHaveLength(7);
  });

  it('SEC_35 begins with what has changed', () => {
    expect(detailsOf({ ...program, changes: ['Changed: folder: was /a, is now /b'] })).toMatch(
      /^Changes since approval:\n {2}Changed: folder/,
    );
    expect(stateOf({ ...program, changes: [] })).toBe('changed, not approved');
  });

  it('SEC_35 shows every line of a changed tool, with hidden characters visible', () => {
    const changes = ['Changed tool echo:\n@@ -1 +1 @@\n-  Does it.\n+  Does\u200B it.\n', 'Removed tool silent.'];
    expect(
      detailsOf({ ...program, changes })
        .split('\n')
        .slice(0, 6),
    ).toEqual([
      'Changes since approval:',
      '  Changed tool echo:',
      '  @@ -1 +1 @@',
      '  -  Does it.',
      '  +  Does⟨U+200B⟩ it.',
      '  Removed tool silent.',
    ]);
  });

  it('SEC_36 shows descriptions of tools with hidden characters visible', () => {
    const tools = [{ name: 'files/read', description: 'Reads.\u200B', tokens: 40 }];
    expect(reportOf({ ...program, state: 'running', tools, tokens: 40 })).toContain('files/read (about 40 tokens): Reads.⟨U+200B⟩');
  });
});

describe('Information about keys for a server', () => {
  const secretOrigin = 'exec://abc.def';

  it('it is shown only if a value is passed to it', () => {
    expect(detailsOf({ ...program, secretOrigin })).toContain('Keys of the vault to allow: exec://abc.def');
    expect(detailsOf({ ...program, secretOrigin, environment: [] })).not.toContain('key');
  });
});

describe('Actions for a server', () => {
  it('SEC_03 is never starting one that is not approved', () => {
    expect(actionsOf(program)).toEqual(['approve', 'show', 'open']);
  });

  it('depends on its state', () => {
    expect(actionsOf({ ...program, state: 'running' })).toEqual(['stop', 'restart', 'revoke', 'show', 'open']);
    expect(actionsOf({ ...program, state: 'signInNeeded', folder: undefined })).toEqual(['signIn', 'revoke', 'show', 'open']);
    expect(actionsOf({ ...program, state: 'failed', fingerprint: '' })).toEqual(['show', 'open']);
  });
});

describe('The list of servers', () => {
  let servers: McpServerView[];
  let listed: Partial<McpListResult>;
  let sidecar: FakeSidecar;
  let active: Disposable;

  beforeEach(() => {
    reset();
    servers = [program];
    listed = {};
    const all = (): McpListResult => ({ servers, problems: [], ...listed });
    sidecar = new FakeSidecar()
      .answer(mcpList, all)
      .answer(mcpStart, () => {
        servers = servers.map((server) => ({ ...server, state: 'running', tokens: 900, tools: [] }));
        return all();
      })
      .answer(mcpStop, all)
      .answer(mcpRevoke, all)
      .answer(mcpApprove, all);
    active = activateServers(sidecar, fakeLog().log);
  });
  afterEach(() => active.dispose());

  async function run(name?: string): Promise<unknown[]> {
    await registered.get('plue.servers')?.(name);
    return sidecar.asked.slice(1);
  }

  it('shows the state and the problem of each server, and files that could not be read', async () => {
    servers.push({ ...program, name: 'web', state: 'failed', error: 'It ended.\u200B' });
    listed = { problems: ['/work/.mcp.json: line 3'] };
    expect(await run()).toEqual([]);
    expect(shown[0]).toMatchObject({ text: 'MCP Servers', detail: 'Select a server' });
    expect(lists[0]).toMatchObject([
      { label: 'files', description: 'not approved', detail: 'node server.js' },
      { label: 'web', description: 'failed', detail: 'It ended.⟨U+200B⟩' },
      { label: '$(warning)', description: '/work/.mcp.json: line 3' },
    ]);
  });

  it('shows where to declare a server if there is none', async () => {
    servers = [];
    await run();
    expect(shown.map(({ text }) => text)).toEqual([
      'No MCP servers found. Add one to mcp.json5 in Plue’s data folder, or to .mcp.json in a trusted folder.',
    ]);
  });

  it('it is skipped for a named server', async () => {
    await run('files');
    expect(shown).toMatchObject([
      { text: 'files: not approved', buttons: ['Approve…', 'Show Details and Tools', 'Open Configuration File'] },
    ]);
  });

  it('SEC 35 approves exactly what is shown, by its fingerprint', async () => {
    answers.push('files', 'Approve…');
    expect(await run()).toEqual([]);
    expect(shown.at(-1)).toMatchObject({ text: 'Start the MCP server files?', detail: detailsOf(program) });
    answers.push('Approve…', 'Approve');
    sidecar.asked.length = 0;
    expect(await run('files')).toEqual([{ method: 'mcp/approve', params: { name: 'files', fingerprint: 'abc' } }]);
    expect(shown.at(-1)?.text).toBe('Approved files. The server starts on first use.');
  });

  it('SEC_35 shows all of a long question in an editor before it is asked', async () => {
    servers = [{ ...program, arguments: ['x'.repeat(2000)] }];
    answers.push('Approve…');
    await run('files');
    expect(shown.at(-1)?.detail).toBe('The editor behind this dialog shows all details.\n\nFingerprint: abc');
    expect(opened).toEqual(['/files']);
    expect(await contents.get('plue-server')?.provideTextDocumentContent(Uri.file('/files'))).toContain('x'.repeat(2000));
  });

  it('SEC_35 shows all of a question with many lines in an editor before it is asked', async () => {
    servers = [{ ...program, changes: [`Changed tool echo:\n${'+x\n'.repeat(30)}`] }];
    answers.push('Approve…');
    await run('files');
    expect(opened).toEqual(['/files']);
    expect(await contents.get('plue-server')?.provideTextDocumentContent(Uri.file('/files'))).toContain('  +x\n'.repeat(30));
  });

  it('starts a server and shows its state', async () => {
    servers = [{ ...program, state: 'stopped' }];
    answers.push('Start');
    expect(await run('files')).toEqual([{ method: 'mcp/start', params: { name: 'files' } }]);
    expect(shown.slice(-2).map(({ text }) => text)).toEqual(['Starting files…', 'files: running, 0 tools, about 900 tokens.']);
  });

  it('shows why a server did not start', async () => {
    servers = [{ ...program, state: 'stopped' }];
    sidecar.answer(mcpStart, () => {
      throw new FailureError('conflict', 'files ended at once.');
    });
    answers.push('Start');
    await run('files');
    expect(shown.at(-1)).toMatchObject({ kind: 'warning', text: 'files ended at once.' });
  });

  it('stops one, and starts it anew', async () => {
    servers = [{ ...program, state: 'running' }];
    answers.push('Stop');
    expect(await run('files')).toEqual([{ method: 'mcp/stop', params: { name: 'files' } }]);
    sidecar.asked.length = 0;
    answers.push('Restart');
    await run('files');
    expect(sidecar.methods()).toEqual(['mcp/list', 'mcp/stop', 'mcp/start']);
  });

  it('removes an approval and reports that the server is stopped', async () => {
    servers = [{ ...program, state: 'running' }];
    answers.push('Revoke Approval');
    expect(await run('files')).toEqual([{ method: 'mcp/revoke', params: { name: 'files' } }]);
    expect(shown.at(-1)?.text).toBe('Stopped files and revoked its approval.');
  });

  it('signs in on the page of the server after the vault is unlocked', async () => {
    servers = [{ ...program, state: 'signInNeeded', folder: undefined }];
    sidecar.answer(mcpSignIn, () => ({ url: 'https://login.example/authorize' }));
    answers.push('Sign In');
    await run('files');
    expect(executed).toEqual([['plue.unlockVault']]);
    expect(opened).toEqual(['https://login.example/authorize']);
    sidecar.answer(mcpSignIn, () => ({}));
    answers.push('Sign In');
    await run('files');
    expect(shown.at(-1)?.text).toBe('files does not support sign-in.');
  });

  it('opens what is known of one, and the file that declares it', async () => {
    answers.push('Show Details');
    await run('files');
    answers.push('Open Configuration File');
    await run('files');
    expect(opened).toEqual(['/files', '/home/user/.plue/mcp.json5']);
  });

  it('is asked for a report where a window opens it again, which is empty for a server that is gone', async () => {
    expect(await contents.get('plue-server')?.provideTextDocumentContent(Uri.file('/files'))).toBe(reportOf(program));
    expect(await contents.get('plue-server')?.provideTextDocumentContent(Uri.file('/gone'))).toBe('');
  });
});

describe('Importing servers', () => {
  const plain = { key: 'docs', name: 'docs', command: 'npx docs', keys: [], isPresent: false };
  const withKey = { ...plain, key: 'hub', name: 'hub', command: 'npx hub', keys: ['TOKEN'] };
  let files: McpImportFileView[];
  let sidecar: FakeSidecar;
  let activated: Disposable;

  beforeEach(() => {
    reset();
    files = [{ program: 'Cursor', path: '/home/user/.cursor/mcp.json', servers: [plain, withKey] }];
    sidecar = new FakeSidecar()
      .answer(mcpImportable, () => ({ files }))
      .answer(mcpImport, ({ servers }) => ({ imported: servers.map(({ key }) => key), notes: [] }));
    activated = activateServers(sidecar, fakeLog().log, '/home/user/.config/Code/User');
  });

  afterEach(() => activated.dispose());

  const run = (): unknown => registered.get('plue.importMcpServers')?.();
  const imported = (): unknown => sidecar.asked.find(({ method }) => method === mcpImport.method)?.params;

  it('adds what was selected, and asks nothing about keys where there are none', async () => {
    answers.push('docs');
    await run();
    expect(imported()).toEqual({
      servers: [{ path: '/home/user/.cursor/mcp.json', key: 'docs' }],
      storeKeys: false,
      userFolder: '/home/user/.config/Code/User',
    });
    expect(shown.at(-1)?.text).toBe('Imported 1 MCP server. Approve it before its first use.');
  });

  it('asks before keys go to the vault, and unlocks it first', async () => {
    answers.push('hub', 'Store Keys in Vault');
    await run();
    expect(shown.some(({ text }) => text === 'Store the keys of these servers in the vault?')).toBe(true);
    expect(executed.map(([command]) => command)).toEqual(['plue.unlockVault']);
    expect(imported()).toMatchObject({ storeKeys: true });
  });

  it('imports without keys, or nothing', async () => {
    answers.push('hub', 'Import Without Keys');
    await run();
    expect(imported()).toMatchObject({ storeKeys: false });
    sidecar.asked.length = 0;
    answers.push('hub', undefined);
    await run();
    expect(imported()).toBeUndefined();
  });

  it('lists what cannot be imported with the reason, and imports none of it', async () => {
    files = [
      {
        program: 'Zed',
        path: '/settings.json',
        servers: [
          { ...plain, problem: 'It uses the deprecated SSE transport.' },
          { ...withKey, isPresent: true },
        ],
      },
      { program: 'Codex CLI', path: '/config.toml', servers: [], problem: 'Line 2 is not valid TOML.' },
    ];
    answers.push('docs');
    await run();
    expect(lists.at(-1)).toEqual([
      expect.objectContaining({ label: 'Zed: /settings.json' }),
      expect.objectContaining({ description: 'cannot be imported', detail: 'It uses the deprecated SSE transport.' }),
      expect.objectContaining({ description: 'already in Plue' }),
      expect.objectContaining({ label: 'Codex CLI: /config.toml' }),
      expect.objectContaining({ description: 'Line 2 is not valid TOML.' }),
    ]);
    expect(imported()).toBeUndefined();
  });

  it('shows that there are none', async () => {
    files = [];
    await run();
    expect(shown.at(-1)?.text).toBe('No MCP servers of VS Code, Claude Code, Claude Desktop, Cursor, Zed, or Codex CLI were found.');
  });
});
