// `npm run bench`: what the published build costs, beside `curl` and a bare C# reader of the same streams in the same run.
// Medians and ratios go to artifacts/bench/report.{md,json}; no time is ever asserted.   --quick  fewer runs
// --only turns|chats|language|installed  one part
// --short  chats, agents and a long answer, small, with the sidecar as it is built for tests: that everything measured still works, and what a token costs
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { agentFigures } from '../tests/bench/agents.mjs';
import { chatFigures } from '../tests/bench/chats.mjs';
import { languageOnce } from '../tests/bench/language.mjs';
import { activation, packageSizes } from '../tests/bench/installed.mjs';
import { costOf, median, timeOf } from '../tests/bench/measure.mjs';
import { registryOnce } from '../tests/bench/registry.mjs';
import { serveOnce } from '../tests/bench/serve.mjs';
import { costsOfTokens, longAnswer, shortAnswer, withContestants } from '../tests/bench/streams.mjs';
import { findChromium } from './lib/chromium.mjs';
import { inArtifacts, inRoot } from './lib/paths.mjs';
import { requireDotnet, requireNode } from './lib/prerequisites.mjs';
import { Stop, runMain, step } from './lib/progress.mjs';
import { hostRid, published, publishedSidecar, sidecarUnderTest } from './lib/publish.mjs';
import { findOnPath, runOrStop } from './lib/run.mjs';

const manyProviders = 1_000;
const manyModels = 5_000;

/** @type {import('../tests/bench/chats.mjs').Size} */
const smallChats = {
  rounds: 3,
  appends: 20,
  openMessages: 200,
  listed: 200,
  searched: { chats: 100, messages: 40, characters: 1_000 },
  agents: { streams: 40, tokens: 20, tasks: 20 },
};
/** @type {import('../tests/bench/chats.mjs').Size} A gigabyte is searched. */
const largeChats = {
  rounds: 7,
  appends: 500,
  openMessages: 10_000,
  listed: 10_000,
  searched: { chats: 1_000, messages: 400, characters: 2_000 },
  agents: { streams: 200, tokens: 200, tasks: 100 },
};

/** What is measured of chats. What pages cost belongs here too, as a set of its own. @type {Record<string, typeof chatFigures>} */
const figureSets = { 'Many and large chats': chatFigures, 'Agents at work': agentFigures };

await runMain(async () => {
  const { values } = parseArgs({ options: { quick: { type: 'boolean' }, short: { type: 'boolean' }, only: { type: 'string' } } });
  if (values.only && !['turns', 'chats', 'language', 'installed'].includes(values.only))
    throw new Stop(`There is no part \`${values.only}\`: turns, chats, language, installed.`);
  requireNode();
  await requireDotnet();
  if (process.platform !== 'linux') throw new Stop('The benchmark reads /proc and needs Linux.');
  mkdirSync(inArtifacts('bench'), { recursive: true });
  if (values.short) {
    const serve = { command: await sidecarUnderTest(), args: ['serve'] };
    const maker = { command: 'dotnet', args: [inArtifacts('bin', 'ChatMaker', 'debug', 'ChatMaker.dll')] };
    const figures = [...(await measureChats(serve, maker, smallChats)), ...(await measureTokens())];
    writeFileSync(inArtifacts('bench', 'short.json'), JSON.stringify(figures, null, 2));
    return console.log(chatTable(figures));
  }
  if (values.only === 'installed') return console.log(chatTable(await measureInstalled()));
  if (values.only === 'language') return console.log(await languageFigure());
  const chats = values.only === 'turns' ? [] : await measureLargeChats();
  if (chats.length > 0) writeFileSync(inArtifacts('bench', 'chats.json'), JSON.stringify(chats, null, 2));
  if (values.only === 'chats') return console.log(chatTable(chats));
  for (const tool of ['curl', 'perl']) if (!findOnPath(tool)) throw new Stop(`The benchmark needs \`${tool}\` on PATH.`);
  const plue = await publishedSidecar(hostRid());
  const reader = await bareReader();
  const figures = await measure(plue, reader, values.quick ? { short: 5, long: 2 } : { short: 21, long: 7 });
  const installed = values.only ? [] : await measureInstalled();
  const report = {
    date: new Date().toISOString(),
    machine: `${cpus().length} × ${cpus()[0]?.model}`,
    sizeMb: megabytes(plue),
    bareReaderSizeMb: megabytes(reader),
    figures,
  };
  writeFileSync(inArtifacts('bench', 'report.json'), JSON.stringify({ ...report, chats, installed }, null, 2));
  const text = [markdown(report), await languageFigure(), chats.length > 0 ? chatTable([...chats, ...installed]) : ''].join('\n');
  writeFileSync(inArtifacts('bench', 'report.md'), text);
  console.log(text);
});

/**
 * @typedef {{name: string, unit: string, digits: number, plue: number, bareReader?: number, curl?: number}} Figure
 * @param {string} plue @param {string} reader @param {{short: number, long: number}} runs @returns {Promise<Figure[]>}
 */
async function measure(plue, reader, runs) {
  const home = mkdtempSync(join(tmpdir(), 'plue-bench-'));
  try {
    return await withContestants({ plue: { command: plue, args: [] }, reader: { command: reader, args: [] }, home }, (contestants, port) =>
      measureTurns(plue, home, contestants, port, runs),
    );
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/**
 * @param {string} plue @param {string} home @param {(tokens: number) => import('../tests/bench/streams.mjs').Contestants} contestants
 * @param {number} port Of the endpoint. @param {{short: number, long: number}} runs @returns {Promise<Figure[]>}
 */
async function measureTurns(plue, home, contestants, port, runs) {
  const serving = { command: plue, args: ['serve'], env: { HOME: home, PLUE_HOME: join(home, 'plue') } };
  const serves = await step('Starting `plue serve`', () => repeat(runs.short, (i) => serveOnce(serving, i < 3 ? 2_000 : 0)));
  const firsts = await step('Time to the first token', () => inTurn(runs.short, contestants(shortAnswer), timeOf));
  const shorts = await step(`Cost of ${shortAnswer} tokens`, () => inTurn(runs.short, contestants(shortAnswer), costOf));
  const longTimes = await step(`Speed of ${longAnswer} tokens`, () => inTurn(runs.long, contestants(longAnswer), timeOf));
  const longs = await step(`Cost of ${longAnswer} tokens`, () => inTurn(runs.long, contestants(longAnswer), costOf));
  const crowded = join(home, 'crowded');
  const registry = await step(`${manyProviders} providers, ${manyModels} models`, () =>
    registryOnce(
      { ...serving, env: { HOME: home, PLUE_HOME: crowded } },
      {
        home: crowded,
        modelsAt: `http://127.0.0.1:${port}/${manyModels}/v1`,
        providers: manyProviders,
        models: manyModels,
        rounds: runs.short,
      },
    ),
  );
  return [
    { name: '`plue serve`: spawn to `initialize` reply', unit: 'ms', digits: 0, plue: median(serves.map((run) => run.initializeMs)) },
    { name: '`plue serve`: idle memory', unit: 'MB', digits: 1, plue: median(serves.map((run) => run.idleMb).filter(Boolean)) },
    { name: 'spawn to first token on stdout', unit: 'ms', digits: 0, ...firsts((run) => run.firstMs) },
    { name: `${shortAnswer} tokens: CPU`, unit: 'ms', digits: 0, ...shorts((run) => run.cpuMs) },
    { name: `${shortAnswer} tokens: peak memory`, unit: 'MB', digits: 1, ...shorts((run) => run.peakMb) },
    {
      name: `${longAnswer} tokens: CPU a token, start included`,
      unit: 'µs',
      digits: 2,
      ...longs((run) => (1000 * run.cpuMs) / longAnswer),
    },
    { name: `${longAnswer} tokens: peak memory`, unit: 'MB', digits: 1, ...longs((run) => run.peakMb) },
    {
      name: `${manyProviders} providers listed, warm; bare: reading their files`,
      unit: 'ms',
      digits: 1,
      plue: registry.listMs,
      bareReader: registry.bareListMs,
    },
    {
      name: `${manyModels} models listed, warm; bare: parsing their file`,
      unit: 'ms',
      digits: 1,
      plue: registry.modelsMs,
      bareReader: registry.bareModelsMs,
    },
    {
      name: `${longAnswer} tokens: delivered a second`,
      unit: 'tokens',
      digits: 0,
      ...longTimes((run) => (1000 * longAnswer) / run.totalMs),
    },
  ];
}

/**
 * Runs each contestant once a round, so that a noisy minute falls on all alike; the first round warms up and is not counted.
 * @template R
 * @param {number} rounds
 * @param {Record<'curl' | 'bareReader' | 'plue', import('../tests/bench/measure.mjs').Program>} contestants
 * @param {(program: import('../tests/bench/measure.mjs').Program) => Promise<R>} measureOne
 */
async function inTurn(rounds, contestants, measureOne) {
  /** @type {Record<'curl' | 'bareReader' | 'plue', R[]>} */
  const results = { curl: [], bareReader: [], plue: [] };
  for (let round = 0; round <= rounds; round++) {
    for (const name of /** @type {const} */ (['curl', 'bareReader', 'plue'])) {
      const result = await measureOne(contestants[name]);
      if (round > 0) results[name].push(result);
    }
  }
  return (/** @type {(result: R) => number} */ figure) => ({
    curl: median(results.curl.map(figure)),
    bareReader: median(results.bareReader.map(figure)),
    plue: median(results.plue.map(figure)),
  });
}

/** @template R @param {number} times @param {(i: number) => Promise<R>} work */
async function repeat(times, work) {
  const results = [];
  for (let i = 0; i < times; i++) results.push(await work(i));
  return results;
}

/** The measure beside Plue: the least a native C# program can do to post one chat and print its deltas. */
function bareReader() {
  const project = 'tests/bench/BareReader';
  return published({ project, name: 'bare-reader', sources: [project], folder: inArtifacts('bench', 'bin') });
}

async function languageFigure() {
  const plue = await publishedSidecar(hostRid());
  const home = mkdtempSync(join(tmpdir(), 'plue-bench-'));
  try {
    const { completionMs, bareMs } = await step('Typing in 5,000 lines', () =>
      languageOnce({ command: plue, args: ['serve'], env: { HOME: home } }, { home: join(home, 'plue'), rounds: 40 }),
    );
    return `A template of 5,000 lines, from a keystroke to its completion: ${completionMs.toFixed(1)} ms, ${(completionMs / bareMs).toFixed(1)} × parsing it bare.\n`;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

async function measureTokens() {
  const lacking = ['perl'].find((tool) => !findOnPath(tool));
  if (lacking) throw new Stop(`The benchmark needs \`${lacking}\` on PATH.`);
  const home = mkdtempSync(join(tmpdir(), 'plue-bench-'));
  const plue = { command: await sidecarUnderTest(), args: [] };
  const reader = { command: await bareReader(), args: [] };
  try {
    return await step('Tokens of a long response', () => costsOfTokens({ plue, reader, home }, 2));
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

async function measureInstalled() {
  const chrome = findChromium();
  return [
    ...packageSizes(inArtifacts('packages')),
    ...(chrome ? await step('Activating the extension in a real VS Code', () => activation(chrome, 5)) : []),
  ];
}

async function measureLargeChats() {
  const plue = await publishedSidecar(hostRid());
  await step('Building the maker of chats', () =>
    runOrStop('dotnet', ['build', 'tests/Tools/ChatMaker', '-c', 'Release', '--nologo', '-v', 'q']),
  );
  const maker = { command: 'dotnet', args: [inArtifacts('bin', 'ChatMaker', 'release', 'ChatMaker.dll')] };
  return measureChats({ command: plue, args: ['serve'] }, maker, largeChats);
}

/** @param {import('../tests/bench/measure.mjs').Program} serve @param {import('../tests/bench/measure.mjs').Program} maker @param {import('../tests/bench/chats.mjs').Size} size */
async function measureChats(serve, maker, size) {
  const home = mkdtempSync(join(tmpdir(), 'plue-bench-'));
  try {
    const own = { ...serve, env: { HOME: home } };
    const figures = [];
    for (const [title, measureSet] of Object.entries(figureSets))
      figures.push(...(await step(title, () => measureSet({ maker, serve: own, grep: findOnPath('grep'), home }, size))));
    return figures;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** @param {import('../tests/bench/chats.mjs').Figure[]} figures */
function chatTable(figures) {
  const show = (/** @type {number | undefined} */ value, /** @type {number} */ digits) =>
    value === undefined ? '' : value.toFixed(digits);
  const rows = figures.map(
    (f) =>
      `| ${f.name} | ${f.unit} | ${show(f.plue, f.digits)} | ${show(f.bare, f.digits)} | ${show(f.other, f.digits)} | ${f.bare ? (f.plue / f.bare).toFixed(2) : ''} |`,
  );
  return ['# What chats cost', '', '| figure | unit | plue | bare | grep | × bare |', '|---|---|---|---|---|---|', ...rows, ''].join('\n');
}

/** @param {string} file */
function megabytes(file) {
  return statSync(file).size / 1e6;
}

/** @param {{date: string, machine: string, sizeMb: number, bareReaderSizeMb: number, figures: Figure[]}} report */
function markdown({ date, machine, sizeMb, bareReaderSizeMb, figures }) {
  const show = (/** @type {number | undefined} */ value, /** @type {number} */ digits) =>
    value === undefined ? '' : value.toFixed(digits);
  const ratio = (/** @type {number} */ plue, /** @type {number | undefined} */ other) => (other ? (plue / other).toFixed(2) : '');
  const rows = figures.map(
    (f) =>
      `| ${f.name} | ${f.unit} | ${show(f.plue, f.digits)} | ${show(f.bareReader, f.digits)} | ${show(f.curl, f.digits)} | ${ratio(f.plue, f.bareReader)} | ${ratio(f.plue, f.curl)} |`,
  );
  return [
    '# What Plue costs',
    '',
    `Medians, ${date}, ${machine}. Published build: ${sizeMb.toFixed(1)} MB; the bare C# reader, published the same way: ${bareReaderSizeMb.toFixed(1)} MB.`,
    'Read the ratios: absolute figures belong to the machine and to what else it did.',
    '',
    '| figure | unit | plue | bare reader | curl | × bare | × curl |',
    '|---|---|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
