// `npm run bench`: measures the published build, and `curl`, `grep` and bare programs that do the same in the same run.
// Medians and ratios go to artifacts/bench/report.{md,json}. Times are not checked, except in the rows of the editor, whose bounds are in
// tests/bench/bounds.mjs.
//   --quick                                   fewer runs
//   --only turns|chats|language|installed     one part; `installed` is the extension in a real VS Code
//   --peers                                   also Codex CLI, pi and Claude Code, installed by npm below artifacts/
//   --docs                                    writes the rows to docs/performance.md
//   --short                                   every part except `installed`, small: `npm test` checks it against tests/bench/bounds.mjs
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { agentFigures } from '../tests/bench/agents.mjs';
import { chatFigures } from '../tests/bench/chats.mjs';
import { languageOnce } from '../tests/bench/language.mjs';
import { packageSizes, windowFigures } from '../tests/bench/installed.mjs';
import { costOf, median, timeOf } from '../tests/bench/measure.mjs';
import { installedPeers } from '../tests/bench/peers.mjs';
import { registryOnce } from '../tests/bench/registry.mjs';
import { serveOnce } from '../tests/bench/serve.mjs';
import { costsOfTokens, longAnswer, shortAnswer, withContestants } from '../tests/bench/streams.mjs';
import { overEditorBounds } from './lib/benchTests.mjs';
import { findChromium } from './lib/chromium.mjs';
import { inArtifacts, inRoot } from './lib/paths.mjs';
import { requireDotnet, requireNode } from './lib/prerequisites.mjs';
import { Stop, WrongOption, runMain, say, step } from './lib/progress.mjs';
import { hostRid, published, publishedSidecar, sidecarUnderTest } from './lib/publish.mjs';
import { findOnPath, runOrStop } from './lib/run.mjs';

const parts = ['turns', 'chats', 'language', 'installed'];
const manyProviders = 1_000;
const manyModels = 5_000;
const toolRounds = 20;

/** @type {import('../tests/bench/chats.mjs').Size} */
const smallChats = {
  rounds: 3,
  appends: 20,
  openMessages: 200,
  listed: 200,
  searched: { chats: 100, messages: 40, characters: 1_000 },
  agents: { streams: 40, tokens: 20, tasks: 20 },
};
/** @type {import('../tests/bench/chats.mjs').Size} Searches a gigabyte. */
const largeChats = {
  rounds: 7,
  appends: 500,
  openMessages: 10_000,
  listed: 10_000,
  searched: { chats: 1_000, messages: 400, characters: 2_000 },
  agents: { streams: 200, tokens: 200, tasks: 100 },
};

/** @type {Record<string, typeof chatFigures>} */
const figureSets = { 'Many and large chats': chatFigures, 'Agents at work': agentFigures };

/**
 * @typedef {import('../tests/bench/chats.mjs').Figure} Figure
 * @typedef {import('../tests/bench/measure.mjs').Program} Program
 * @typedef {import('../tests/bench/peers.mjs').Peer} Peer
 * @typedef {{short: number, long: number}} Runs
 */

await runMain(async () => {
  const options = /** @type {const} */ ({ type: 'boolean' });
  const { values } = parseArgs({
    options: { quick: options, short: options, peers: options, docs: options, only: { type: 'string' } },
  });
  if (values.only !== undefined && !parts.includes(values.only))
    throw new WrongOption(`There is no part '${values.only}' of the benchmark: ${parts.join(', ')}.`);
  requireNode();
  await requireDotnet();
  if (process.platform !== 'linux') throw new Stop('The benchmark reads /proc and needs Linux.');
  for (const tool of ['curl', 'perl']) if (!findOnPath(tool)) throw new Stop(`The benchmark needs \`${tool}\` on PATH.`);
  mkdirSync(inArtifacts('bench'), { recursive: true });
  if (values.short) {
    const figures = await measureShort();
    writeFileSync(inArtifacts('bench', 'short.json'), JSON.stringify(figures, null, 2));
    return console.log(table(figures));
  }
  const wants = (/** @type {string} */ part) => values.only === undefined || values.only === part;
  const runs = values.quick || values.peers ? { short: 5, long: 2 } : { short: 21, long: 7 };
  const figures = [
    ...(wants('turns') ? await measurePublished(runs, values.peers === true) : []),
    ...(wants('chats') ? await measureLargeChats() : []),
    ...(wants('language') ? [await languageFigure(await publishedSidecar(hostRid()), 40)] : []),
    ...(wants('installed') ? await measureInstalled() : []),
  ];
  const text = table(figures);
  writeFileSync(inArtifacts('bench', 'report.json'), JSON.stringify({ date: new Date().toISOString(), figures }, null, 2));
  writeFileSync(inArtifacts('bench', 'report.md'), text);
  if (values.docs) writeIntoDocs(text);
  console.log(text);
  const over = wants('installed') && findChromium() ? overEditorBounds(figures) : [];
  if (over.length > 0) throw new Stop(over.join('\n'));
});

async function measureShort() {
  const plue = await sidecarUnderTest();
  const reader = await bareReader();
  const maker = { command: 'dotnet', args: [inArtifacts('bin', 'ChatMaker', 'debug', 'ChatMaker.dll')] };
  const tools = { plue: { command: plue, args: [] }, reader: { command: reader, args: [] } };
  const starts = await withHome((home) =>
    withContestants({ ...tools, home }, (contestants) => measureStarts(plue, home, contestants(shortAnswer), 3)),
  );
  return [
    ...starts,
    ...(await withHome((home) => step('Tokens of a long response', () => costsOfTokens({ ...tools, home }, 2)))),
    await languageFigure(plue, 40),
    ...(await measureChats({ command: plue, args: ['serve'] }, maker, smallChats)),
  ];
}

/** @param {Runs} runs @param {boolean} withPeers */
async function measurePublished(runs, withPeers) {
  const plue = await publishedSidecar(hostRid());
  const reader = await bareReader();
  return withHome((home) =>
    withContestants({ plue: { command: plue, args: [] }, reader: { command: reader, args: [] }, home }, async (own, port) => {
      const origin = `http://127.0.0.1:${port}`;
      const peers = withPeers ? await peersAt(origin) : [];
      const size = {
        ...{ name: 'size on disk; bare: the bare reader', unit: 'MB', digits: 1, plue: statSync(plue).size / 1e6 },
        ...{ bare: statSync(reader).size / 1e6, peers: byName(peers, ({ sizeMb }) => sizeMb) },
      };
      const contestants = (/** @type {number} */ tokens) => ({
        ...own(tokens),
        ...byName(peers, ({ program }) => program(`${origin}/${tokens}`)),
      });
      return [
        size,
        ...(await measureStarts(plue, home, contestants(shortAnswer), runs.short)),
        ...(await measureLong(contestants(longAnswer), runs.long)),
        ...(peers.length > 0 ? await measureToolRounds(plue, home, origin, peers, runs.long) : []),
        ...(await measureRegistry(plue, home, port, runs.short)),
      ];
    }),
  );
}

/** @param {string} origin Origin of the benchmark's model. */
async function peersAt(origin) {
  const folder = inArtifacts('bench', 'peers');
  const workspace = workspaceIn(folder);
  return step('Installing the peers', () => installedPeers(folder, `${origin}/${shortAnswer}`, workspace, say));
}

/** Creates a folder with the file for the tool rounds. @param {string} parent */
function workspaceIn(parent) {
  const workspace = join(parent, 'workspace');
  mkdirSync(workspace, { recursive: true });
  writeFileSync(join(workspace, 'notes.txt'), 'A line of the workspace.\n'.repeat(40));
  return workspace;
}

/** @template R @param {Peer[]} peers @param {(peer: Peer) => R} value @returns {Record<string, R>} */
function byName(peers, value) {
  return Object.fromEntries(peers.map((peer) => [peer.name, value(peer)]));
}

/** @param {string} plue @param {string} home @param {Record<string, Program>} contestants @param {number} rounds @returns {Promise<Figure[]>} */
async function measureStarts(plue, home, contestants, rounds) {
  const serving = { command: plue, args: ['serve'], env: { HOME: home, PLUE_HOME: join(home, 'plue') } };
  const serves = await step('Starting `plue serve`', () => repeat(rounds, (i) => serveOnce(serving, i < 3 ? 2_000 : 0)));
  const firsts = await step('Time to the first token', () => inTurn(rounds, contestants, timeOf));
  const shorts = await step(`Cost of ${shortAnswer} tokens`, () => inTurn(rounds, contestants, costOf));
  const first = firsts((run) => run.firstMs);
  const peak = shorts((run) => run.peakMb);
  return [
    {
      ...{ name: '`plue serve`: spawn to `initialize` reply; bare: the bare reader to its first token', unit: 'ms', digits: 0 },
      ...{ plue: median(serves.map((run) => run.initializeMs)), bare: first.bare, other: first.other },
    },
    {
      ...{ name: '`plue serve`: idle memory; bare: the bare reader at its peak', unit: 'MB', digits: 1 },
      ...{ plue: median(serves.map((run) => run.idleMb).filter(Boolean)), bare: peak.bare, other: peak.other },
    },
    { name: 'spawn to first token on stdout', unit: 'ms', digits: 0, ...first },
    { name: `${shortAnswer} tokens: CPU`, unit: 'ms', digits: 0, ...shorts((run) => run.cpuMs) },
    { name: `${shortAnswer} tokens: peak memory`, unit: 'MB', digits: 1, ...peak },
  ];
}

/** @param {Record<string, Program>} contestants @param {number} rounds @returns {Promise<Figure[]>} */
async function measureLong(contestants, rounds) {
  const costs = await step(`Cost of ${longAnswer} tokens`, () => inTurn(rounds, contestants, costOf));
  const { curl, bareReader, plue } = contestants;
  const times = await step(`Speed of ${longAnswer} tokens`, () => inTurn(rounds, { curl, bareReader, plue }, timeOf));
  return [
    {
      name: `${longAnswer} tokens: CPU a token, start included`,
      unit: 'µs',
      digits: 2,
      ...costs((run) => (1000 * run.cpuMs) / longAnswer),
    },
    { name: `${longAnswer} tokens: peak memory`, unit: 'MB', digits: 1, ...costs((run) => run.peakMb) },
    { name: `${longAnswer} tokens: from spawn to end`, unit: 'ms', digits: 0, ...times((run) => run.totalMs) },
  ];
}

/**
 * Measures a tool call that reads a file, one of many in a task.
 * @param {string} plue @param {string} home @param {string} origin @param {Peer[]} peers @param {number} rounds @returns {Promise<Figure[]>}
 */
async function measureToolRounds(plue, home, origin, peers, rounds) {
  const own = taskReader(plue, home);
  const programs = (/** @type {number} */ calls) => {
    const base = `${origin}/1/rounds/${calls}`;
    return { plue: own(base), ...byName(peers, ({ program }) => program(base)) };
  };
  const gaps = await step(`${toolRounds} rounds with a tool`, () =>
    inTurn(rounds, programs(toolRounds), async (program) => {
      await timeOf(program);
      const taken = await (await fetch(`${origin}/gaps`)).json();
      if (taken.length !== toolRounds) throw new Stop(`${program.command} called the tool ${taken.length} times instead of ${toolRounds}.`);
      return median(taken);
    }),
  );
  const many = await step('CPU of the rounds', () => inTurn(rounds, programs(toolRounds), costOf));
  const none = await inTurn(rounds, programs(0), costOf);
  const [all, start] = [many((run) => run.cpuMs), none((run) => run.cpuMs)];
  const difference = (/** @type {number} */ more, /** @type {number} */ less) => (more - less) / toolRounds;
  return [
    { name: '`plue task run`: from a tool call to the next request', unit: 'ms', digits: 1, ...gaps((gap) => gap) },
    {
      ...{ name: '`plue task run`: CPU of a round with a tool', unit: 'ms', digits: 1, plue: difference(all.plue, start.plue) },
      peers: Object.fromEntries(Object.entries(all.peers).map(([name, ms]) => [name, difference(ms, start.peers[name] ?? 0)])),
    },
  ];
}

/** Runs `plue task run` with a read-only task. @param {string} plue @param {string} home @returns {(base: string) => Program} */
function taskReader(plue, home) {
  const workspace = workspaceIn(home);
  const plueHome = join(home, 'tasks');
  for (const made of ['providers', 'templates']) mkdirSync(join(plueHome, made), { recursive: true });
  writeFileSync(
    join(plueHome, 'templates', 'bench-reader.json5'),
    '{ id: "bench-reader", name: "Reader", version: "1.0.0", parent_template: "task", available_tools: ["read"] }',
  );
  return (base) => {
    const id = `bench-${base.split('/').at(-1)}`;
    const provider = { name: id, provider_type: 'openai-compatible', endpoint: `${base}/v1`, model: 'm' };
    writeFileSync(join(plueHome, 'providers', `${id}.json5`), JSON.stringify(provider));
    const args = ['task', 'run', 'bench-reader', 'hi', '--provider', id, '--workspace', workspace];
    return { command: plue, args, env: { HOME: home, PLUE_HOME: plueHome } };
  };
}

/** @param {string} plue @param {string} home @param {number} port @param {number} rounds @returns {Promise<Figure[]>} */
async function measureRegistry(plue, home, port, rounds) {
  const crowded = join(home, 'crowded');
  const registry = await step(`${manyProviders} providers, ${manyModels} models`, () =>
    registryOnce(
      { command: plue, args: ['serve'], env: { HOME: home, PLUE_HOME: crowded } },
      { home: crowded, modelsAt: `http://127.0.0.1:${port}/${manyModels}/v1`, providers: manyProviders, models: manyModels, rounds },
    ),
  );
  return [
    {
      ...{ name: `${manyProviders} providers listed, warm; bare: reading their files`, unit: 'ms', digits: 1 },
      ...{ plue: registry.listMs, bare: registry.bareListMs },
    },
    {
      ...{ name: `${manyModels} models listed, warm; bare: parsing their file`, unit: 'ms', digits: 1 },
      ...{ plue: registry.modelsMs, bare: registry.bareModelsMs },
    },
  ];
}

/**
 * Runs each contestant once per round, so that a slow minute affects all of them; the first round is a warm-up and not counted.
 * @template R
 * @param {number} rounds
 * @param {Record<string, Program>} contestants `curl`, `bareReader`, `plue`, and the peers.
 * @param {(program: Program) => Promise<R>} measureOne
 */
async function inTurn(rounds, contestants, measureOne) {
  /** @type {Record<string, R[]>} */
  const results = {};
  for (let round = 0; round <= rounds; round++) {
    for (const [name, program] of Object.entries(contestants)) {
      const result = await measureOne(program);
      if (round > 0) (results[name] ??= []).push(result);
    }
  }
  return (/** @type {(result: R) => number} */ figure) => {
    const { curl, bareReader, plue = [], ...peers } = results;
    const of = (/** @type {R[]} */ taken) => median(taken.map(figure));
    return {
      plue: of(plue),
      ...(bareReader ? { bare: of(bareReader) } : {}),
      ...(curl ? { other: of(curl) } : {}),
      peers: Object.fromEntries(Object.entries(peers).map(([name, taken]) => [name, of(taken)])),
    };
  };
}

/** @template R @param {number} times @param {(i: number) => Promise<R>} work */
async function repeat(times, work) {
  const results = [];
  for (let i = 0; i < times; i++) results.push(await work(i));
  return results;
}

/** @template R @param {(home: string) => Promise<R>} work */
async function withHome(work) {
  const home = mkdtempSync(join(tmpdir(), 'plue-bench-'));
  try {
    return await work(home);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** The baseline for Plue: a minimal native C# program that posts a chat and prints its deltas. */
function bareReader() {
  const project = 'tests/bench/BareReader';
  return published({ project, name: 'bare-reader', sources: [project], folder: inArtifacts('bench', 'bin') });
}

/** @param {string} plue @param {number} rounds @returns {Promise<Figure>} */
async function languageFigure(plue, rounds) {
  return withHome(async (home) => {
    const { completionMs, bareMs } = await step('Typing in 5,000 lines', () =>
      languageOnce({ command: plue, args: ['serve'], env: { HOME: home } }, { home: join(home, 'plue'), rounds }),
    );
    const name = 'a keystroke in a template of 5,000 lines, to its completion; bare: parsing it';
    return { name, unit: 'ms', digits: 1, plue: completionMs, bare: bareMs };
  });
}

async function measureInstalled() {
  const chrome = findChromium();
  if (!chrome) say('The rows of VS Code are left out: there is no Chromium.');
  const maker = await chatMaker();
  return [
    ...packageSizes(inArtifacts('packages')),
    ...(chrome ? await step('The extension in a real VS Code', () => windowFigures(chrome, maker, 5)) : []),
  ];
}

async function measureLargeChats() {
  const plue = await publishedSidecar(hostRid());
  return measureChats({ command: plue, args: ['serve'] }, await chatMaker(), largeChats);
}

/** @returns {Promise<Program>} */
async function chatMaker() {
  await step('Building the maker of chats', () =>
    runOrStop('dotnet', ['build', 'tests/Tools/ChatMaker', '-c', 'Release', '--nologo', '-v', 'q']),
  );
  return { command: 'dotnet', args: [inArtifacts('bin', 'ChatMaker', 'release', 'ChatMaker.dll')] };
}

/**
 * Measures a set of chats; memory is compared with that of the bare reader.
 * @param {Program} serve @param {Program} maker @param {import('../tests/bench/chats.mjs').Size} size
 */
async function measureChats(serve, maker, size) {
  const reader = { command: await bareReader(), args: [] };
  return withHome(async (home) => {
    const held = await withContestants({ plue: serve, reader, home }, async (contestants) => costOf(contestants(shortAnswer).bareReader));
    const own = { ...serve, env: { HOME: home } };
    /** @type {Figure[]} */
    const figures = [];
    for (const [title, measureSet] of Object.entries(figureSets))
      figures.push(...(await step(title, () => measureSet({ maker, serve: own, grep: findOnPath('grep'), home }, size))));
    return figures.map((figure) => (figure.unit === 'MB' ? { ...figure, bare: held.peakMb } : figure));
  });
}

/** Returns a Markdown table. @param {Figure[]} figures */
function table(figures) {
  const peers = [...new Set(figures.flatMap((figure) => Object.keys(figure.peers ?? {})))];
  const rows = figures.map(({ name, unit, digits, plue, bare, other, peers: theirs = {} }) => {
    const show = (/** @type {number | undefined} */ value) => (value === undefined ? '' : value.toFixed(digits));
    const ratio = (/** @type {number | undefined} */ beside) => (beside ? (plue / beside).toFixed(2) : '');
    return [name, unit, ...[plue, bare, other].map(show), ratio(bare), ratio(other), ...peers.map((peer) => show(theirs[peer]))];
  });
  const heads = ['Figure', 'Unit', 'Plue', 'Bare', 'curl or grep', '× bare', '× curl or grep', ...peers];
  return [heads, heads.map((_, column) => (column < 2 ? '---' : '---:')), ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

/** Replaces the text between the two markers. @param {string} text */
function writeIntoDocs(text) {
  const file = inRoot('docs', 'performance.md');
  const [begin, end] = ['<!-- figures -->', '<!-- end of figures -->'];
  const page = readFileSync(file, 'utf8');
  const [before, after] = [page.indexOf(begin), page.indexOf(end)];
  if (before < 0 || after < before) throw new Stop(`docs/performance.md has no \`${begin}\` and \`${end}\`.`);
  writeFileSync(file, `${page.slice(0, before + begin.length)}\n\n${text}\n${page.slice(after)}`);
}
