// Many and large chats: appending, opening, listing and searching, each beside the barest way to touch the same bytes in the same run.
import { execFile } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, readSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { median } from './measure.mjs';
import { startSidecar } from './sidecar.mjs';

const execute = promisify(execFile);
const rareWord = 'xylophone';

/**
 * @typedef {{rounds: number, appends: number, openMessages: number, listed: number, searched: {chats: number, messages: number, characters: number}, agents: {streams: number, tokens: number, tasks: number}}} Size
 * @typedef {{name: string, unit: string, digits: number, plue: number, bare?: number, other?: number, peers?: Record<string, number>}} Figure `other` is curl or grep. How many times bare a figure may be is in bounds.mjs.
 * @param {{maker: import('./measure.mjs').Program, serve: import('./measure.mjs').Program, grep: string | undefined, home: string}} tools
 * @param {Size} size
 * @returns {Promise<Figure[]>}
 */
export async function chatFigures(tools, size) {
  return [
    ...(await appending(tools, size)),
    ...(await opening(tools, size)),
    ...(await listing(tools, size)),
    ...(await searching(tools, size)),
  ];
}

/** @param {Parameters<typeof chatFigures>[0]} tools @param {Size} size @returns {Promise<Figure[]>} */
async function appending({ maker, home }, { appends, rounds }) {
  const folder = join(home, 'append');
  mkdirSync(folder, { recursive: true });
  const taken = await make(maker, 'append', folder, appends, rounds);
  return [
    { name: 'append a message, durable; bare: write and fsync', unit: 'µs', digits: 0, plue: taken.durable, bare: taken.bareDurable },
    { name: 'append a message, not durable; bare: write', unit: 'µs', digits: 1, plue: taken.loose, bare: taken.bareLoose },
  ];
}

/** @param {Parameters<typeof chatFigures>[0]} tools @param {Size} size @returns {Promise<Figure[]>} */
async function opening({ maker, serve, home }, { openMessages, rounds }) {
  const folder = join(home, 'open');
  const { last } = await make(maker, 'make', folder, 1, openMessages, 600);
  const file = join(folder, 'codices', 'chats', `${last}.jsonl`);
  const [plue, bare] = [timer(), timer()];
  /** @type {number[]} */ const peak = [];
  let idleMb = 0;
  for (let round = 0; round <= rounds; round++) {
    const sidecar = await startSidecar(at(serve, folder));
    try {
      const opened = await plue.time(round, () => sidecar.ask('codex/get', { uri: `codex://chats/${last}`, limit: 100 }));
      if (opened.messages.length !== Math.min(100, openMessages)) throw new Error(`${opened.messages.length} messages were shown.`);
      peak.push(sidecar.peakMb());
      if (round === rounds) idleMb = await sidecar.idleMb();
    } finally {
      await sidecar.end();
    }
    await bare.time(round, () => readFileSync(file));
  }
  const name = `open a chat of ${openMessages} messages`;
  return [
    { name: `${name}, last 100; bare: reading its file`, unit: 'ms', digits: 1, plue: plue.median(), bare: bare.median() },
    { name: `${name}: peak memory`, unit: 'MB', digits: 1, plue: median(peak) },
    { name: `${name}: memory while it is open`, unit: 'MB', digits: 1, plue: idleMb },
  ];
}

/** @param {Parameters<typeof chatFigures>[0]} tools @param {Size} size @returns {Promise<Figure[]>} */
async function listing({ maker, serve, home }, { listed, rounds }) {
  const folder = join(home, 'list');
  await make(maker, 'make', folder, listed, 4, 200);
  const chats = join(folder, 'codices', 'chats');
  const [rebuilt, cold, warm, bare, peak] = [timer(), timer(), timer(), timer(), /** @type {number[]} */ ([])];
  for (let round = 0; round <= rounds; round++) {
    // Rebuilding takes long and is the same each time: once to warm up, twice to count.
    if (round <= 2) rmSync(join(folder, 'index'), { recursive: true, force: true });
    const sidecar = await startSidecar(at(serve, folder));
    try {
      const list = () => sidecar.ask('codex/list', { collection: 'chats' });
      const first = await (round <= 2 ? rebuilt : cold).time(round <= 2 ? round : 1, list);
      if (first.items.length !== listed) throw new Error(`${first.items.length} chats were listed instead of ${listed}.`);
      for (let again = 0; again < 3; again++) await warm.time(again, list);
      peak.push(sidecar.peakMb());
    } finally {
      await sidecar.end();
    }
    await bare.time(round, () => readdirSync(chats).map((name) => statSync(join(chats, name))));
  }
  const name = `list ${listed} chats`;
  return [
    { name: `${name}, warm; bare: stat of each`, unit: 'ms', digits: 1, plue: warm.median(), bare: bare.median() },
    { name: `${name}, new process`, unit: 'ms', digits: 1, plue: cold.median(), bare: bare.median() },
    { name: `${name}, index rebuilt`, unit: 'ms', digits: 0, plue: rebuilt.median(), bare: bare.median() },
    { name: `${name}: peak memory`, unit: 'MB', digits: 1, plue: median(peak) },
  ];
}

/** @param {Parameters<typeof chatFigures>[0]} tools @param {Size} size @returns {Promise<Figure[]>} */
async function searching({ maker, serve, grep, home }, { searched, rounds }) {
  const folder = join(home, 'search');
  const { bytes } = await make(maker, 'make', folder, searched.chats, searched.messages, searched.characters);
  const chats = join(folder, 'codices', 'chats');
  const files = readdirSync(chats).map((name) => join(chats, name));
  const indexing = await startSidecar(at(serve, folder));
  await indexing.ask('codex/list', { collection: 'chats' }).finally(indexing.end);
  const [rare, first, common, member, none, reading, grepping, peak] = [
    timer(),
    timer(),
    timer(),
    timer(),
    timer(),
    timer(),
    timer(),
    /** @type {number[]} */ ([]),
  ];
  for (let round = 0; round <= rounds; round++) {
    const sidecar = await startSidecar(at(serve, folder));
    try {
      /** @param {string} text @param {number} limit */
      const search = (text, limit) => sidecar.ask('search/chats', { searchId: text, text, limit });
      const found = await rare.time(round, () => search(rareWord, 5_000));
      if (found.hits !== Math.ceil(searched.chats / 100)) throw new Error(`${found.hits} hits were found.`);
      await first.time(
        round,
        () =>
          new Promise((/** @type {(hits: object) => void} */ resolve, reject) => {
            sidecar.on('search/hits', resolve);
            search('the', 1).catch(reject);
          }),
      );
      await common.time(round, () => search('the', 500));
      await member.time(round, () => search('created_at', 500));
      await none.time(round, () => search('日本語', 500));
      peak.push(sidecar.peakMb());
    } finally {
      await sidecar.end();
    }
    await reading.time(round, () => readAll(files));
    if (grep) await grepping.time(round, () => execute(grep, ['-rcF', rareWord, chats], { env: { LC_ALL: 'C' }, maxBuffer: 1 << 28 }));
  }
  const name = `search ${(bytes / 1e6).toFixed(0)} MB`;
  const [bare, other] = [reading.median(), grep ? grepping.median() : undefined];
  return [
    { name: `${name} for a rare word; bare: reading the bytes`, unit: 'ms', digits: 0, plue: rare.median(), bare, other },
    { name: `${name} for a missing word, not ASCII`, unit: 'ms', digits: 0, plue: none.median(), bare, other },
    { name: `${name} for a member's name`, unit: 'ms', digits: 0, plue: member.median(), bare, other },
    { name: `${name} for a common word, 500 hits`, unit: 'ms', digits: 0, plue: common.median(), bare, other },
    { name: `${name}: the first hit of a common word; bare: reading the bytes`, unit: 'ms', digits: 1, plue: first.median(), bare, other },
    { name: `${name}: peak memory`, unit: 'MB', digits: 1, plue: median(peak) },
  ];
}

/** @param {string[]} files */
function readAll(files) {
  const buffer = Buffer.allocUnsafe(1 << 20);
  for (const file of files) {
    const handle = openSync(file, 'r');
    while (readSync(handle, buffer) > 0);
    closeSync(handle);
  }
}

/** @param {import('./measure.mjs').Program} maker @param {(string | number)[]} args */
async function make({ command, args: before }, ...args) {
  const { stdout } = await execute(command, [...before, ...args.map(String)]);
  return JSON.parse(stdout);
}

/** @param {import('./measure.mjs').Program} serve @param {string} folder @returns {import('./measure.mjs').Program} */
const at = (serve, folder) => ({ ...serve, env: { ...serve.env, PLUE_HOME: folder } });

/** The first round, number 0, warms up and is not counted. */
function timer() {
  /** @type {number[]} */
  const taken = [];
  return {
    /** @template R @param {number} round @param {() => R | Promise<R>} work @returns {Promise<R>} */
    time: async (round, work) => {
      const started = performance.now();
      const result = await work();
      if (round > 0) taken.push(performance.now() - started);
      return result;
    },
    median: () => median(taken),
  };
}
