// Says what a script is doing. A step that ends within a second stays silent; a longer one gets a
// line when it starts to be long and one with its time at the end, and a sign of life in between.
import { readFileSync } from 'node:fs';

const announceAfter = 1_000;
const remindEvery = 20_000;

/**
 * @template T
 * @param {string} title What is being done, as "Installing the VS Code server".
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

/** One line for the person at the terminal. On stderr, so that stdout stays what was asked for. @param {string} line */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

/** An end that the user can do something about: its text is the whole story, so no stack is shown. */
export class Stop extends Error {}

/** A value that an option does not take. */
export class WrongOption extends Stop {}

/** Runs a script's main function: a {@link Stop} is a sentence, a wrong option a sentence and the usage, anything else a stack; all exit with 1. @param {() => Promise<number | void>} main */
export async function runMain(main) {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    if (isWrongOption(error)) say(`${error.message}\n\n${usage()}`);
    else say(error instanceof Stop ? error.message : String(error instanceof Error ? error.stack : error));
    process.exitCode = 1;
  }
}

/** What `parseArgs` throws, and a {@link WrongOption}. @param {unknown} error @returns {error is Error} */
function isWrongOption(error) {
  if (error instanceof WrongOption) return true;
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_');
}

/** The comment at the top of the script that runs: it says what the script takes. */
function usage() {
  const lines = readFileSync(process.argv[1] ?? '', 'utf8').split('\n');
  const end = lines.findIndex((line) => !line.startsWith('//'));
  return lines
    .slice(0, end)
    .map((line) => line.slice('// '.length))
    .join('\n');
}
