// Injects one fault into one system call of a program, and lists its calls.
import { readFileSync } from 'node:fs';
import { step } from '../../scripts/lib/progress.mjs';
import { findOnPath, run } from '../../scripts/lib/run.mjs';

/** Calls that change a file or name one. */
export const changing = [
  'openat',
  'pwrite64',
  'write',
  'fsync',
  'fdatasync',
  'ftruncate',
  'rename',
  'link',
  'unlink',
  'mkdir',
  'utimensat',
];

/** One thread does all the work, because faults are counted for each thread. */
export const oneThread = { DOTNET_PROCESSOR_COUNT: '1', DOTNET_ThreadPool_ForceMaxWorkerThreads: '1' };

/**
 * @typedef {object} Point The `when`-th call of its kind in its thread.
 * @property {string} call
 * @property {number} when
 *
 * @typedef {object} Traced
 * @property {import('../../scripts/lib/run.mjs').Finished} finished
 * @property {string} trace
 */

/** Why faults cannot be injected here; undefined when they can. @returns {Promise<string | undefined>} */
export async function whyNot() {
  if (process.platform !== 'linux') return 'strace needs Linux.';
  if (!findOnPath('strace') && process.getuid?.() === 0 && findOnPath('apt-get')) {
    const env = { DEBIAN_FRONTEND: 'noninteractive' };
    await step('Installing strace (once)', async () => {
      await run('apt-get', ['update', '-q'], { env });
      await run('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'strace'], { env });
    });
  }
  if (!findOnPath('strace')) return 'There is no `strace` on PATH (Debian: `apt-get install strace`).';
  const tried = await run('strace', ['-f', '-qq', '--seccomp-bpf', '-o', '/dev/null', '-e', 'trace=fsync', 'true']);
  return tried.code === 0 ? undefined : `strace may not trace here: ${tried.output.trim().split('\n')[0]}`;
}

/**
 * Runs a program with a fault, or with none to see what it does.
 * @param {string} traceFile
 * @param {string[]} command
 * @param {string[]} calls What is traced.
 * @param {string} [fault] As "fsync:error=EIO:when=3".
 * @returns {Promise<Traced>}
 */
export async function traced(traceFile, command, calls, fault) {
  // With its filter strace stops where no signal can be given.
  const how = fault?.includes('signal=') ? [] : ['--seccomp-bpf'];
  const inject = fault ? ['-e', `inject=${fault}`] : [];
  const finished = await run(
    'strace',
    ['-f', '-qq', ...how, '-y', '-o', traceFile, '-e', `trace=${calls.join(',')}`, ...inject, ...command],
    { env: oneThread, timeout: 120_000 },
  );
  return { finished, trace: readFileSync(traceFile, 'utf8') };
}

/**
 * The calls that touch a folder and change something there.
 * @param {string} trace @param {string} folder @returns {Point[]}
 */
export function pointsIn(trace, folder) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  const points = new Map();
  for (const line of trace.split('\n')) {
    const [, thread, call] = /^(\d+) +(\w+)\(/.exec(line) ?? [];
    if (!thread || !call) continue;
    const when = (counts.get(`${thread} ${call}`) ?? 0) + 1;
    counts.set(`${thread} ${call}`, when);
    if (line.includes(`${folder}/`) && (call !== 'openat' || line.includes('O_CREAT'))) points.set(`${call} ${when}`, { call, when });
  }
  return [...points.values()];
}

/** Whether the fault was met, and in this folder. @param {string} trace @param {string} folder @param {string} call */
export function wasMet(trace, folder, call) {
  const lines = trace.trimEnd().split('\n');
  const injected = lines.findLast((line) => line.includes('(INJECTED)')) ?? '';
  const killed = lines.some((line) => line.includes('+++ killed by SIGKILL'));
  const last = lines.findLast((line) => new RegExp(`^\\d+ +${call}\\(`).test(line)) ?? '';
  return injected ? injected.includes(`${folder}/`) : killed && last.includes(`${folder}/`);
}
