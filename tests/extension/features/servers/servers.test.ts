import { describe, expect, it } from 'vitest';
import { actionsOf } from '../../../../extension/src/features/servers';
import { detailsOf, reportOf, stateOf } from '../../../../extension/src/features/servers/words';
import type { McpServerView } from '../../../../extension/src/protocol/protocol.generated';

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
      'Variables that it is given: TOKEN',
      'Declared in: /home/user/.plue/mcp.json5',
      'Fingerprint: abc',
    ]);
  });

  it('SEC_35 begins with what has changed', () => {
    expect(detailsOf({ ...program, changes: ['Changed: folder: was /a, is now /b'] })).toMatch(
      /^What has changed since it was approved:\n {2}Changed: folder/,
    );
    expect(stateOf({ ...program, changes: [] })).toBe('changed, not approved');
  });

  it('SEC_36 shows descriptions of tools with hidden characters visible', () => {
    const tools = [{ name: 'files/read', description: 'Reads.\u200B', tokens: 40 }];
    expect(reportOf({ ...program, state: 'running', tools, tokens: 40 })).toContain('files/read (about 40 tokens): Reads.⟨U+200B⟩');
  });
});

describe('What a server is told about keys', () => {
  const secretOrigin = 'exec://abc.def';

  it('is said only where it is given something', () => {
    expect(detailsOf({ ...program, secretOrigin })).toContain('A key of the vault has to be allowed for: exec://abc.def');
    expect(detailsOf({ ...program, secretOrigin, environment: [] })).not.toContain('key');
  });
});

describe('What can be done with a server', () => {
  it('SEC_03 is never starting one that is not approved', () => {
    expect(actionsOf(program)).toEqual(['approve', 'show', 'open']);
  });

  it('depends on its state', () => {
    expect(actionsOf({ ...program, state: 'running' })).toEqual(['stop', 'restart', 'revoke', 'show', 'open']);
    expect(actionsOf({ ...program, state: 'signInNeeded', folder: undefined })).toEqual(['signIn', 'revoke', 'show', 'open']);
    expect(actionsOf({ ...program, state: 'failed', fingerprint: '' })).toEqual(['show', 'open']);
  });
});
