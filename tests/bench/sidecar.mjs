// `plue serve` as a child: requests with LSP framing answered by id, notifications by name, and what memory it took.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * @typedef {any} Result What the bench asks for is checked by the tests.
 * @typedef {{id?: number, method?: string, params: Result, result: Result, error?: {message: string}}} Incoming
 * @param {import('./measure.mjs').Program} program
 * @param {string} [workspaceFolder] Open and trusted.
 */
export async function startSidecar({ command, args, env, cwd }, workspaceFolder) {
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'ignore'] });
  // Of one that was killed we hear through its end.
  child.stdin.on('error', () => {});
  const exited = new Promise((resolve) => child.on('close', resolve).on('error', resolve));
  /** @type {Map<number, (message: Incoming) => void>} */
  const waiting = new Map();
  /** @type {Map<string, (params: Result) => void>} */
  const listening = new Map();
  listen(child.stdout, (message) => {
    if (message.id === undefined) return listening.get(message.method ?? '')?.(message.params);
    waiting.get(message.id)?.(message);
    waiting.delete(message.id);
  });
  let last = 0;
  /** @param {string} method @param {object} params @returns {Promise<Result>} */
  const ask = async (method, params) => {
    const id = ++last;
    const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    const replied = new Promise((/** @type {(message: Incoming) => void} */ resolve) => waiting.set(id, resolve));
    child.stdin.write(`Content-Length: ${body.length}\r\n\r\n`);
    child.stdin.write(body);
    const message = await Promise.race([replied, exited.then(() => undefined)]);
    if (message === undefined) throw new Error(`\`plue serve\` ended before it answered ${method}.`);
    if (message.error) throw new Error(`${method}: ${message.error.message}`);
    return message.result;
  };
  /** @param {string} method @param {object} params */
  const tell = (method, params) => {
    const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', method, params }));
    child.stdin.write(`Content-Length: ${body.length}\r\n\r\n`);
    child.stdin.write(body);
  };
  const end = async () => {
    child.stdin.end();
    const hard = setTimeout(() => child.kill('SIGKILL'), 5_000);
    await exited;
    clearTimeout(hard);
  };
  try {
    await ask('initialize', { processId: process.pid, initializationOptions: { trusted: true, workspaceFolder } });
  } catch (error) {
    await end();
    throw error;
  }
  return {
    ask,
    tell,
    end,
    child,
    exited,
    /** One listener a method. @param {string} method @param {(params: Result) => void} listener */
    on: (method, listener) => void listening.set(method, listener),
    /** The most it held so far, in megabytes. */
    peakMb: () => heldMb(child.pid, 'VmHWM'),
    /** User and system time so far, in milliseconds. */
    cpuMs: () => usedMs(child.pid),
    /** What it holds once it has been idle for so long that it returned what it needs no more, in megabytes. */
    idleMb: async () => {
      await new Promise((resolve) => setTimeout(resolve, untilIdleMs));
      return heldMb(child.pid, 'VmRSS');
    },
  };
}

/** Three times as long as the sidecar waits before it counts as idle: it was busy in the first of these pauses. */
const untilIdleMs = 6_000;

/** @param {number | undefined} pid @param {'VmHWM' | 'VmRSS'} what */
function heldMb(pid, what) {
  return Number(new RegExp(`${what}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

/** In ticks of the kernel, which are a hundredth of a second. @param {number | undefined} pid */
function usedMs(pid) {
  const [, fields = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const [user, system] = fields.split(' ').slice(11, 13);
  return (Number(user) + Number(system)) * 10;
}

/** @param {import('node:stream').Readable} stdout @param {(message: Incoming) => void} take */
function listen(stdout, take) {
  /** @type {Buffer[]} */
  let chunks = [];
  let needed = 0;
  let have = 0;
  stdout.on('data', (chunk) => {
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
      take(message);
    }
    chunks = [buffer];
    have = buffer.length;
  });
}
