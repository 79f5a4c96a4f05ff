#!/usr/bin/env node
// A small agent that speaks ACP over its standard streams. With --http it takes MCP servers with an address. With --repeats it begins again with its first
// instructions when it is to continue after an interruption, and `$CALL` in a command is another text for each call. What it does is in the prompt, one instruction a line:
//   say TEXT · think TEXT · edit FILE TEXT · ask FILE TEXT · run COMMAND · shell COMMAND · write FILE TEXT · read FILE
//   pay USD · question [CALL] · open URL · notice SEVERITY TEXT · mode MODE · options · servers · spawn MARK · plan · hang · ignore-cancel · crash · garbage · huge · fail CODE TEXT · usage · where · pid · environment NAME
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { execSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const [, , ...options] = process.argv;
const store = process.env['AGENT_STORE'];
const run = randomUUID();
const open = new Map();
let count = 0;
let cwd = '';
let servers = [];
let sessionId = '';
let mode = 'default';
let model = 'small';
let speed = 'normal';
let isTerse = false;
let capabilities;
let isCancelled = false;
let ignoresCancel = false;

const send = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
const update = (content) => send({ method: 'session/update', params: { sessionId, update: content } });
const text = (value) => ({ type: 'text', text: value });
const say = (value) => update({ sessionUpdate: 'agent_message_chunk', content: text(value) });

/** Asks the client. Its ids begin at 0. */
function request(method, params) {
  const id = count++;
  send({ id, method, params: { sessionId, ...params } });
  return new Promise((resolve) => open.set(id, resolve));
}

function setup(id) {
  sessionId = id;
  return {
    sessionId: id,
    modes: {
      currentModeId: mode,
      availableModes: ['default', 'acceptEdits', 'plan'].map((one) => ({ id: one, name: one })),
    },
    configOptions: [
      {
        id: 'model',
        name: 'Model',
        category: 'model',
        type: 'select',
        currentValue: model,
        options: [
          { value: 'small', name: 'Small' },
          { value: 'large', name: 'Large', description: 'Slower' },
        ],
      },
      {
        id: 'speed',
        name: 'Speed',
        type: 'select',
        currentValue: speed,
        options: [
          { value: 'normal', name: 'Normal' },
          { value: 'fast', name: 'Fast', description: 'Costs more' },
        ],
      },
      { id: 'terse', name: 'Terse', type: 'boolean', currentValue: isTerse },
    ],
  };
}

function note(line) {
  if (store) {
    mkdirSync(store, { recursive: true });
    appendFileSync(join(store, 'prompts.txt'), `${line}\n`);
  }
}

async function permit(call) {
  const { result } = await request('session/request_permission', {
    toolCall: call,
    options: [
      { optionId: 'always', name: 'Always', kind: 'allow_always' },
      { optionId: 'yes', name: 'Allow', kind: 'allow_once' },
      { optionId: 'no', name: 'Reject', kind: 'reject_once' },
    ],
  });
  return result?.outcome ?? { outcome: 'cancelled' };
}

let calls = 0;
let paid = 0;
async function obey(line) {
  const [word, first = '', ...rest] = line.split(' ');
  const value = rest.join(' ').replaceAll('\\n', '\n');
  const all = [first, ...rest].join(' ');
  const file = join(cwd, first);
  const toolCallId = `t${++calls}`;
  switch (word) {
    case 'say':
      for (const part of all.split(/(?<= )/)) say(part);
      return undefined;
    case 'think':
      update({ sessionUpdate: 'agent_thought_chunk', content: text(all) });
      return undefined;
    case 'edit':
    case 'ask': {
      const oldText = existsSync(file) ? readFileSync(file, 'utf8') : null;
      const call = {
        toolCallId,
        title: `Edit ${first}`,
        kind: 'edit',
        status: 'pending',
        rawInput: {},
        locations: [{ path: file, line: 1 }],
        content: [{ type: 'diff', path: file, oldText, newText: value }],
      };
      update({ sessionUpdate: 'tool_call', ...call });
      if (word === 'ask') {
        const outcome = await permit({ toolCallId });
        if (outcome.optionId !== 'yes') {
          update({ sessionUpdate: 'tool_call_update', toolCallId, status: 'failed', content: [{ type: 'content', content: text('Rejected.') }] });
          return outcome.outcome === 'cancelled' ? 'cancelled' : undefined;
        }
      }
      try {
        writeFileSync(file, value);
        update({ sessionUpdate: 'tool_call_update', toolCallId, status: 'completed' });
      } catch (error) {
        update({ sessionUpdate: 'tool_call_update', toolCallId, status: 'failed', content: [{ type: 'content', content: text(error.code) }] });
      }
      return undefined;
    }
    case 'run': {
      // By itself, after asking.
      update({ sessionUpdate: 'tool_call', toolCallId, title: 'Run', kind: 'execute', status: 'pending', rawInput: {} });
      update({ sessionUpdate: 'tool_call_update', toolCallId, title: `\`${all}\``, rawInput: { command: all } });
      const outcome = await permit({ toolCallId });
      if (outcome.optionId !== 'yes') {
        update({ sessionUpdate: 'tool_call_update', toolCallId, status: 'failed' });
        return undefined;
      }
      const output = execSync(all, { cwd, encoding: 'utf8' });
      update({ sessionUpdate: 'tool_call_update', toolCallId, status: 'completed', content: [{ type: 'content', content: text(output) }] });
      return undefined;
    }
    case 'shell': {
      // In a terminal of the client.
      const command = all.replaceAll('$CALL', `${run}-${toolCallId}`);
      update({ sessionUpdate: 'tool_call', toolCallId, title: 'Terminal', kind: 'execute', status: 'in_progress', rawInput: { command } });
      const { result, error } = await request('terminal/create', { command, cwd });
      if (error) {
        say(error.message);
        return undefined;
      }
      await request('terminal/wait_for_exit', { terminalId: result.terminalId });
      const { result: shown } = await request('terminal/output', { terminalId: result.terminalId });
      await request('terminal/release', { terminalId: result.terminalId });
      update({ sessionUpdate: 'tool_call_update', toolCallId, status: 'completed', content: [{ type: 'content', content: text(shown.output) }] });
      return undefined;
    }
    case 'write': {
      const { error } = await request('fs/write_text_file', { path: file, content: value });
      say(error ? `not written: ${error.message}` : 'written');
      return undefined;
    }
    case 'read': {
      const { result, error } = await request('fs/read_text_file', { path: first.startsWith('/') ? first : file });
      say(error ? `not read: ${error.message}` : result.content);
      return undefined;
    }
    case 'question': {
      if (!capabilities.elicitation?.form) return say('no forms');
      if (first) update({ sessionUpdate: 'tool_call', toolCallId: first, title: 'Ask', kind: 'other', status: 'in_progress', rawInput: { about: 'color' } });
      const { result } = await request('elicitation/create', {
        ...(first ? { toolCallId: first } : {}),
        mode: 'form',
        message: 'Which color?',
        requestedSchema: {
          type: 'object',
          properties: {
            color: { type: 'string', title: 'Color', oneOf: [{ const: 'r', title: 'Red' }, { const: 'g', title: 'Green' }] },
            note: { type: 'string', title: 'Note' },
          },
          required: ['color'],
        },
      });
      if (first) update({ sessionUpdate: 'tool_call_update', toolCallId: first, status: 'completed', content: [] });
      return say(JSON.stringify(result));
    }
    case 'open': {
      const { result } = await request('elicitation/create', { mode: 'url', message: 'Sign in.', elicitationId: 'e1', url: first });
      return say(JSON.stringify(result));
    }
    case 'notice':
      if (capabilities.session?.notices) update({ sessionUpdate: 'notice', severity: first, title: value });
      return undefined;
    case 'mode':
      mode = first;
      update({ sessionUpdate: 'current_mode_update', currentModeId: mode });
      return undefined;
    case 'servers':
      return say(JSON.stringify(servers));
    case 'spawn': {
      // One in a new session, and two below a shell that has exited.
      const sleep = `sleep ${first}`;
      spawn('sleep', [first], { detached: true, stdio: 'ignore' }).unref();
      execSync(`(${sleep} & setsid ${sleep} &) >/dev/null 2>&1`);
      return say('Spawned. ');
    }
    case 'options':
      return say(`${mode} ${speed} ${isTerse}`);
    case 'plan':
      update({
        sessionUpdate: 'plan',
        entries: [
          { content: 'Look', priority: 'high', status: 'completed' },
          { content: 'Change', priority: 'medium', status: 'in_progress' },
        ],
      });
      return undefined;
    case 'hang':
      await new Promise((resolve) => {
        const timer = setInterval(() => {
          if (isCancelled && !ignoresCancel) {
            clearInterval(timer);
            resolve();
          }
        }, 5);
      });
      return 'cancelled';
    case 'ignore-cancel':
      ignoresCancel = true;
      return undefined;
    case 'crash':
      process.stderr.write('Error: it broke\n');
      process.exit(3);
      break;
    case 'garbage':
      for (let i = 0; i < 200; i++) process.stdout.write(`garbage ${i}\n`);
      await new Promise(() => {});
      break;
    case 'huge':
      process.stdout.write('{"jsonrpc":"2.0","method":"x","params":"');
      for (let i = 0; i < 40; i++) process.stdout.write('x'.repeat(1024 * 1024));
      await new Promise(() => {});
      break;
    case 'pay':
      paid += Number(first);
      note(`paid ${first}`);
      update({ sessionUpdate: 'usage_update', used: 500, size: 1000, cost: { amount: Number(paid.toFixed(6)), currency: 'USD' } });
      return undefined;
    case 'usage':
      update({ sessionUpdate: 'usage_update', used: 500, size: 1000, cost: { amount: 0.25, currency: 'USD' } });
      return { totalTokens: 130, inputTokens: 100, outputTokens: 30 };
    case 'where':
      say(`${cwd} ${mode} ${model} ${run}`);
      return undefined;
    case 'pid':
      say(String(process.pid));
      return undefined;
    case 'environment':
      say(`${first}=${process.env[first] ?? 'none'}`);
      return undefined;
    default:
      say(`[${line}]`);
      return undefined;
  }
  return undefined;
}

async function prompt(params) {
  isCancelled = false;
  const blocks = params.prompt.filter(({ type }) => type === 'text').map((block) => block.text);
  note(JSON.stringify(blocks));
  let usage;
  const first = /<user>\n(.*?)\n<\/user>/s.exec(blocks.join('\n'))?.[1];
  const script = options.includes('--repeats') && blocks.at(-1).startsWith('Your last response was interrupted') ? first : blocks.at(-1);
  for (const line of script.split('\n')) {
    const [word, code, ...rest] = line.split(' ');
    if (word === 'fail') throw Object.assign(new Error(rest.join(' ')), { code: Number(code) });
    const outcome = await obey(line);
    if (outcome === 'cancelled') return { stopReason: 'cancelled' };
    usage = outcome ?? usage;
  }
  return { stopReason: 'end_turn', ...(usage === undefined ? {} : { usage }) };
}

async function answer(method, params) {
  switch (method) {
    case 'initialize':
      capabilities = params.clientCapabilities;
      return {
        protocolVersion: options.includes('--version-2') ? 2 : 1,
        agentCapabilities: {
          loadSession: true,
          promptCapabilities: { image: true },
          mcpCapabilities: { http: options.includes('--http') },
          ...(options.includes('--no-resume') ? {} : { sessionCapabilities: { resume: {}, close: {} } }),
        },
        authMethods: [{ id: 'login', name: 'Log in', description: 'Run agent login' }],
      };
    case 'session/new': {
      if (options.includes('--signed-out')) throw Object.assign(new Error('Authentication required'), { code: -32000 });
      ({ cwd, mcpServers: servers } = params);
      const result = setup(`session-${randomUUID()}`);
      if (store) {
        mkdirSync(store, { recursive: true });
        writeFileSync(join(store, result.sessionId), '');
      }
      setTimeout(() =>
        update({
          sessionUpdate: 'available_commands_update',
          availableCommands: [
            { name: 'review', description: 'Review the changes', input: { hint: 'what to look at' } },
            { name: 'init', description: 'Write an AGENTS.md' },
          ],
        }),
      );
      return result;
    }
    case 'session/resume':
      if (!store || !existsSync(join(store, params.sessionId))) throw Object.assign(new Error('No such session'), { code: -32002 });
      ({ cwd, mcpServers: servers } = params);
      return setup(params.sessionId);
    case 'session/load':
      sessionId = params.sessionId;
      ({ cwd, mcpServers: servers } = params);
      say('an earlier response');
      return setup(params.sessionId);
    case 'session/set_mode':
      mode = params.modeId;
      return {};
    case 'session/set_config_option':
      if (params.value === 'unknown') throw Object.assign(new Error('No such model'), { code: -32602 });
      if (params.configId === 'speed') speed = params.value;
      else if (params.configId === 'terse' && params.type === 'boolean') isTerse = params.value;
      else model = params.value;
      return { configOptions: setup(sessionId).configOptions };
    case 'session/prompt':
      return prompt(params);
    case 'session/close':
      return {};
    default:
      throw Object.assign(new Error(`No method ${method}`), { code: -32601 });
  }
}

if (options.includes('--greets')) process.stdout.write('Welcome to the agent.\n');
if (options.includes('--dies')) process.exit(9);
createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params, result, error } = JSON.parse(line);
  if (method === undefined) {
    open.get(id)?.({ result, error });
    open.delete(id);
  } else if (method === 'session/cancel') {
    isCancelled = true;
  } else if (id !== undefined) {
    answer(method, params).then(
      (value) => send({ id, result: value }),
      (fault) => send({ id, error: { code: fault.code ?? -32603, message: fault.message } }),
    );
  }
});
process.stdin.on('end', () => process.exit(0));
