import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as v from 'valibot';
import { CancellationTokenSource } from 'vscode';
import { HomeServer } from '../../../../extension/src/features/vsCodeChat/homeServer';
import { PlueTool, plueTools } from '../../../../extension/src/features/vsCodeChat/plueTool';
import { plueToolCall } from '../../../../extension/src/protocol/protocol.generated';
import { root } from '../../docs/documents';
import { FakeSidecar } from '../../testing/fakeSidecar';
import * as fake from '../../testing/vscode';

const token = new CancellationTokenSource().token;
const invocation = (input: object): { input: object; toolInvocationToken: undefined } => ({ input, toolInvocationToken: undefined });

describe('A tool of Plue in VS Code', () => {
  it('calls the sidecar and returns its text', async () => {
    const sidecar = new FakeSidecar();
    sidecar.answer(plueToolCall, ({ name, parameters }) => ({ text: `${name} ${parameters}`, isError: false }));
    const result = await new PlueTool(sidecar, 'search_chats').invoke(invocation({ text: 'zebra' }), token);
    expect(result.content).toEqual([new fake.LanguageModelTextPart('search_chats {"text":"zebra"}')]);
  });

  it('fails with the sentence of the sidecar', async () => {
    const sidecar = new FakeSidecar();
    sidecar.answer(plueToolCall, () => ({ text: '`text` is missing.', isError: true }));
    await expect(new PlueTool(sidecar, 'search_chats').invoke(invocation({}), token)).rejects.toThrow('`text` is missing.');
  });

  it('asks only before it starts a task, with the goal as plain text', () => {
    const sidecar = new FakeSidecar();
    for (const name of Object.values(plueTools).filter((one) => one !== 'start_task')) {
      expect(new PlueTool(sidecar, name).prepareInvocation({ input: { uri: 'codex://chats/c' } }).confirmationMessages).toBeUndefined();
    }
    const { confirmationMessages } = new PlueTool(sidecar, 'start_task').prepareInvocation({
      input: { goal: '[Safe](command:evil)', budget_usd: 0.5 },
    });
    const { message } = v.parse(v.object({ message: v.object({ value: v.string() }) }), confirmationMessages);
    expect(message.value).not.toContain('[Safe](');
    expect(message.value).toContain('0.5');
  });

  it('is in the manifest, off without its setting', () => {
    const manifest: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const tools = v.parse(
      v.object({ contributes: v.object({ languageModelTools: v.array(v.object({ name: v.string(), when: v.string() })) }) }),
      manifest,
    ).contributes.languageModelTools;
    expect(tools.map(({ name }) => name)).toEqual(Object.keys(plueTools));
    expect(new Set(tools.map(({ when }) => when))).toEqual(new Set(['config.plue.vsCodeChat.tools']));
  });
});

describe('The MCP server of Plue in VS Code', () => {
  it('is the sidecar, without permission to start tasks', async () => {
    const server = new HomeServer(() => Promise.resolve({ command: '/opt/dotnet', args: ['plue.dll'] }), '1.2.3');
    expect(await server.provideMcpServerDefinitions()).toEqual([
      new fake.McpStdioServerDefinition('Plue', '/opt/dotnet', ['plue.dll', 'mcp', 'serve'], {}, '1.2.3'),
    ]);
  });
});
