// `plue serve` with many providers and many models: how long a warm `provider/list` and `provider/models` take, beside reading the same files bare.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { median } from './measure.mjs';

/**
 * @typedef {{id: number, result: {items: {file?: string}[], models: object[]}, error?: {message: string}}} Reply
 * @param {import('./measure.mjs').Program} program Its PLUE_HOME is filled here.
 * @param {{home: string, modelsAt: string, providers: number, models: number, rounds: number}} size `modelsAt` is an address that lists that many models.
 */
export async function registryOnce({ command, args, env }, { home, modelsAt, providers, models, rounds }) {
  const folder = join(home, 'providers');
  mkdirSync(folder, { recursive: true });
  for (let i = 0; i < providers; i++)
    writeFileSync(join(folder, `p${i}.json5`), provider(i, i === 0 ? modelsAt : `https://p${i}.example/v1`));
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'ignore'] });
  const exited = new Promise((resolve) => child.on('close', resolve).on('error', resolve));
  const ask = asker(child, exited);
  try {
    await ask('initialize', { processId: process.pid, initializationOptions: { trusted: true } });
    // Files that were written a moment ago are read again each time, as they may change again within a tick of the clock.
    await delay(2_500);
    const listed = await ask('provider/list', {});
    if (listed.items.filter((item) => item.file).length !== providers) throw new Error('Not every provider was listed.');
    const offered = await ask('provider/models', { id: 'p0', refresh: true });
    if (offered.models.length !== models) throw new Error(`${offered.models.length} models were listed instead of ${models}.`);
    const stored = join(home, 'index', 'models', 'p0.json');
    const times = { list: timer(), bareList: timer(), models: timer(), bareModels: timer() };
    for (let round = 0; round <= rounds; round++) {
      await times.list(round, () => ask('provider/list', {}));
      await times.bareList(round, () => readdirSync(folder).map((name) => readFileSync(join(folder, name))));
      await times.models(round, () => ask('provider/models', { id: 'p0' }));
      await times.bareModels(round, () => JSON.parse(readFileSync(stored, 'utf8')));
    }
    return {
      listMs: median(times.list.taken),
      bareListMs: median(times.bareList.taken),
      modelsMs: median(times.models.taken),
      bareModelsMs: median(times.bareModels.taken),
    };
  } finally {
    child.stdin.end();
    const hard = setTimeout(() => child.kill('SIGKILL'), 5_000);
    await exited;
    clearTimeout(hard);
  }
}

/** The first round warms up and is not counted. */
function timer() {
  /** @type {number[]} */
  const taken = [];
  const time = async (/** @type {number} */ round, /** @type {() => unknown} */ work) => {
    const started = performance.now();
    await work();
    if (round > 0) taken.push(performance.now() - started);
  };
  return Object.assign(time, { taken });
}

/** @param {number} i @param {string} endpoint */
function provider(i, endpoint) {
  return `// Number ${i}\n{\n  name: "Provider ${i}",\n  provider_type: "openai-compatible",\n  endpoint: "${endpoint}",\n  model: "m",\n  api_key_ref: "vault://p${i}/api_key",\n  headers: { "X-Team": "bench" },\n}\n`;
}

/**
 * Requests with LSP framing, answered by id.
 * @param {import('node:child_process').ChildProcessByStdio<import('node:stream').Writable, import('node:stream').Readable, null>} child
 * @param {Promise<unknown>} exited
 */
function asker(child, exited) {
  /** @type {Map<number, (message: Reply) => void>} */
  const waiting = new Map();
  /** @type {Buffer[]} */
  let chunks = [];
  let needed = 0;
  let have = 0;
  child.stdout.on('data', (chunk) => {
    chunks.push(chunk);
    have += chunk.length;
    if (have < needed) return;
    let buffer = Buffer.concat(chunks);
    for (;;) {
      const end = buffer.indexOf('\r\n\r\n');
      const length = end < 0 ? NaN : Number(/Content-Length: (\d+)/i.exec(buffer.toString('latin1', 0, end))?.[1]);
      needed = end < 0 ? 0 : end + 4 + length;
      if (end < 0 || buffer.length < needed) break;
      const message = JSON.parse(buffer.toString('utf8', end + 4, needed));
      buffer = buffer.subarray(needed);
      waiting.get(message.id)?.(message);
      waiting.delete(message.id);
    }
    chunks = [buffer];
    have = buffer.length;
  });
  let last = 0;
  return async (/** @type {string} */ method, /** @type {object} */ params) => {
    const id = ++last;
    const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    const replied = new Promise((/** @type {(message: Reply) => void} */ resolve) => waiting.set(id, resolve));
    child.stdin.write(`Content-Length: ${body.length}\r\n\r\n`);
    child.stdin.write(body);
    const message = await Promise.race([replied, exited.then(() => undefined)]);
    if (message === undefined) throw new Error(`\`plue serve\` ended before it answered ${method}.`);
    if (message.error) throw new Error(`${method}: ${message.error.message}`);
    return message.result;
  };
}
