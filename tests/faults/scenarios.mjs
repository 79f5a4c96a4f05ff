// The scenarios of `npm run faults`: each breaks saving in its own way, then a clean process opens everything.
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { inArtifacts } from '../../scripts/lib/paths.mjs';
import { run } from '../../scripts/lib/run.mjs';
import { sidecarScenarios } from './sidecarScenarios.mjs';
import { changing, pointsIn, traced, wasMet } from './strace.mjs';

const scenario = ['dotnet', 'exec', inArtifacts('bin', 'FaultScenario', 'debug', 'FaultScenario.dll')];
const writer = ['dotnet', 'exec', inArtifacts('bin', 'JournalWriter', 'debug', 'JournalWriter.dll')];
const atOnce = 3;
const shared = `chat_${'1'.padStart(32, '0')}`;

/**
 * @typedef {object} Finding What a scenario found.
 * @property {string} name Empty: the scenario's.
 * @property {number} points Faults injected.
 * @property {number} checked Acknowledged steps, or things that had to be there.
 * @property {number} repaired
 * @property {string[]} losses
 * @property {string} [skipped] Why it was not run.
 *
 * @typedef {object} Setting
 * @property {string} folder For everything that is written; removed by its creator.
 * @property {number} every 1 takes every point, 7 every seventh.
 * @property {string} plue The sidecar's program.
 * @property {string} [noStrace] Why faults cannot be injected here.
 */

/** A process that opens folders after a fault: one line of stdin is one folder. */
export class Reader {
  #child = spawn(scenario[0], [...scenario.slice(1), 'check'], { stdio: ['pipe', 'pipe', 'inherit'] });
  #lines = createInterface(this.#child.stdout)[Symbol.asyncIterator]();
  #turn = Promise.resolve();

  /** @param {string} home @param {string} printed @returns {Promise<{checked: number, repaired: number, losses: string[]}>} */
  check(home, printed) {
    const file = `${home}.printed`;
    writeFileSync(file, printed);
    const answer = this.#turn.then(async () => {
      this.#child.stdin.write(`${home} ${file}\n`);
      const losses = [];
      for (;;) {
        const { value, done } = await this.#lines.next();
        if (done) return { checked: 0, repaired: 0, losses: [...losses, 'The reader ended.'] };
        const [, checked, repaired] = /^checked (\d+) (\d+)$/.exec(value) ?? [];
        if (checked) return { checked: Number(checked), repaired: Number(repaired), losses };
        losses.push(value.replace(/^loss /, ''));
      }
    });
    this.#turn = answer.then(() => {});
    return answer;
  }

  close() {
    this.#child.stdin.end();
  }
}

/** Each as a name and what runs it. @type {{name: string, needs?: 'strace', tell: (setting: Setting, reader: Reader) => Promise<Finding[]>}[]} */
export const scenarios = [
  { name: 'killed at each call of a save', needs: 'strace', tell: (setting, reader) => injected(setting, reader, 'signal=KILL', changing) },
  {
    name: 'no space at each write and sync',
    needs: 'strace',
    tell: (setting, reader) => injected(setting, reader, 'error=ENOSPC', ['pwrite64', 'write', 'fsync']),
  },
  {
    name: 'a broken disk at each write and sync',
    needs: 'strace',
    tell: (setting, reader) => injected(setting, reader, 'error=EIO', ['pwrite64', 'write', 'fsync', 'ftruncate', 'rename']),
  },
  { name: 'damaged files', tell: damaged },
  { name: 'two processes, one killed', tell: twoProcesses },
  { name: 'a full disk', tell: fullDisk },
  { name: 'a read-only disk', tell: readOnlyDisk },
  ...sidecarScenarios,
];

/** @param {Setting} setting @returns {Promise<string>} */
async function prepared({ folder }) {
  const home = join(folder, 'prepared');
  await run(scenario[0], [...scenario.slice(1), 'prepare', home]);
  return home;
}

/** @param {Setting} setting @param {Reader} reader @param {string} effect @param {string[]} calls @returns {Promise<Finding[]>} */
async function injected(setting, reader, effect, calls) {
  const from = await prepared(setting);
  const begin = (/** @type {string} */ home) => {
    cpSync(from, home, { recursive: true, preserveTimestamps: true });
    return [...scenario, 'scenario', home];
  };
  const finding = { name: '', points: 0, checked: 0, repaired: 0, losses: /** @type {string[]} */ ([]) };
  const first = join(setting.folder, `${effect.replace('=', '-')}-first`);
  const whole = await traced(`${first}.trace`, begin(first), calls);
  const { losses } = await reader.check(first, whole.finished.stdout);
  finding.losses.push(...losses, ...(whole.finished.stdout.endsWith('end\n') ? [] : ['Without a fault the scenario does not end.']));
  const points = pointsIn(whole.trace, first).filter((_, i) => i % setting.every === 0);
  let next = 0;
  const work = async () => {
    for (let i = next++; i < points.length; i = next++) {
      const { call, when } = points[i];
      const home = join(setting.folder, `${effect.replace('=', '-')}-${i}`);
      const { finished, trace } = await traced(`${home}.trace`, begin(home), [call], `${call}:${effect}:when=${when}`);
      const found = await reader.check(home, finished.stdout);
      if (wasMet(trace, home, call)) finding.points++;
      finding.checked += found.checked;
      finding.repaired += found.repaired;
      finding.losses.push(...found.losses.map((loss) => `${call} ${when}: ${loss}`));
      if (found.losses.length === 0) for (const left of [home, `${home}.trace`, `${home}.printed`]) rmSync(left, { recursive: true });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  if (finding.points < points.length * 0.8) finding.losses.push(`Only ${finding.points} of ${points.length} faults were met.`);
  return [finding];
}

/** @param {Setting} setting @returns {Promise<Finding[]>} */
async function damaged({ folder, every }) {
  const home = join(folder, 'damaged');
  mkdirSync(home);
  const { stdout, code, output } = await run(scenario[0], [...scenario.slice(1), 'damage', home, String(every)], { timeout: 10 * 60_000 });
  /** @type {Finding[]} */
  const finding = [];
  let losses = [];
  for (const line of stdout.split('\n')) {
    const [, points, checked, repaired, name] = /^(\d+) (\d+) (\d+) (.+)$/.exec(line) ?? [];
    if (line.startsWith('loss ')) losses.push(line.slice(5));
    if (!name) continue;
    finding.push({ name, points: Number(points), checked: Number(checked), repaired: Number(repaired), losses });
    losses = [];
  }
  if (code !== 0) finding.push({ name: 'damaged files', points: 0, checked: 0, repaired: 0, losses: [output] });
  return finding;
}

/** Two processes write to one chat; one is killed somewhere, another takes its place. @param {Setting} setting @returns {Promise<Finding[]>} */
async function twoProcesses(setting) {
  const finding = { name: 'two processes, one killed', points: 0, checked: 0, repaired: 0, losses: /** @type {string[]} */ ([]) };
  const home = await prepared(setting);
  const rounds = setting.every > 1 ? 3 : 30;
  for (let round = 0; round < rounds; round++) {
    const writers = [0, 1].map(() => startWriter(home));
    await Promise.race(writers.map(({ begun }) => begun));
    await new Promise((resolve) => setTimeout(resolve, 40 + Math.random() * 300));
    writers[0].child.kill('SIGKILL');
    finding.points++;
    const received = await Promise.all(writers.map(({ ended }) => ended));
    if (!received[1].includes('acknowledged 39')) finding.losses.push(`The other writer did not end: ${received[1].split('\n').at(-2)}`);
    const texts = await run(scenario[0], [...scenario.slice(1), 'texts', home, shared]);
    const kept = new Set(texts.stdout.split('\n'));
    for (const [i, output] of received.entries())
      for (const [, number] of output.matchAll(/^acknowledged (\d+)$/gm)) {
        finding.checked++;
        if (!kept.has(`${writers[i].child.pid} ${number}`))
          finding.losses.push(`Round ${round}: message ${number} of writer ${i} is lost.`);
      }
    if (texts.stdout.includes('repaired')) finding.repaired++;
  }
  return [finding];
}

/** @param {string} home */
function startWriter(home) {
  const child = spawn(writer[0], [...writer.slice(1), home, shared, 'many', '40'], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  const begun = new Promise((resolve) => child.stdout.once('data', resolve));
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  /** @type {Promise<string>} */
  const ended = new Promise((resolve) => child.on('close', () => resolve(output)));
  return { child, begun, ended };
}

/** Disks that fill up at one step or another. @param {Setting} setting @param {Reader} reader @returns {Promise<Finding[]>} */
async function fullDisk(setting, reader) {
  const spaces = [4, 12, 20, 28, 36, 44, 52, 64, 80, 100, 140, 200].filter((_, i) => setting.every === 1 || i % 4 === 2);
  return onMounts(setting, reader, 'a full disk', spaces, async (home, from, space) => {
    const used = Number((await run('du', ['-sk', from])).stdout.split('\t')[0]);
    const mounted = await run('mount', ['-t', 'tmpfs', '-o', `size=${used + space}k`, 'tmpfs', home]);
    if (mounted.code !== 0) return undefined;
    cpSync(from, home, { recursive: true, preserveTimestamps: true });
    const { stdout } = await run(scenario[0], [...scenario.slice(1), 'scenario', home]);
    await run('mount', ['-o', 'remount,size=64m', home]);
    return stdout;
  });
}

/** @param {Setting} setting @param {Reader} reader @returns {Promise<Finding[]>} */
async function readOnlyDisk(setting, reader) {
  return onMounts(setting, reader, 'a read-only disk', [0], async (home, from) => {
    cpSync(from, home, { recursive: true, preserveTimestamps: true });
    if ((await run('mount', ['--bind', home, home])).code !== 0) return undefined;
    if ((await run('mount', ['-o', 'remount,ro,bind', home])).code !== 0) return undefined;
    const { stdout } = await run(scenario[0], [...scenario.slice(1), 'scenario', home]);
    await run('mount', ['-o', 'remount,rw,bind', home]);
    return stdout;
  });
}

/**
 * @param {Setting} setting @param {Reader} reader @param {string} name @param {number[]} sizes
 * @param {(home: string, from: string, size: number) => Promise<string | undefined>} tell What the scenario printed; undefined when nothing may be mounted.
 * @returns {Promise<Finding[]>}
 */
async function onMounts(setting, reader, name, sizes, tell) {
  const finding = { name, points: 0, checked: 0, repaired: 0, losses: /** @type {string[]} */ ([]) };
  const from = await prepared(setting);
  for (const size of sizes) {
    const home = join(setting.folder, `mount-${name.replaceAll(' ', '-')}-${size}`);
    mkdirSync(home);
    try {
      const stdout = await tell(home, from, size);
      if (stdout === undefined) return [{ ...finding, skipped: 'This user may not mount.' }];
      // On such a disk a second try fails too.
      const found = await reader.check(home, stdout.replace(/^stuck .*\n/gm, ''));
      finding.points += stdout.match(/^stuck /gm)?.length ?? 0;
      finding.checked += found.checked;
      finding.repaired += found.repaired;
      finding.losses.push(...found.losses.map((loss) => `${size}: ${loss}`));
    } finally {
      await run('umount', ['-l', home]);
    }
  }
  return [finding];
}
