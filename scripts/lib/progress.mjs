// Prints the progress of a script. A step shorter than a second prints nothing; a longer one prints a line
// after a second, reminders while it runs, and its duration at the end.
import { readFileSync } from 'node:fs';

const announceAfter = 1_000;
const remindEvery = 20_000;

/**
 * @template T
 * @param {string} title The activity, such as "Installing the VS Code server".
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step(title, work) {
  const started = Date.now();
  let announced = false;
  const seconds = () => `${((Date.now() - started) / 1000).toFixed(1)} s`;
  const announce = setTimeout(() => {
    announced = true;
    say(`${title} …`);
  }, announceAfter);
  const remind = setInterval(() => say(`${title}: still at it after ${seconds()}`), remindEvery);
  try {
    const result = await work();
    if (announced) say(`${title}: ${seconds()}`);
    return result;
  } finally {
    clearTimeout(announce);
    clearInterval(remind);
  }
}

/** Prints one line for the user on stderr, so that stdout contains only results. @param {string} line */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

/** An error that the user can fix: only its message is shown, without a stack. */
export class Stop extends Error {}

/** An invalid value of an option. */
export class WrongOption extends Stop {}

/**
 * Runs a script's main function and exits with 1 after an error. Prints the message of a {@link Stop}, also the usage for a wrong option, and a stack for all
 * other errors.
 * @param {() => Promise<number | void>} main
 */
export async function runMain(main) {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    // The second sentence of `parseArgs` is about positional arguments.
    if (isWrongOption(error)) say(`${error.message.replace(/(?<=^Unknown option '[^']*')\. .*/s, '')}\n\n${usage()}`);
    else say(error instanceof Stop ? error.message : String(error instanceof Error ? error.stack : error));
    process.exitCode = 1;
  }
}

/** True for an error of `parseArgs` and for {@link WrongOption}. @param {unknown} error @returns {error is Error} */
function isWrongOption(error) {
  if (error instanceof WrongOption) return true;
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_');
}

/** Returns the comment at the top of the running script, which documents its options. */
function usage() {
  const lines = readFileSync(process.argv[1] ?? '', 'utf8').split('\n');
  const end = lines.findIndex((line) => !line.startsWith('//'));
  return lines
    .slice(0, end)
    .map((line) => line.slice('// '.length))
    .join('\n');
}
