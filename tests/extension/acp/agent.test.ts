// Plue in other editors: the real process with the client of the official SDK.
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { methods, RequestError, type SessionConfigOption, type ToolCallUpdate } from '@agentclientprotocol/sdk';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { extendTimeouts, hasDocumentShell } from '../docs/shell';
import { AgentBench, type PlueAgent } from './plueAgent';

const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

extendTimeouts();

describe.runIf(process.platform === 'linux')('plue acp', () => {
  let bench: AgentBench;

  beforeEach(async () => {
    bench = await AgentBench.start();
    bench.connectModel();
  });
  afterEach(() => bench.stop());

  /** Starts a session in the workspace. */
  async function begin(capabilities: Parameters<AgentBench['agent']>[0] = {}): Promise<{ agent: PlueAgent; id: string }> {
    const agent = await bench.agent(capabilities);
    const { sessionId } = await agent.new(bench.workspace);
    return { agent, id: sessionId };
  }

  /** Makes the model call these tools, one in each round, and then finish. */
  function callEach(...calls: { name: string; parameters: object }[]): void {
    bench.model.reply = ({ messages }) => {
      const done = messages.slice(messages.findLastIndex(({ role }) => role === 'user')).filter(({ role }) => role === 'tool').length;
      const next = calls[done];
      return next === undefined ? { text: 'Done.' } : { text: 'Working.', calls: [next] };
    };
  }

  function callOnce(name: string, parameters: object): void {
    callEach({ name, parameters });
  }

  test('Announces version 1 and what its sessions can do', async () => {
    const { initialized } = await bench.agent();
    expect(initialized).toMatchObject({
      protocolVersion: 1,
      agentInfo: { name: 'plue', title: 'Plue' },
      authMethods: [],
      agentCapabilities: {
        loadSession: true,
        promptCapabilities: { image: true, embeddedContext: true, audio: false },
        mcpCapabilities: { http: true, sse: false },
        sessionCapabilities: { list: {}, resume: {}, close: {}, delete: {} },
      },
    });
  });

  test('Streams a response and reports its end, usage and title', async () => {
    const { agent, id } = await begin();
    bench.model.text = 'Hello from the model.';
    expect(await agent.ask(id, 'Say hello')).toBe('end_turn');
    expect(agent.text(id)).toBe('Hello from the model.');
    // The editor itself shows the user's message.
    expect(agent.text(id, 'user_message_chunk')).toBe('');
    expect(await agent.until(({ sessionUpdate }) => sessionUpdate === 'session_info_update')).toMatchObject({ title: 'Say hello' });
  });

  test('A session is a chat of the same home and is there in the next process', async () => {
    const { agent, id } = await begin();
    bench.model.text = 'The first response.';
    await agent.ask(id, 'The first question');
    expect(await agent.end()).toBe(0);
    expect(bench.hasChat(id)).toBe(true);

    const next = await bench.agent();
    const { sessions } = await next.context.request(methods.agent.session.list, { cwd: bench.workspace });
    expect(sessions).toMatchObject([{ sessionId: id, cwd: bench.workspace, title: 'The first question' }]);
    await next.load(id, bench.workspace);
    expect([next.text(id, 'user_message_chunk'), next.text(id)]).toEqual(['The first question', 'The first response.']);

    bench.model.text = 'The second response.';
    await next.ask(id, 'The second question');
    expect(JSON.stringify(bench.model.asked.at(-1)?.messages)).toContain('The first response.');
  });

  test('Resumes without a replay and forks with a copy', async () => {
    const { agent, id } = await begin();
    bench.model.text = 'A response.';
    await agent.ask(id, 'A question');
    const next = await bench.agent();
    await next.context.request(methods.agent.session.resume, { sessionId: id, cwd: bench.workspace });
    expect(next.text(id)).toBe('');

    const fork = await next.context.request<{ sessionId: string }>('session/fork', { sessionId: id, cwd: bench.workspace });
    expect(fork.sessionId).not.toBe(id);
    await next.ask(fork.sessionId, 'Another question');
    expect(JSON.stringify(bench.model.asked.at(-1)?.messages)).toContain('A question');
    await next.load(id, bench.workspace);
    expect(next.text(id, 'user_message_chunk')).toBe('A question');
  });

  test('Two processes have the same chat open, and each follows what the other writes', async () => {
    const { agent, id } = await begin();
    bench.model.text = 'To both.';
    await agent.ask(id, 'From the first');
    const other = await bench.agent();
    await other.load(id, bench.workspace);
    bench.model.text = 'From the other window.';
    await other.ask(id, 'From the second');
    await agent.until((update) => update.sessionUpdate === 'agent_message_chunk' && JSON.stringify(update).includes('other window'));
    expect(agent.text(id, 'user_message_chunk')).toBe('From the second');
    expect(agent.text(id)).toBe('To both.From the other window.');
  });

  test('A response that streams when the editor closes is interrupted, and its text is kept', async () => {
    const { agent, id } = await begin();
    Object.assign(bench.model, { manner: 'never ends its answer' });
    agent.ask(id, 'Go on forever').catch(() => undefined);
    await agent.until(({ sessionUpdate }) => sessionUpdate === 'agent_message_chunk');
    expect(await agent.end()).toBe(0);
    const next = await bench.agent();
    await next.load(id, bench.workspace);
    expect(next.text(id)).not.toBe('');
    expect(bench.readChat(id)).toContain('"interrupted"');
  });

  test('A chat in which nothing was sent is deleted when its session closes', async () => {
    const { agent, id } = await begin();
    expect(bench.hasChat(id)).toBe(true);
    await agent.context.request(methods.agent.session.close, { sessionId: id });
    expect(bench.hasChat(id)).toBe(false);
    await expect(agent.ask(id, 'Anyone?')).rejects.toThrow('is not open');
  });

  test('Deletes a session into the trash', async () => {
    const { agent, id } = await begin();
    await agent.ask(id, 'Something');
    await agent.context.request(methods.agent.session.delete, { sessionId: id });
    const { sessions } = await agent.context.request(methods.agent.session.list, { cwd: bench.workspace });
    expect(sessions).toEqual([]);
    expect(bench.hasChat(id)).toBe(false);
  });

  test('Asks with the whole change before it writes a file, and reports the diff', async () => {
    const { agent, id } = await begin();
    const path = bench.write(join(bench.workspace, 'notes.txt'), 'alpha\nbeta\n');
    callEach(
      { name: 'read', parameters: { path: 'notes.txt' } },
      { name: 'write', parameters: { path: 'notes.txt', content: 'alpha\ngamma\n' } },
    );
    expect(await agent.ask(id, 'Change it')).toBe('end_turn');
    const diff = { type: 'diff', path, oldText: 'alpha\nbeta\n', newText: 'alpha\ngamma\n' };
    const [request] = agent.permissions;
    expect(request?.toolCall).toMatchObject({ title: 'Write notes.txt', kind: 'edit', locations: [{ path }] });
    expect(request?.toolCall.content).toContainEqual(diff);
    expect(request?.options.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['allow_once', 'reject_once']));
    expect(readFileSync(path, 'utf8')).toBe('alpha\ngamma\n');
    expect(agent.of(id, 'tool_call').at(-1)).toMatchObject({ toolCallId: request?.toolCall.toolCallId, status: 'pending', kind: 'edit' });
    expect(agent.of(id, 'tool_call_update').at(-1)).toMatchObject({ status: 'completed', content: [diff] });
  });

  test('A call that the user rejects does nothing', async () => {
    const { agent, id } = await begin();
    agent.permission = () => ({ outcome: { outcome: 'selected', optionId: 'deny' } });
    callOnce('bash', { command: 'touch made.txt' });
    expect(await agent.ask(id, 'Make it')).toBe('end_turn');
    expect(existsSync(join(bench.workspace, 'made.txt'))).toBe(false);
    expect(agent.of(id, 'tool_call_update').at(-1)).toMatchObject({ status: 'failed' });
    expect(JSON.stringify(bench.model.asked.at(-1)?.messages)).toContain('denied');
  });

  test('Shows what a command would run, and its output', async () => {
    const { agent, id } = await begin();
    callOnce('bash', { command: 'echo "from the shell" && touch made.txt' });
    await agent.ask(id, 'Run it');
    expect(JSON.stringify(agent.permissions[0]?.toolCall.content)).toContain('touch made.txt');
    expect(agent.permissions[0]?.toolCall).toMatchObject({ kind: 'execute', title: 'echo "from the shell" && touch made.txt' });
    expect(contentOf(agent.of(id, 'tool_call_update').at(-1))).toContain('from the shell');
    expect(existsSync(join(bench.workspace, 'made.txt'))).toBe(true);
  });

  test('The output of a command is a terminal in an editor that shows one', async () => {
    const { agent, id } = await begin({ _meta: { terminal_output: true } });
    callOnce('bash', { command: 'echo "from the shell"' });
    await agent.ask(id, 'Run it');
    const updates = agent.of(id, 'tool_call_update');
    expect(updates.flatMap(({ content }) => content ?? [])).toContainEqual({ type: 'terminal', terminalId: updates[0]?.toolCallId });
    expect(JSON.stringify(updates.map(({ _meta }) => _meta))).toContain('from the shell');
    expect(updates.at(-1)?._meta).toHaveProperty('terminal_exit');
  });

  test('The list of steps is the plan', async () => {
    const { agent, id } = await begin();
    const steps = [
      { text: 'Look', state: 'done' },
      { text: 'Change', state: 'active' },
    ];
    callOnce('todo', { steps });
    await agent.ask(id, 'Plan it');
    expect(agent.of(id, 'plan').at(-1)?.entries).toEqual([
      { content: 'Look', priority: 'medium', status: 'completed' },
      { content: 'Change', priority: 'medium', status: 'in_progress' },
    ]);
    expect(agent.of(id, 'tool_call')).toEqual([]);
  });

  test('Modes are the permission modes of Plue', async () => {
    const { agent, id } = await begin();
    await agent.context.request(methods.agent.session.setMode, { sessionId: id, modeId: 'edit' });
    expect(await agent.until(({ sessionUpdate }) => sessionUpdate === 'current_mode_update')).toMatchObject({ currentModeId: 'edit' });
    callOnce('write', { path: 'free.txt', content: 'written' });
    await agent.ask(id, 'Write it');
    expect(agent.permissions).toEqual([]);
    expect(readFileSync(join(bench.workspace, 'free.txt'), 'utf8')).toBe('written');

    await agent.context.request(methods.agent.session.setMode, { sessionId: id, modeId: 'plan' });
    callOnce('write', { path: 'planned.txt', content: 'written' });
    await agent.ask(id, 'Write another');
    expect(existsSync(join(bench.workspace, 'planned.txt'))).toBe(false);
    await expect(agent.context.request(methods.agent.session.setMode, { sessionId: id, modeId: 'everything' })).rejects.toThrow('no value');
  });

  test('A model is a configuration option, and the next response comes from it', async () => {
    const { agent, id } = await begin();
    await agent.ask(id, 'Once');
    const { configOptions } = await agent.context.request(methods.agent.session.setConfigOption, {
      sessionId: id,
      configId: 'model',
      value: 'scripted/small-1',
    });
    expect(configOptions.map(({ id: option }) => option)).toEqual(expect.arrayContaining(['mode', 'model']));
    expect(modelOf(configOptions)).toBe('scripted/small-1');
    await expect(
      agent.context.request(methods.agent.session.setConfigOption, { sessionId: id, configId: 'model', value: 'scripted/nothing' }),
    ).rejects.toThrow('no value');
  });

  test('Cancels a response that streams', async () => {
    const { agent, id } = await begin();
    Object.assign(bench.model, { manner: 'never ends its answer' });
    const asked = agent.ask(id, 'Go on forever');
    await agent.until(({ sessionUpdate }) => sessionUpdate === 'agent_message_chunk');
    await agent.cancel(id);
    expect(await asked).toBe('cancelled');
  });

  test('Cancels a response that has not begun', async () => {
    const { agent, id } = await begin();
    Object.assign(bench.model, { manner: 'never ends its answer' });
    const asked = agent.ask(id, 'Never mind');
    await agent.cancel(id);
    expect(await asked).toBe('cancelled');
  });

  test('Cancels a response that waits for a permission', async () => {
    const { agent, id } = await begin();
    callOnce('bash', { command: 'touch made.txt' });
    const asking = new Promise<void>((resolve) => {
      agent.permission = async () => {
        resolve();
        await agent.until(() => false);
        return { outcome: { outcome: 'cancelled' } };
      };
    });
    const asked = agent.ask(id, 'Make it');
    await asking;
    await agent.cancel(id);
    expect(await asked).toBe('cancelled');
    expect(existsSync(join(bench.workspace, 'made.txt'))).toBe(false);
  });

  test('Sends files, embedded text and images of a prompt to the model', async () => {
    const { agent, id } = await begin();
    const path = bench.write(join(bench.workspace, 'linked.txt'), 'text of the linked file');
    await agent.context.request(methods.agent.session.prompt, {
      sessionId: id,
      prompt: [
        { type: 'text', text: 'Look at ' },
        { type: 'resource_link', uri: `file://${path}`, name: 'linked.txt' },
        { type: 'resource', resource: { uri: `file://${join(bench.workspace, 'open.txt')}#L2:3`, text: 'text of the selection' } },
        { type: 'image', mimeType: 'image/png', data: pixel },
      ],
    });
    const sent = JSON.stringify(bench.model.asked.at(-1)?.messages);
    expect(sent).toContain('Look at `linked.txt`');
    expect(sent).toContain('text of the linked file');
    expect(sent).toContain('text of the selection');
    expect(sent).toContain(pixel);
  });

  test('A prompt with content that cannot be sent is refused with a sentence', async () => {
    const { agent, id } = await begin();
    const prompt = (uri: string) =>
      agent.context.request(methods.agent.session.prompt, { sessionId: id, prompt: [{ type: 'resource_link', uri, name: 'file' }] });
    await expect(prompt(`file://${join(bench.home, 'providers', 'scripted.json5')}`)).rejects.toThrow('belongs to Plue');
    await expect(prompt(`file://${join(bench.workspace, 'nothing.txt')}`)).rejects.toThrow('does not exist');
    expect(bench.model.asked).toEqual([]);
  });

  test('Skills and prompts of the user are slash commands', async () => {
    bench.write(
      join(bench.home, 'skills', 'release-notes', 'SKILL.md'),
      '---\nname: release-notes\ndescription: Writes release notes.\nargument-hint: "[version]"\n---\nWrite them in the style of a poem.\n',
    );
    bench.write(
      join(bench.home, 'prompts', 'explain.md'),
      '---\ndescription: Explains a topic.\narguments: [topic]\n---\nExplain {{topic}} in one sentence.\n',
    );
    const { agent, id } = await begin();
    const update = await agent.until(({ sessionUpdate }) => sessionUpdate === 'available_commands_update');
    expect('availableCommands' in update ? update.availableCommands : []).toEqual(
      expect.arrayContaining([
        { name: 'explain', description: 'Explains a topic.', input: { hint: 'topic' } },
        { name: 'release-notes', description: 'Writes release notes.', input: { hint: '[version]' } },
      ]),
    );
    await agent.ask(id, '/explain the borrow checker');
    expect(JSON.stringify(bench.model.asked.at(-1)?.messages)).toContain('Explain the borrow checker in one sentence.');
    await agent.ask(id, '/release-notes 1.2');
    expect(JSON.stringify(bench.model.asked.at(-1)?.messages)).toContain('in the style of a poem');
  });

  test('Tools of an MCP server that the editor passes can be used, with approval', async () => {
    const agent = await bench.agent();
    const script = resolve('node_modules', '@modelcontextprotocol', 'server-everything', 'dist', 'index.js');
    const { sessionId } = await agent.new(bench.workspace, [
      { name: 'The Everything server', command: process.execPath, args: [script], env: [] },
    ]);
    bench.model.reply = ({ messages, tools }) => {
      const echo = tools?.map((tool) => tool.function.name).find((name) => name.endsWith('echo'));
      return messages.at(-1)?.role === 'tool' || echo === undefined
        ? { text: 'Done.' }
        : { calls: [{ name: echo, parameters: { message: 'around the world' } }] };
    };
    await agent.ask(sessionId, 'Echo it');
    expect(agent.permissions).toHaveLength(1);
    expect(contentOf(agent.of(sessionId, 'tool_call_update').at(-1))).toContain('around the world');
  });

  /** Starts a session with the Everything server, whose tool the model calls once. */
  async function beginWithServer(
    capabilities: Parameters<AgentBench['agent']>[0],
    tool: string,
    parameters: object,
  ): Promise<{ agent: PlueAgent; id: string }> {
    const agent = await bench.agent(capabilities);
    const script = resolve('node_modules', '@modelcontextprotocol', 'server-everything', 'dist', 'index.js');
    const { sessionId } = await agent.new(bench.workspace, [{ name: 'everything', command: process.execPath, args: [script], env: [] }]);
    bench.model.reply = ({ messages, tools }) => {
      const name = tools?.map(({ function: { name } }) => name).find((one) => one.endsWith(tool));
      return messages.at(-1)?.role === 'tool' || name === undefined ? { text: 'Done.' } : { calls: [{ name, parameters }] };
    };
    return { agent, id: sessionId };
  }

  const opensPage = { url: 'https://example.com/sign-in', message: 'Open this page.' };

  test('A form of an MCP server is an elicitation, and its values reach the server', async () => {
    const { agent, id } = await beginWithServer({ elicitation: { form: {} } }, 'trigger-elicitation-request', {});
    agent.answer = { action: 'accept', content: { name: 'Ada', integer: 7, untitledMultipleSelectEnum: ['Piano', 'Violin'] } };
    expect(await agent.ask(id, 'Ask me')).toBe('end_turn');
    const [question] = agent.questions;
    expect(question).toMatchObject({
      mode: 'form',
      sessionId: id,
      toolCallId: agent.of(id, 'tool_call').at(-1)?.toolCallId,
      requestedSchema: {
        type: 'object',
        required: ['name'],
        properties: {
          name: { type: 'string', title: 'String', description: 'Your full, legal name' },
          check: { type: 'boolean' },
          email: { type: 'string', format: 'email' },
          integer: { type: 'integer', minimum: 1, maximum: 100, default: 42 },
          number: { type: 'number', default: 3.14 },
          titledSingleSelectEnum: { type: 'string', default: 'hero-1' },
          untitledMultipleSelectEnum: { type: 'array', minItems: 1, maxItems: 3, default: ['Guitar'] },
        },
      },
    });
    expect(JSON.stringify(question)).toContain('{"const":"hero-1","title":"Superman"}');
    expect(question?.message).toContain('Please provide inputs');
    const sent = JSON.stringify(bench.model.asked.at(-1)?.messages);
    expect(sent).toContain('Name: Ada');
    expect(sent).toContain('Favorite Integer: 7');
    // Only the call itself required permission.
    expect(agent.permissions).toHaveLength(1);
  });

  test('A form without its required value is declined, and the response goes on', async () => {
    const { agent, id } = await beginWithServer({ elicitation: { form: {} } }, 'trigger-elicitation-request', {});
    agent.answer = { action: 'accept', content: {} };
    expect(await agent.ask(id, 'Ask me')).toBe('end_turn');
    expect(JSON.stringify(bench.model.asked.at(-1)?.messages)).toContain('String is required.');
  });

  test('An editor without forms declines them with a reason, and the response goes on', async () => {
    const { agent, id } = await beginWithServer({ elicitation: { url: {} }, session: { notices: {} } }, 'trigger-elicitation-request', {});
    expect(await agent.ask(id, 'Ask me')).toBe('end_turn');
    expect(agent.questions).toEqual([]);
    expect(JSON.stringify(bench.model.asked.at(-1)?.messages)).toContain('This editor cannot show forms.');
    expect(JSON.stringify(agent.updates)).toContain('everything asked you something. This editor cannot show forms.');
  });

  test('An address of an MCP server is opened by the editor', async () => {
    const { agent, id } = await beginWithServer({ elicitation: { form: {}, url: {} } }, 'trigger-url-elicitation', opensPage);
    agent.answer = { action: 'accept' };
    expect(await agent.ask(id, 'Ask me')).toBe('end_turn');
    expect(agent.questions).toMatchObject([{ mode: 'url', sessionId: id, url: opensPage.url }]);
    expect(JSON.stringify(bench.model.asked.at(-1)?.messages)).toContain('User completed the URL elicitation flow');
  });

  test('An editor that opens no addresses cannot accept one', async () => {
    const { agent, id } = await beginWithServer({ elicitation: { form: {} } }, 'trigger-url-elicitation', opensPage);
    expect(await agent.ask(id, 'Ask me')).toBe('end_turn');
    expect(agent.questions).toEqual([]);
    // The user allows everything.
    expect(agent.permissions).toHaveLength(1);
    expect(JSON.stringify(bench.model.asked.at(-1)?.messages)).toContain('User declined to open the URL');
  });

  test('A failure of the provider is an error with its sentence, and the session goes on', async () => {
    const { agent, id } = await begin();
    Object.assign(bench.model, { manner: 'refuses', refusal: 'This model is not for you.' });
    await expect(agent.ask(id, 'Please')).rejects.toThrow('This model is not for you');
    Object.assign(bench.model, { manner: 'answers' });
    expect(await agent.ask(id, 'Again')).toBe('end_turn');
  });

  test.runIf(hasDocumentShell)('A locked vault is reported in one sentence with a remedy', async () => {
    bench.run(
      'export PASSPHRASE="a long passphrase for tests"',
      'plue vault create --way passphrase --passphrase-fd 3 3< <(printenv PASSPHRASE)',
      `echo a-key | plue vault store vault://scripted/api_key --origin ${bench.model.origin} --passphrase-fd 3 3< <(printenv PASSPHRASE)`,
    );
    bench.connectModel(`api_key_ref: 'vault://scripted/api_key'`);
    const { agent, id } = await begin();
    const error: unknown = await agent.ask(id, 'Hello').catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: -32000 });
    expect(String(error)).toContain('plue vault add-way --way keychain');
    expect(bench.model.asked).toEqual([]);
  });

  test('Refuses wrong requests with a sentence', async () => {
    const { agent } = await begin();
    await expect(agent.new('relative')).rejects.toThrow('not the absolute path of a folder');
    await expect(agent.load('chat_0123456789abcdef0123456789abcdef', bench.workspace)).rejects.toMatchObject({ code: -32002 });
    await expect(agent.load('../../etc/passwd', bench.workspace)).rejects.toMatchObject({ code: -32002 });
    await expect(agent.context.request('session/dance', {})).rejects.toMatchObject({ code: -32601 });
  });
});

describe.runIf(process.platform === 'linux')('plue acp without a provider', () => {
  test('Shows how to connect a provider', async () => {
    const bench = await AgentBench.start();
    try {
      const agent = await bench.agent();
      const error: unknown = await agent.new(bench.workspace).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(RequestError);
      expect(error).toMatchObject({ code: -32000 });
      expect(String(error)).toContain('Plue: Manage Providers');
      await expect(agent.context.request(methods.agent.authenticate, { methodId: 'any' })).rejects.toThrow('No AI provider is connected');
    } finally {
      await bench.stop();
    }
  });
});

function contentOf(update: ToolCallUpdate | undefined): string {
  return JSON.stringify(update?.content);
}

function modelOf(options: readonly SessionConfigOption[]): unknown {
  return options.find(({ category }) => category === 'model')?.currentValue;
}
