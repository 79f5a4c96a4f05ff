// Runs programs to their end with their output captured, or in the background.
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Stop } from './progress.mjs';
import { root } from './paths.mjs';

const onWindows = process.platform === 'win32';

/**
 * @typedef {object} Finished
 * @property {number} code The exit code; 128 + n for a signal, 127 if it could not be started, 124 after a timeout.
 * @property {string} stdout
 * @property {string} output Both streams, in order of arrival.
 */

/**
 * Runs a program to its end.
 * @param {string} command
 * @param {string[]} args
 * @param {{cwd?: string, env?: NodeJS.ProcessEnv, show?: boolean, timeout?: number}} [options] `show` also prints the output; `timeout` is in milliseconds.
 * @returns {Promise<Finished>}
 */
export function run(command, args, { cwd = root, env, show = false, timeout } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: onWindows && !command.includes('\\'),
      detached: !onWindows && timeout !== undefined,
    });
    let stdout = '';
    let output = '';
    let timedOut = false;
    const timer =
      timeout === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            endGroup(child.pid, 'SIGKILL');
          }, timeout);
    const keep = (/** @type {boolean} */ isStdout) => (/** @type {string} */ text) => {
      if (isStdout) stdout += text;
      output += text;
      if (show) process.stderr.write(text);
    };
    child.stdout.setEncoding('utf8').on('data', keep(true));
    child.stderr.setEncoding('utf8').on('data', keep(false));
    const end = (/** @type {number} */ code) => {
      clearTimeout(timer);
      resolve({ code, stdout, output });
    };
    child.on('error', (error) => {
      output += `${error.message}\n`;
      end(127);
    });
    child.on('close', (code, signal) => {
      if (timedOut) output += `Ended after ${(timeout ?? 0) / 1000} s without finishing.\n`;
      end(timedOut ? 124 : (code ?? (signal ? 137 : 1)));
    });
  });
}

/**
 * Runs a program that must succeed; otherwise throws a Stop with its last lines.
 * @param {string} command
 * @param {string[]} args
 * @param {Parameters<typeof run>[2]} [options]
 */
export async function runOrStop(command, args, options) {
  const finished = await run(command, args, options);
  if (finished.code !== 0) {
    const tail = options?.show ? '' : `\n${finished.output.trimEnd().split('\n').slice(-40).join('\n')}`;
    throw new Stop(`\`${[command, ...args].join(' ')}\` failed with exit code ${finished.code}.${tail}`);
  }
  return finished;
}

/**
 * Starts a program in its own process group, so that {@link Background.stop} also ends its children.
 * @typedef {object} Background
 * @property {import('node:child_process').ChildProcess} child
 * @property {Promise<number>} exited
 * @property {() => Promise<void>} stop Sends SIGTERM, and SIGKILL five seconds later.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{cwd?: string, env?: NodeJS.ProcessEnv}} [options]
 * @returns {Background}
 */
export function startInBackground(command, args, { cwd = root, env } = {}) {
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: !onWindows,
  });
  /** @type {Promise<number>} */
  const exited = new Promise((resolve) => {
    child.on('error', () => resolve(127));
    child.on('exit', (code) => resolve(code ?? 137));
  });
  const stop = async () => {
    endGroup(child.pid, 'SIGTERM');
    const hard = setTimeout(() => endGroup(child.pid, 'SIGKILL'), 5_000);
    await exited;
    clearTimeout(hard);
    endGroup(child.pid, 'SIGKILL');
  };
  return { child, exited, stop };
}

/** Returns the full path of a program on PATH, or undefined. @param {string} name */
export function findOnPath(name) {
  const names = onWindows ? [`${name}.exe`, `${name}.cmd`, name] : [name];
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    for (const candidate of names) {
      const path = join(folder, candidate);
      try {
        accessSync(path, constants.X_OK);
        return path;
      } catch {
        // Not in this folder.
      }
    }
  }
  return undefined;
}

/** @param {number | undefined} pid @param {NodeJS.Signals} signal */
function endGroup(pid, signal) {
  if (pid === undefined) return;
  try {
    process.kill(onWindows ? pid : -pid, signal);
  } catch {
    // Already ended.
  }
}
