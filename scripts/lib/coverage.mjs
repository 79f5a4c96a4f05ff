// Which lines the tests run: read from what the runners write, added up, told as a report, and held against the floor of tests/coverage.json.
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { inArtifacts, inRoot, root } from './paths.mjs';

/**
 * A file, relative to the checkout and with slashes, to its lines of code, and whether each was run.
 * @typedef {Map<string, Map<number, boolean>>} Coverage
 */

/** Percent that a run may stay below the floor: which of two threads is first decides about a few lines. */
const slack = 0.3;

/** From this on a file has to be named in tests/coverage.json. */
const many = { unrunLines: 25, unrunShare: 0.2 };

/** The parts of the product that are measured. */
const measured = {
  sidecar: { title: "the sidecar's lines", suites: ['C#'], file: inArtifacts('coverage', 'sidecar.json') },
  extension: { title: "the extension's lines", suites: ['TypeScript', 'VS Code'], file: inArtifacts('coverage', 'extension.json') },
};

/** @typedef {keyof typeof measured} Part */

/** What coverlet writes. @param {string} xml @returns {Coverage} */
export function fromCobertura(xml) {
  /** @type {Coverage} */
  const coverage = new Map();
  const folder = /<source>([^<]*)<\/source>/.exec(xml)?.[1] ?? root;
  for (const [, name = '', body = ''] of xml.matchAll(/<class\b[^>]*\bfilename="([^"]*)"[^>]*>([\s\S]*?)<\/class>/g)) {
    if (/(^|[\\/])obj[\\/]/.test(name)) continue; // Written by the compiler.
    const file = inCheckout(resolve(folder, name));
    for (const [, number, hits] of body.matchAll(/<line number="(\d+)" hits="(\d+)"/g)) add(coverage, file, Number(number), hits !== '0');
  }
  return coverage;
}

/** What Vitest writes. @param {string} lcov @returns {Coverage} */
export function fromLcov(lcov) {
  /** @type {Coverage} */
  const coverage = new Map();
  let file = '';
  for (const line of lcov.split('\n')) {
    if (line.startsWith('SF:')) file = inCheckout(resolve(root, line.slice('SF:'.length).trim()));
    const [, number, hits] = /^DA:(\d+),(\d+)/.exec(line) ?? [];
    if (number) add(coverage, file, Number(number), hits !== '0');
  }
  return coverage;
}

/** The same lines, of which those also count as run that `other` has run. @param {Coverage} coverage @param {Coverage} other @returns {Coverage} */
export function withRunsOf(coverage, other) {
  return new Map(
    [...coverage].map(([file, lines]) => [
      file,
      new Map([...lines].map(([line, run]) => [line, run || other.get(file)?.get(line) === true])),
    ]),
  );
}

/** @param {Coverage} coverage */
export function totalOf(coverage) {
  let [covered, total] = [0, 0];
  for (const lines of coverage.values()) {
    total += lines.size;
    for (const run of lines.values()) if (run) covered++;
  }
  return { covered, total };
}

/** Keeps what a suite measured for the report. @param {Part} part @param {Coverage} coverage */
export function keepCoverage(part, coverage) {
  const { file } = measured[part];
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(Object.fromEntries([...coverage].map(([name, lines]) => [name, Object.fromEntries(lines)]))));
}

/** Before a suite measures again: what an earlier run kept says nothing of this one. @param {Part} part */
export function forgetCoverage(part) {
  rmSync(measured[part].file, { force: true });
}

/** @param {Part} part @returns {Coverage | undefined} What was kept last. */
export function keptCoverage(part) {
  const { file } = measured[part];
  if (!existsSync(file)) return undefined;
  const kept = /** @type {Record<string, Record<string, boolean>>} */ (JSON.parse(readFileSync(file, 'utf8')));
  return new Map(
    Object.entries(kept).map(([name, lines]) => [name, new Map(Object.entries(lines).map(([line, run]) => [Number(line), run]))]),
  );
}

/**
 * The promises about coverage, of the parts that the chosen suites measure as a whole.
 * @param {import('./testResults.mjs').SuiteResult[]} suites
 * @returns {import('./testResults.mjs').SuiteResult}
 */
export function coverageResults(suites) {
  const parts = /** @type {Part[]} */ (Object.keys(measured)).filter((part) =>
    measured[part].suites.every((name) => suites.some(({ suite }) => suite === name)),
  );
  writeReport();
  return { suite: 'Coverage', tests: parts.flatMap((part) => promisesOf(part, suites)) };
}

/** @param {Part} part @param {import('./testResults.mjs').SuiteResult[]} suites @returns {import('./testResults.mjs').TestResult[]} */
function promisesOf(part, suites) {
  const { floors, unrun } = expectations();
  const { title, suites: names } = measured[part];
  const floor = floors[part];
  const [enough, listed] = [`At least ${floor} % of ${title} are run`, `What is not run of ${title} is named, with its reason`];
  const outcomesOf = (/** @type {string} */ outcome) =>
    suites.some(({ suite, tests }) => names.includes(suite) && tests.some((test) => test.outcome === outcome));
  const reason =
    process.platform !== 'linux' ? 'It is measured on Linux.' : outcomesOf('failed') ? 'Some tests failed, so less was run.' : undefined;
  if (reason) return [enough, listed].map((name) => ({ name, outcome: 'skipped', reason }));
  const coverage = keptCoverage(part) ?? new Map();
  const { covered, total } = totalOf(coverage);
  const percent = total > 0 ? (100 * covered) / total : 0;
  const unlisted = [...coverage]
    .filter(([file, lines]) => hasManyUnrun(lines) && !unrun.some(({ files }) => files.includes(file)))
    .map(([file]) => file);
  const gone = unrun.flatMap(({ files }) => files).filter((file) => !existsSync(inRoot(file)));
  return [
    percent >= floor - slack
      ? { name: enough, outcome: 'passed' }
      : { name: enough, outcome: 'failed', reason: `${percent.toFixed(2)} %: ${covered} of ${total}. See artifacts/coverage/report.md.` },
    unlisted.length + gone.length === 0
      ? { name: listed, outcome: 'passed' }
      : {
          name: listed,
          outcome: 'failed',
          reason: [
            ...unlisted.map((file) => `${file} has many lines that no test runs, and tests/coverage.json does not say why.`),
            ...gone.map((file) => `tests/coverage.json names ${file}, which is gone.`),
          ].join('\n'),
        },
  ];
}

/** @returns {{floors: Record<Part, number>, unrun: {why: string, files: string[]}[]}} */
function expectations() {
  return JSON.parse(readFileSync(inRoot('tests', 'coverage.json'), 'utf8'));
}

/** @param {Map<number, boolean>} lines */
function hasManyUnrun(lines) {
  const unrun = [...lines.values()].filter((run) => !run).length;
  return unrun >= many.unrunLines && unrun >= many.unrunShare * lines.size;
}

/** Writes artifacts/coverage/report.md from what was kept last. @returns {string} Its path. */
export function writeReport() {
  const path = inArtifacts('coverage', 'report.md');
  const parts = /** @type {Part[]} */ (Object.keys(measured)).flatMap((part) => {
    const coverage = keptCoverage(part);
    return coverage ? [reportOf(part, coverage)] : [];
  });
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `# Lines that the tests run\n\n${parts.join('\n')}`);
  return path;
}

/** @param {Part} part @param {Coverage} coverage */
function reportOf(part, coverage) {
  /** @type {Map<string, Coverage>} */
  const rooms = new Map();
  for (const [file, lines] of coverage) {
    const room = dirname(file).split('/').slice(0, 4).join('/');
    if (!rooms.has(room)) rooms.set(room, new Map());
    rooms.get(room)?.set(file, lines);
  }
  const rows = [...rooms]
    .map(([room, files]) => ({ room, files, ...totalOf(files) }))
    .sort((a, b) => b.total - b.covered - (a.total - a.covered));
  const all = totalOf(coverage);
  const unrun = rows.flatMap(({ room, files }) => {
    const told = [...files]
      .map(([file, lines]) => ({ file, ranges: rangesOf(lines), count: [...lines.values()].filter((run) => !run).length }))
      .filter(({ count }) => count > 0)
      .sort((a, b) => b.count - a.count)
      .map(({ file, ranges, count }) => `- ${file} (${count}): ${ranges}`);
    return told.length > 0 ? [`### ${room}\n\n${told.join('\n')}\n`] : [];
  });
  return [
    `## Of ${measured[part].title}: ${percentOf(all)} (${all.covered} of ${all.total})\n`,
    '| Room | Run | Lines | Not run |',
    '| --- | ---: | ---: | ---: |',
    ...rows.map(({ room, covered, total }) => `| ${room} | ${percentOf({ covered, total })} | ${total} | ${total - covered} |`),
    '',
    ...unrun,
  ].join('\n');
}

/** As `3-5, 9`: lines between which only lines without code stand are told as one. @param {Map<number, boolean>} lines */
function rangesOf(lines) {
  /** @type {[number, number][]} */
  const ranges = [];
  let open = false;
  for (const [line, run] of [...lines].sort(([a], [b]) => a - b)) {
    const last = ranges.at(-1);
    if (!run && open && last) last[1] = line;
    else if (!run) ranges.push([line, line]);
    open = !run;
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(', ');
}

/** @param {{covered: number, total: number}} counts */
const percentOf = ({ covered, total }) => `${((100 * covered) / Math.max(total, 1)).toFixed(1)} %`;

/** @param {Coverage} coverage @param {string} file @param {number} line @param {boolean} run A line may be told several times. */
function add(coverage, file, line, run) {
  if (!coverage.has(file)) coverage.set(file, new Map());
  const lines = coverage.get(file);
  lines?.set(line, run || lines.get(line) === true);
}

/** @param {string} path */
const inCheckout = (path) => relative(root, path).replaceAll('\\', '/');

/** The first file of this name below a folder. @param {string} folder @param {string} name @returns {string | undefined} */
export function findBelow(folder, name) {
  if (!existsSync(folder)) return undefined;
  const found = readdirSync(folder, { recursive: true })
    .map(String)
    .find((path) => path.endsWith(name));
  return found && join(folder, found);
}
