// The scenarios of `npm run faults` that happen to a running sidecar: it is killed, starved, suspended, flooded, or its output is not read.
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { inArtifacts } from '../../scripts/lib/paths.mjs';
import { findOnPath, run } from '../../scripts/lib/run.mjs';
import { startSidecar } from '../bench/sidecar.mjs';
import { Endpoint, completion, drained, whole } from './endpoint.mjs';
import { Findings } from './findings.mjs';
import { tellUnsafeConnections } from './unsafeConnections.mjs';

/** Milliseconds until an end that is reported at once must be there. */
const soon = 1_000;

/**
 * @typedef {import('./scenarios.mjs').Finding} Finding
 * @typedef {import('./scenarios.mjs').Setting} Setting
 * @typedef {Awaited<ReturnType<typeof startSidecar>>} Sidecar
 */

/** A home with one provider at an endpoint, and what starts a sidecar in it. */
class Scene {
  #sidecars = /** @type {Sidecar[]} */ ([]);

  /** @param {Setting} setting @param {Endpoint} endpoint */
  constructor(setting, endpoint) {
    this.plue = setting.plue;
    this.home = mkdtempSync(join(setting.folder, 'home-'));
    // Not in memory, of which a sandbox shows nothing.
    this.workspace = mkdtempSync(join(tmpdir(), 'plue-faults-'));
    mkdirSync(join(this.home, 'providers'));
    const provider = { name: 'Scripted', provider_type: 'openai-compatible', endpoint: endpoint.url, model: 'm', retry_policy: 'none' };
    writeFileSync(join(this.home, 'providers', 'scripted.json5'), JSON.stringify(provider));
    mkdirSync(join(this.home, 'templates'));
    const coder = { id: 'coder', name: 'Coder', version: '1.0.0', parent_template: 'ai-chat', available_tools: ['bash', 'write', 'read'] };
    writeFileSync(join(this.home, 'templates', 'coder.json5'), JSON.stringify(coder));
  }

  /** @param {{before?: string[], env?: NodeJS.ProcessEnv, cwd?: string}} [how] `before` is a program that starts it, as prlimit. */
  async start({ before = [], env, cwd } = {}) {
    const [command = '', ...args] = [...before, this.plue, 'serve'];
    const sidecar = await startSidecar({ command, args, cwd, env: { PLUE_HOME: this.home, ...env } }, this.workspace);
    this.#sidecars.push(sidecar);
    return sidecar;
  }

  async end() {
    for (const sidecar of this.#sidecars) if (sidecar.child.exitCode === null && sidecar.child.signalCode === null) await sidecar.end();
    rmSync(this.workspace, { recursive: true, force: true });
  }
}

/** @typedef {{findings: Findings, scene: Scene, endpoint: Endpoint, setting: Setting}} Stage */

/** @param {(stage: Stage) => Promise<void>} act @returns {(setting: Setting) => Promise<Finding[]>} */
const staged = (act) => async (setting) => {
  const endpoint = await Endpoint.start();
  const scene = new Scene(setting, endpoint);
  const findings = new Findings();
  try {
    await act({ findings, scene, endpoint, setting });
  } catch (error) {
    findings.expect(false, String(error instanceof Error ? error.stack : error));
  } finally {
    await scene.end();
    await endpoint.stop();
  }
  return [findings.finding];
};

/** Each as a name and what runs it. @type {{name: string, tell: (setting: Setting) => Promise<Finding[]>}[]} */
export const sidecarScenarios = [
  { name: 'killed while it answers', tell: staged(killedWhileItAnswers) },
  { name: 'killed while it asks', tell: staged(killedWhileItAsks) },
  { name: 'cut inside a tool call', tell: staged(cutInsideACall) },
  { name: 'stopped at each event', tell: staged(stoppedAtEachEvent) },
  { name: 'a line of 100 MB', tell: staged(hugeLine) },
  { name: 'an endpoint that drips', tell: staged(drips) },
  { name: 'connections that are not safe', tell: tellUnsafeConnections },
  { name: 'no network, and sleep', tell: staged(noNetwork) },
  { name: 'strange homes', tell: staged(strangeHomes) },
  { name: 'a damaged vault', tell: staged(damagedVault) },
  { name: 'a chat of 10,000 messages', tell: staged(longChat) },
  { name: 'a window that reads nothing', tell: staged(readsNothing) },
  { name: 'ten thousand requests', tell: staged(manyRequests) },
  { name: 'a noisy environment', tell: staged(noise) },
  { name: 'an editor that is killed', tell: staged(editorKilled) },
  { name: 'a folder that is gone', tell: staged(folderGone) },
  { name: 'few files may be open', tell: staged(fewFiles) },
  { name: 'many turns', tell: staged(manyTurns) },
];

/** @param {Stage} stage */
async function killedWhileItAnswers({ findings, scene, endpoint, setting }) {
  endpoint.answer = completion(
    Array.from({ length: 200 }, (_, i) => `word${i} `),
    { pauseMs: 20 },
  );
  let uri = '';
  for (let round = 0; round < (setting.every > 1 ? 3 : 20); round++) {
    const sidecar = await scene.start();
    uri ||= await newChat(sidecar);
    const before = endpoint.asked;
    const events = follow(sidecar);
    const sent = await sidecar.ask('message/send', { codexId: uri, text: `round ${round}` });
    for (let count = 0; count < 3;) if ((await events.next()).kind === 'textDelta') count++;
    await delay(300 + Math.random() * 500);
    findings.fault();
    const asked = endpoint.asked;
    sidecar.child.kill('SIGKILL');
    await sidecar.exited;
    const began = performance.now();
    const again = await scene.start();
    const { messages } = await again.ask('codex/get', { uri });
    findings.expect(performance.now() - began < 5_000, `Round ${round}: it was back after ${Math.round(performance.now() - began)} ms.`);
    findings.expect(
      messages.filter(({ id }) => id === sent.messageId).length === 1,
      `Round ${round}: the question is there ${messages.length} times.`,
    );
    const last = messages.at(-1);
    findings.expect(
      last.role === 'assistant' && last.status === 'interrupted',
      `Round ${round}: the answer is ${last.role} ${last.status}.`,
    );
    findings.expect(textOf(last).startsWith('word0 word1'), `Round ${round}: of the text is left: ${textOf(last)}`);
    await delay(200);
    findings.expect(
      endpoint.asked === asked && asked === before + 1,
      `Round ${round}: the question was sent ${endpoint.asked - before} times.`,
    );
    await again.end();
  }
}

/** @param {Stage} stage */
async function killedWhileItAsks({ findings, scene, endpoint }) {
  const marker = join(scene.workspace, 'marker');
  const parameters = { command: `touch ${marker}` };
  endpoint.answer = completion([], { calls: [{ name: 'bash', parameters }] });
  const sidecar = await scene.start();
  const uri = await newChat(sidecar, 'coder');
  const asks = new Promise((resolve) => sidecar.on('approval/changed', ({ approvals }) => approvals.length > 0 && resolve(approvals[0])));
  await sidecar.ask('message/send', { codexId: uri, text: 'Make it' });
  const question = await within(asks, 30_000, 'Nobody was asked.');
  findings.fault();
  sidecar.child.kill('SIGKILL');
  await sidecar.exited;
  const again = await scene.start();
  const { messages } = await again.ask('codex/get', { uri });
  await delay(500);
  findings.expect(!existsSync(marker), 'The command ran by itself.');
  findings.expect((await again.ask('approval/list', {})).approvals.length === 0, 'The question is still there.');
  const answered = again.ask('approval/answer', { id: question.id, fingerprint: question.fingerprint, decision: 'once' });
  findings.expect(await isRefused(answered), 'The old question could be answered.');
  findings.expect(messages.at(-1).status === 'interrupted', `The answer is ${messages.at(-1).status}.`);
  endpoint.answer = completion(['fine']);
  const events = follow(again);
  await again.ask('message/send', { codexId: uri, text: 'And now?' });
  findings.expect((await lastOf(events)).stopReason === 'endTurn', 'The chat does not go on.');
  findings.expect(!existsSync(marker), 'The command ran with the next question.');
}

/** @param {Stage} stage */
async function cutInsideACall({ findings, scene, endpoint }) {
  const marker = join(scene.workspace, 'marker');
  const sidecar = await scene.start();
  const uri = await newChat(sidecar, 'coder');
  const events = follow(sidecar);
  const call = whole([], [{ name: 'write', parameters: { path: 'marker', content: 'x'.repeat(200) } }]);
  for (const part of [0.3, 0.6, 0.9]) {
    findings.fault();
    endpoint.answer = (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(call.slice(0, Math.floor(call.indexOf('finish_reason":"tool_calls') * part)), () => response.destroy());
    };
    await sidecar.ask('message/send', { codexId: uri, text: `Cut at ${part}` });
    findings.expect((await lastOf(events)).stopReason === 'failed', `Cut at ${part} the turn did not fail.`);
    findings.expect(!existsSync(marker), `Cut at ${part} the tool ran.`);
  }
  endpoint.answer = completion(['whole']);
  await sidecar.ask('message/send', { codexId: uri, text: 'Again' });
  findings.expect((await lastOf(events)).stopReason === 'endTurn', 'The next turn failed.');
  const calls = endpoint.last.messages.flatMap((/** @type {any} */ message) => message.tool_calls ?? []);
  const results = endpoint.last.messages.filter((/** @type {any} */ { role }) => role === 'tool');
  findings.expect(calls.length === results.length, `The next request has ${calls.length} calls and ${results.length} results.`);
}

/** @param {Stage} stage */
async function stoppedAtEachEvent({ findings, scene, endpoint, setting }) {
  endpoint.answer = completion(
    Array.from({ length: 40 }, (_, i) => `word${i} `),
    { pauseMs: 20 },
  );
  const sidecar = await scene.start();
  const uri = await newChat(sidecar);
  const events = follow(sidecar);
  endpoint.answers = [completion(['warm'])];
  await sidecar.ask('message/send', { codexId: uri, text: 'Warm up' });
  await lastOf(events);
  for (let at = 0; at < (setting.every > 1 ? 6 : 16); at++) {
    await sidecar.ask('message/send', { codexId: uri, text: `Stop at ${at}` });
    for (let count = 0; count < at; count++) await events.next();
    findings.fault();
    const began = performance.now();
    await sidecar.ask('message/stop', { codexId: uri });
    const end = await lastOf(events);
    findings.expect(performance.now() - began < soon, `Stopped at event ${at} it ended after ${Math.round(performance.now() - began)} ms.`);
    findings.expect(end.stopReason === 'stopped', `Stopped at event ${at} it ended with ${end.stopReason}.`);
  }
  await delay(300);
  findings.expect(events.waiting() === 0, `${events.waiting()} events came after the last ending.`);
  endpoint.answer = completion(['fine']);
  await sidecar.ask('message/send', { codexId: uri, text: 'And now?' });
  findings.expect((await lastOf(events)).stopReason === 'endTurn', 'The next turn failed.');
}

/** @param {Stage} stage */
async function hugeLine({ findings, scene, endpoint }) {
  const sidecar = await scene.start();
  const uri = await newChat(sidecar);
  const events = follow(sidecar);
  endpoint.answer = completion(['one']);
  await sidecar.ask('message/send', { codexId: uri, text: 'Warm up' });
  await lastOf(events);
  const before = residentMb(sidecar);
  endpoint.answer = async (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: {"choices":[{"delta":{"content":"');
    const piece = 'x'.repeat(1024 * 1024);
    for (let sent = 0; sent < 100 && !response.destroyed; sent++) if (!response.write(piece)) await drained(response);
    response.end();
  };
  findings.fault();
  await sidecar.ask('message/send', { codexId: uri, text: 'All of it' });
  const end = await lastOf(events);
  findings.expect(end.stopReason === 'failed' && end.error !== undefined, `It ended with ${end.stopReason}.`);
  findings.expect(sidecar.peakMb() - before < 150, `It held ${Math.round(sidecar.peakMb() - before)} MB more.`);
}

/** @param {Stage} stage */
async function drips({ findings, scene, endpoint }) {
  const sidecar = await scene.start();
  const uri = await newChat(sidecar);
  const events = follow(sidecar);
  const ways = {
    'nothing at all': () => {},
    'the head alone': (/** @type {import('node:http').ServerResponse} */ response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
    },
    'a byte now and then': (/** @type {import('node:http').ServerResponse} */ response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const drip = setInterval(() => response.write(':'), 100);
      response.on('close', () => clearInterval(drip));
    },
  };
  for (const [name, answer] of Object.entries(ways)) {
    endpoint.answer = answer;
    findings.fault();
    const before = endpoint.asked;
    await sidecar.ask('message/send', { codexId: uri, text: name });
    const asked = Date.now() + 30_000;
    while (endpoint.asked === before && Date.now() < asked) await delay(10);
    await delay(300);
    const began = performance.now();
    await sidecar.ask('message/stop', { codexId: uri });
    const end = await lastOf(events);
    findings.expect(
      end.stopReason === 'stopped' && performance.now() - began < soon,
      `${name}: ${end.stopReason} after ${Math.round(performance.now() - began)} ms.`,
    );
    const closed = Date.now() + soon;
    while (endpoint.open > 0 && Date.now() < closed) await delay(20);
    findings.expect(endpoint.open === 0, `${name}: the connection stays open after the stop.`);
  }
}

/** @param {Stage} stage */
async function noNetwork({ findings, scene, endpoint }) {
  for (const before of [[], ...((await mayUnshareNet()) ? [['unshare', '--user', '--map-root-user', '--net']] : [])]) {
    findings.fault();
    const began = performance.now();
    const [command = '', ...args] = [...before, scene.plue, 'run', 'Hello'];
    const connection = ['--kind', 'openai-compatible', '--base-url', 'https://host.invalid/v1', '--model', 'm'];
    const { code, output } = await run(command, [...args, ...connection], { env: { PLUE_HOME: scene.home }, timeout: 60_000 });
    const where = before.length > 0 ? 'Without a network' : 'With a name that is not known';
    findings.expect(performance.now() - began < 15_000, `${where} it took ${Math.round(performance.now() - began)} ms.`);
    findings.expect(code === 1 && /not found|reached/.test(output), `${where} it ended with ${code}: ${output}`);
  }
  const offline = {
    name: 'Offline',
    provider_type: 'openai-compatible',
    endpoint: 'https://host.invalid/v1',
    model: 'm',
    retry_policy: 'none',
  };
  writeFileSync(join(scene.home, 'providers', 'offline.json5'), JSON.stringify(offline));
  const sidecar = await scene.start();
  const uri = await newChat(sidecar);
  const events = follow(sidecar);
  findings.fault();
  await sidecar.ask('message/send', { codexId: uri, text: 'Keep this', provider: 'offline' });
  findings.expect((await lastOf(events)).stopReason === 'failed', 'A question without a network did not fail.');
  const { messages } = await sidecar.ask('codex/get', { uri });
  findings.expect(
    messages.some((/** @type {any} */ message) => textOf(message) === 'Keep this'),
    'The question is lost.',
  );

  endpoint.answer = completion(
    Array.from({ length: 40 }, (_, i) => `word${i} `),
    { pauseMs: 25 },
  );
  await sidecar.ask('message/send', { codexId: uri, text: 'Sleep', provider: 'scripted' });
  while ((await events.next()).kind !== 'textDelta');
  findings.fault();
  sidecar.child.kill('SIGSTOP');
  await delay(3_000);
  sidecar.child.kill('SIGCONT');
  findings.expect((await lastOf(events)).stopReason === 'endTurn', 'The answer did not go on after sleep.');
  const after = await sidecar.ask('codex/get', { uri });
  findings.expect(textOf(after.messages.at(-1)).endsWith('word39 '), 'After sleep the answer is not whole.');
}

/** @param {Stage} stage */
async function strangeHomes({ findings, scene }) {
  const at = (/** @type {string} */ name) => join(scene.workspace, name);
  writeFileSync(at('a-file'), 'not a folder');
  symlinkSync(at('nowhere'), at('a-link-to-nowhere'));
  mkdirSync(at('read-only'));
  chmodSync(at('read-only'), 0o500);
  // For root every folder can be written: there it is another user who starts it.
  const asNobody = process.getuid?.() === 0 && findOnPath('setpriv') ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : [];
  const homes = {
    missing: at('missing/below/it'),
    'a file': at('a-file'),
    'a link to nowhere': at('a-link-to-nowhere'),
    'read-only': at('read-only'),
  };
  for (const [name, home] of Object.entries(homes)) {
    const before = name === 'read-only' ? asNobody : [];
    if (before.length > 0 && !(await run(before[0] ?? '', [...before.slice(1), scene.plue, '--version'])).stdout) continue;
    findings.fault();
    const sidecar = await scene.start({ before, env: { PLUE_HOME: home } });
    const { total } = await sidecar.ask('codex/list', { collection: 'chats' });
    findings.expect(total === 0, `${name}: the list has ${total} chats.`);
    const made = sidecar.ask('codex/create', { templateId: 'ai-chat', providerId: 'tour' });
    if (name === 'missing') findings.expect(!(await isRefused(made)), 'missing: no chat can be made.');
    else {
      const reason = await made.then(
        () => '',
        (error) => String(error.message),
      );
      findings.expect(reason.length > 20 && !reason.includes('Exception'), `${name}: the reason is “${reason}”.`);
    }
    findings.expect(sidecar.child.exitCode === null, `${name}: the sidecar ended.`);
    await sidecar.end();
  }
  findings.expect(readFileSync(at('a-file'), 'utf8') === 'not a folder', 'The file that stood in the way was changed.');
}

/** @param {Stage} stage */
async function damagedVault({ findings, scene, setting }) {
  const unlock = { method: 'editor', methodId: 'test', secret: Buffer.alloc(32).toString('base64') };
  const first = await scene.start();
  await first.ask('vault/create', unlock);
  await first.ask('vault/store', { reference: 'vault://house/api_key', secret: 'a-key-that-is-kept', origins: ['https://example.org'] });
  await first.end();
  const file = join(scene.home, 'vault.json');
  const good = readFileSync(file);
  const damages = [
    good.subarray(0, good.length / 2),
    Buffer.alloc(0),
    Buffer.alloc(good.length),
    flipped(good, Math.floor(good.length * 0.7)),
  ];
  for (const [number, damage] of (setting.every > 1 ? damages.slice(0, 2) : damages).entries()) {
    findings.fault();
    writeFileSync(file, damage);
    const sidecar = await scene.start();
    findings.expect(
      await isRefused(sidecar.ask('vault/unlock', unlock).then(() => sidecar.ask('vault/list', {}))),
      `Damage ${number}: it opened.`,
    );
    findings.expect(await isRefused(sidecar.ask('vault/create', unlock)), `Damage ${number}: a new vault was made over it.`);
    await sidecar.end();
    findings.expect(readFileSync(file).equals(damage), `Damage ${number}: the file was changed.`);
  }
  writeFileSync(file, good);
  const again = await scene.start();
  await again.ask('vault/unlock', unlock);
  const { entries } = await again.ask('vault/list', {});
  findings.expect(entries.length === 1, `Put back, it has ${entries.length} keys.`);
}

/** @param {Stage} stage */
async function longChat({ findings, scene, endpoint }) {
  const maker = ['exec', inArtifacts('bin', 'ChatMaker', 'debug', 'ChatMaker.dll'), 'make', scene.home];
  await run('dotnet', [...maker, '500', '4', '200']);
  const { stdout } = await run('dotnet', [...maker, '1', '10000', '600']);
  const uri = `codex://chats/${JSON.parse(stdout).last}`;
  const sidecar = await scene.start();
  findings.fault();
  let began = performance.now();
  const { total } = await sidecar.ask('codex/list', { collection: 'chats' });
  findings.expect(total === 501 && performance.now() - began < 2_000, `${total} chats after ${Math.round(performance.now() - began)} ms.`);
  began = performance.now();
  const opened = await sidecar.ask('codex/get', { uri, limit: 100 });
  findings.expect(
    opened.messages.length === 100 && performance.now() - began < 2_000,
    `It opened after ${Math.round(performance.now() - began)} ms.`,
  );
  const events = follow(sidecar);
  endpoint.answer = completion(['fine']);
  const file = join(scene.home, 'codices', 'chats', `${JSON.parse(stdout).last}.jsonl`);
  const size = () => readFileSync(file).length;
  for (const text of ['short', 'x'.repeat(1024 * 1024)]) {
    const before = size();
    findings.fault();
    await sidecar.ask('message/send', { codexId: uri, text, provider: 'scripted', model: 'm' });
    const end = await lastOf(events);
    findings.expect(end.stopReason === 'endTurn', `A message of ${text.length} characters ended with ${end.stopReason}.`);
    findings.expect(size() - before < text.length + 20_000, `A message of ${text.length} characters added ${size() - before} bytes.`);
  }
}

/** @param {Stage} stage */
async function readsNothing({ findings, scene, endpoint }) {
  const words = 20_000;
  endpoint.answer = completion(Array.from({ length: words }, (_, i) => `a longer word with the number ${i} `));
  const sidecar = await scene.start();
  const uri = await newChat(sidecar);
  const events = follow(sidecar);
  const before = residentMb(sidecar);
  findings.fault();
  sidecar.child.stdout.pause();
  sidecar.tell('message/send', {});
  const sent = sidecar.ask('message/send', { codexId: uri, text: 'All of it' });
  const journal = () =>
    readdirSync(join(scene.home, 'codices', 'chats'))
      .filter((name) => name.endsWith('.jsonl'))
      .map((name) => readFileSync(join(scene.home, 'codices', 'chats', name), 'utf8'))
      .join('');
  // Its output is not read, and the response is stored completely.
  const deadline = Date.now() + 30_000;
  while (!journal().includes(`number ${words - 1} `) && Date.now() < deadline) await delay(200);
  findings.expect(journal().includes(`number ${words - 1} `), 'The answer waits for the window.');
  findings.expect(sidecar.peakMb() - before < 120, `It held ${Math.round(sidecar.peakMb() - before)} MB more.`);
  sidecar.child.stdout.resume();
  await sent;
  findings.expect((await lastOf(events)).stopReason === 'endTurn', 'The ending did not arrive.');
  const { messages } = await sidecar.ask('codex/get', { uri });
  findings.expect(textOf(messages.at(-1)).endsWith(`number ${words - 1} `), 'The stored answer is not whole.');
}

/** @param {Stage} stage */
async function manyRequests({ findings, scene }) {
  const sidecar = await scene.start();
  findings.fault();
  const replies = await Promise.allSettled(
    Array.from({ length: 10_000 }, (_, i) => sidecar.ask(i % 2 === 0 ? 'codex/list' : `nothing/of${i}`, { collection: 'chats' })),
  );
  const answered = replies.filter(({ status }) => status === 'fulfilled').length;
  findings.expect(answered === 5_000, `${answered} of 5000 were answered.`);
  findings.expect((await sidecar.ask('codex/list', { collection: 'chats' })).total === 0, 'The next request has another answer.');
}

/** Every byte on stdout belongs to a frame, whatever the runtime is finding to say. @param {Stage} stage */
async function noise({ findings, scene }) {
  const env = {
    PLUE_HOME: scene.home,
    COREHOST_TRACE: '1',
    COREHOST_TRACE_VERBOSITY: '4',
    DOTNET_gcTrace: '1',
    DOTNET_JitStdOutFile: '/dev/null',
    DOTNET_EnableEventPipe: '0',
    TERM: 'xterm',
    LANG: 'de_DE.UTF-8',
  };
  const child = spawn(scene.plue, ['serve', '--log', 'Trace'], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  /** @type {Buffer[]} */
  const received = [];
  child.stdout.on('data', (piece) => received.push(piece));
  const exited = new Promise((resolve) => child.on('close', resolve));
  findings.fault();
  const messages = [
    { id: 1, method: 'initialize', params: { processId: process.pid, initializationOptions: { trusted: true } } },
    { method: 'initialized', params: {} },
    { id: 2, method: 'codex/create', params: { templateId: 'ai-chat', providerId: 'scripted' } },
    { id: 3, method: 'provider/list', params: {} },
    { id: 4, method: 'shutdown' },
    { method: 'exit' },
  ];
  for (const message of messages) {
    const body = JSON.stringify({ jsonrpc: '2.0', ...message });
    child.stdin.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  }
  // Where it has ended already there is nothing left to kill.
  await within(exited, 30_000, 'It did not end.').finally(() => child.kill('SIGKILL'));
  let rest = Buffer.concat(received);
  let frames = 0;
  while (rest.length > 0) {
    const [head, length] = /^Content-Length: (\d+)\r\n\r\n/.exec(rest.toString('latin1', 0, 60)) ?? [];
    if (!head) break;
    JSON.parse(rest.toString('utf8', head.length, head.length + Number(length)));
    rest = rest.subarray(head.length + Number(length));
    frames++;
  }
  findings.expect(rest.length === 0, `Between the frames stands: ${rest.toString('utf8', 0, 200)}`);
  findings.expect(frames >= 4, `Only ${frames} frames came.`);
}

/** @param {Stage} stage */
async function editorKilled({ findings, scene, endpoint }) {
  endpoint.answer = completion([], { calls: [{ name: 'bash', parameters: { command: 'sleep 120' } }] });
  // The editor: a process that starts the sidecar and is killed; the pipes go with it.
  const editor = fileURLToPath(new URL('./editor.mjs', import.meta.url));
  for (const doing of ['nothing', 'a command']) {
    const child = spawn(process.execPath, [editor, scene.home, scene.workspace, doing, scene.plue], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const line = await within(
      new Promise((resolve) => child.stdout.once('data', (text) => resolve(String(text)))),
      60_000,
      'The editor did not begin.',
    ).catch((error) => {
      child.kill('SIGKILL');
      throw error;
    });
    const pids = String(line).trim().split(' ').map(Number);
    findings.expect(pids.length === (doing === 'nothing' ? 1 : 2) && pids.every(isRunning), `While it does ${doing} there run: ${line}`);
    findings.fault();
    child.kill('SIGKILL');
    const deadline = Date.now() + 10_000;
    while (pids.some(isRunning) && Date.now() < deadline) await delay(50);
    findings.expect(
      !pids.some(isRunning),
      `While it did ${doing} the editor was killed, and after 10 s there still runs ${pids.filter(isRunning).join(', ')}.`,
    );
  }
}

/** @param {Stage} stage */
async function folderGone({ findings, scene, endpoint, setting }) {
  const cwd = mkdtempSync(join(setting.folder, 'cwd-'));
  endpoint.answer = completion(['fine']);
  const sidecar = await scene.start({ cwd });
  rmSync(cwd, { recursive: true });
  rmSync(scene.workspace, { recursive: true });
  findings.fault();
  const uri = await newChat(sidecar, 'coder');
  const events = follow(sidecar);
  await sidecar.ask('message/send', { codexId: uri, text: 'Still there?' });
  findings.expect((await lastOf(events)).stopReason === 'endTurn', 'A plain question fails without a folder.');
  endpoint.answers = [completion([], { calls: [{ name: 'read', parameters: { path: 'a.txt' } }] }), completion(['It is gone.'])];
  findings.fault();
  await sidecar.ask('message/send', { codexId: uri, text: 'Read it' });
  findings.expect((await lastOf(events)).stopReason === 'endTurn', 'A tool in a folder that is gone ends the turn.');
}

/** @param {Stage} stage */
async function fewFiles({ findings, scene, endpoint }) {
  if (!findOnPath('prlimit')) return void (findings.finding.skipped = 'There is no `prlimit` on PATH.');
  endpoint.answer = completion(['fine']);
  const roomy = await scene.start();
  const uri = await newChat(roomy);
  let events = follow(roomy);
  await roomy.ask('message/send', { codexId: uri, text: 'before' });
  await lastOf(events);
  // From now on it can open nothing more.
  findings.fault();
  await run('prlimit', ['--pid', String(roomy.child.pid), '--nofile=8:8']);
  const refusal = await roomy.ask('message/send', { codexId: uri, text: 'without a file' }).then(
    async () => (await lastOf(events)).error?.message ?? 'it worked',
    (error) => error.message,
  );
  findings.expect(refusal.length > 10 && !refusal.includes('Exception'), `The refusal is “${refusal}”.`);
  findings.expect(roomy.child.exitCode === null, 'The sidecar ended.');
  await roomy.end();
  const again = await scene.start();
  const { messages } = await again.ask('codex/get', { uri });
  findings.expect(textOf(messages[0]) === 'before' && textOf(messages[1]) === 'fine', 'What was there is not there.');
  events = follow(again);
  await again.ask('message/send', { codexId: uri, text: 'after' });
  findings.expect((await lastOf(events)).stopReason === 'endTurn', 'With files again it does not go on.');
}

/** @param {Stage} stage */
async function manyTurns({ findings, scene, endpoint, setting }) {
  endpoint.answer = completion(Array.from({ length: 50 }, (_, i) => `word${i} `));
  const sidecar = await scene.start();
  const warm = setting.every > 1 ? 30 : 300;
  const turns = setting.every > 1 ? 90 : 3_000;
  let before = { files: 0, mb: 0, left: 0 };
  const state = () => ({
    files: openFiles(sidecar).length,
    mb: residentMb(sidecar),
    left: readdirSync(scene.home, { recursive: true }).length,
  });
  const events = follow(sidecar);
  let uri = '';
  let chats = 0;
  for (let turn = 0; turn < turns; turn++) {
    if (turn === warm) before = { ...state(), left: state().left - chats };
    if (turn % 30 === 0) {
      uri = await newChat(sidecar);
      chats++;
    }
    findings.fault();
    await sidecar.ask('message/send', { codexId: uri, text: `turn ${turn}` });
    const end = await lastOf(events);
    if (end.stopReason !== 'endTurn') findings.expect(false, `Turn ${turn} ended with ${end.stopReason}.`);
  }
  await delay(500);
  const after = { ...state(), left: state().left - chats };
  findings.expect(after.files <= before.files + 8, `Open files: ${before.files}, then ${after.files}.`);
  findings.expect(after.mb <= before.mb + 60, `Memory: ${Math.round(before.mb)} MB, then ${Math.round(after.mb)} MB.`);
  // Each chat has files of its own; beside them a few may come.
  findings.expect(after.left <= before.left + chats + 8, `Files: ${before.left}, then ${after.left} with ${chats} chats.`);
  const children = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && parentOf(name) === sidecar.child.pid);
  findings.expect(children.length === 0, `${children.length} children are left.`);
}

/** @param {Sidecar} sidecar @param {string} [templateId] @returns {Promise<string>} */
async function newChat(sidecar, templateId = 'ai-chat') {
  return (await sidecar.ask('codex/create', { templateId, providerId: 'scripted', model: 'm' })).uri;
}

/** The events of all turns, in their order. @param {Sidecar} sidecar */
function follow(sidecar) {
  /** @type {any[]} */
  const queue = [];
  /** @type {((event: any) => void) | undefined} */
  let waiting;
  sidecar.on('message/event', ({ event }) => {
    if (waiting) waiting(event);
    else queue.push(event);
    waiting = undefined;
  });
  return {
    waiting: () => queue.length,
    next: () =>
      queue.length > 0 ? Promise.resolve(queue.shift()) : within(new Promise((resolve) => (waiting = resolve)), 60_000, 'No event came.'),
  };
}

/** The end of a turn. @param {ReturnType<typeof follow>} events */
async function lastOf(events) {
  for (;;) {
    const event = await events.next();
    if (event.kind === 'turnFinished') return event;
  }
}

/** @param {Promise<any>} work @param {number} ms @param {string} otherwise @returns {Promise<any>} */
function within(work, ms, otherwise) {
  const late = new AbortController();
  const timeout = delay(ms, undefined, { signal: late.signal }).then(
    () => Promise.reject(new Error(otherwise)),
    () => undefined,
  );
  return Promise.race([work, timeout]).finally(() => late.abort());
}

/** @param {Promise<unknown>} work */
const isRefused = (work) =>
  work.then(
    () => false,
    () => true,
  );

/** @param {any} message @returns {string} */
const textOf = (message) =>
  (message?.parts ?? [])
    .filter((/** @type {any} */ { kind }) => kind === 'text')
    .map((/** @type {any} */ { content }) => content)
    .join('');

/** @param {Buffer} bytes @param {number} at */
function flipped(bytes, at) {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

/** @param {Sidecar} sidecar */
const residentMb = (sidecar) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${sidecar.child.pid}/status`, 'utf8'))?.[1]) / 1024;

/** @param {Sidecar} sidecar */
const openFiles = (sidecar) => readdirSync(`/proc/${sidecar.child.pid}/fd`);

/** @param {string} pid @returns {number | undefined} */
function parentOf(pid) {
  try {
    return Number(/^\d+ \(.*\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1]);
  } catch {
    return undefined; // It ended while we looked.
  }
}

/** Whether it runs and is no zombie. @param {number} pid */
function isRunning(pid) {
  try {
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

async function mayUnshareNet() {
  return findOnPath('unshare') !== undefined && (await run('unshare', ['--user', '--map-root-user', '--net', 'true'])).code === 0;
}
