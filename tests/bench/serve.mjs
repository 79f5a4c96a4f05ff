// `plue serve`: how soon it responds to `initialize`, and its memory while idle.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * @param {import('./measure.mjs').Program} program
 * @param {number} idleFor Milliseconds to wait before memory is read; 0 to leave it out.
 */
export async function serveOnce({ command, args, env }, idleFor) {
  const started = performance.now();
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'ignore'] });
  const exited = new Promise((resolve) => child.on('close', resolve).on('error', resolve));
  const replied = new Promise((resolve) => {
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk) => /"id":1[,}]/.test((text += chunk)) && resolve(true));
  });
  const params = { processId: process.pid, clientInfo: { name: 'bench' }, initializationOptions: { trusted: true } };
  say(child, { jsonrpc: '2.0', id: 1, method: 'initialize', params });
  if ((await Promise.race([replied, exited.then(() => false)])) !== true)
    throw new Error('`plue serve` ended before it answered `initialize`.');
  const initializeMs = performance.now() - started;
  say(child, { jsonrpc: '2.0', method: 'initialized', params: {} });
  let idleMb = 0;
  if (idleFor > 0) {
    await delay(idleFor);
    idleMb = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024;
  }
  say(child, { jsonrpc: '2.0', id: 2, method: 'shutdown' });
  say(child, { jsonrpc: '2.0', method: 'exit' });
  child.stdin.end();
  const hard = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await exited;
  clearTimeout(hard);
  return { initializeMs, idleMb };
}

/** @param {import('node:child_process').ChildProcessWithoutNullStreams | import('node:child_process').ChildProcessByStdio<import('node:stream').Writable, import('node:stream').Readable, null>} child @param {object} message */
function say(child, message) {
  const body = Buffer.from(JSON.stringify(message));
  child.stdin.write(`Content-Length: ${body.length}\r\n\r\n`);
  child.stdin.write(body);
}
