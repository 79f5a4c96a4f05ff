// What a program costs, from the outside: time to its first output, CPU and peak memory (Linux).
import { spawn } from 'node:child_process';

/**
 * @typedef {object} Program
 * @property {string} command
 * @property {string[]} args
 * @property {NodeJS.ProcessEnv} [env]
 * @property {string} [cwd]
 */

/** The word that every response of the benchmark's model begins with. */
const firstWord = 'word0';

/** Milliseconds from spawn to the first word of the response on stdout and to the end, and how many bytes came. @param {Program} program */
export async function timeOf({ command, args, env, cwd }) {
  const started = performance.now();
  const child = spawn(command, args, { env: { ...process.env, ...env }, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let first = 0;
  let begin = '';
  let bytes = 0;
  let errors = '';
  child.stdout.on('data', (chunk) => {
    bytes += chunk.length;
    if (first > 0) return;
    begin += chunk;
    if (begin.includes(firstWord)) first = performance.now() - started;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => (errors += text));
  const code = await new Promise((resolve) => child.on('close', resolve).on('error', resolve));
  if (code !== 0 || first === 0) throw new Error(`${command} ended with ${code} and ${bytes} bytes.\n${errors}`);
  return { firstMs: first, totalMs: performance.now() - started, bytes };
}

// Node does not tell what a child has used; `wait4` does. Perl is on every Debian and has `syscall`; being
// small, the memory it shares until `exec` stays below that of anything measured here.
const waiter = `
  $pid = fork; if (!$pid) { exec @ARGV; exit 127 }
  $status = pack 'x8'; $usage = pack 'x256';
  syscall($ENV{WAIT4}, $pid, $status, 0, $usage);
  @u = unpack 'q5', $usage;
  printf STDERR "\\nused %d %d %d\\n", unpack('i', $status) >> 8, $u[0] * 1e6 + $u[1] + $u[2] * 1e6 + $u[3], $u[4];
`;
const wait4 = process.arch === 'arm64' ? '260' : '61';

/** CPU (user and system) in milliseconds and peak memory in megabytes. @param {Program} program */
export async function costOf({ command, args, env, cwd }) {
  const child = spawn('perl', ['-e', waiter, command, ...args], {
    env: { ...process.env, ...env, WAIT4: wait4 },
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let bytes = 0;
  let errors = '';
  child.stdout.on('data', (chunk) => (bytes += chunk.length));
  child.stderr.setEncoding('utf8').on('data', (text) => (errors += text));
  await new Promise((resolve) => child.on('close', resolve).on('error', resolve));
  const [, code, micros, kilobytes] = /\nused (\d+) (\d+) (\d+)\n$/.exec(errors) ?? [];
  if (code !== '0') throw new Error(`${command} ended with ${code ?? 'no measure'}.\n${errors}`);
  return { cpuMs: Number(micros) / 1000, peakMb: Number(kilobytes) / 1024, bytes };
}

/** @param {number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
