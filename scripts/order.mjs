// `npm run order`: renews server/Plue.Server/MethodOrder.txt, which puts the methods that a start, a response, rounds with tools and tasks call next to each
// other in the native program on Linux. Needs valgrind and takes some minutes.
import { spawn } from 'node:child_process';
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { agentFigures } from '../tests/bench/agents.mjs';
import { shortAnswer, withContestants } from '../tests/bench/streams.mjs';
import { inArtifacts, inRoot } from './lib/paths.mjs';
import { requireDotnet, requireNode } from './lib/prerequisites.mjs';
import { Stop, runMain, say, step } from './lib/progress.mjs';
import { hostRid } from './lib/publish.mjs';
import { findOnPath, run, runOrStop } from './lib/run.mjs';

const folder = inArtifacts('order');
const program = join(folder, 'plue');

await runMain(async () => {
  parseArgs({ options: {} });
  requireNode();
  await requireDotnet();
  if (!hostRid().startsWith('linux') || findOnPath('valgrind') === undefined) throw new Stop('This needs Linux and valgrind.');
  const options = ['-c', 'Release', '-r', hostRid(), '-p:PublishSidecar=true', '-p:StripSymbols=false', '-p:RunAnalyzers=false'];
  const paths = ['--artifacts-path', inArtifacts('order-build'), '-o', folder, '--nologo', '-v', 'q'];
  await step('Compiling plue with its symbols', () => runOrStop('dotnet', ['publish', 'server/Plue.Server', ...options, ...paths]));
  const home = mkdtempSync(join(tmpdir(), 'plue-order-'));
  try {
    const traces = await step('Tracing usual work', () => traced(home));
    const { output } = await run('nm', ['--defined-only', '-j', program]);
    const symbols = new Set(output.split('\n'));
    /** @type {Set<string>} */ const order = new Set();
    for (const trace of traces) {
      for await (const name of calledIn(trace)) if (symbols.has(name)) order.add(name);
    }
    writeFileSync(inRoot('server', 'Plue.Server', 'MethodOrder.txt'), `${[...order].join('\n')}\n`);
    say(`${order.size} methods`);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});

/** @param {string} home @returns {Promise<string[]>} The files with the called functions. */
async function traced(home) {
  const [response, agents] = [join(home, 'response.trace'), join(home, 'agents.trace')];
  /** @param {string} file @returns {import('../tests/bench/measure.mjs').Program} */
  const under = (file) => ({
    command: 'valgrind',
    args: ['--tool=callgrind', '-q', `--callgrind-out-file=${file}`, program],
    env: { HOME: home },
  });
  await withContestants({ plue: under(response), reader: under(response), home }, async (contestants) => {
    const { command, args, env } = contestants(shortAnswer).plue;
    await new Promise((resolve) => spawn(command, args, { env: { ...process.env, ...env }, stdio: 'ignore' }).on('close', resolve));
  });
  const serve = under(agents);
  const few = { rounds: 1, agents: { streams: 4, tokens: 10, tasks: 4 } };
  await agentFigures({ serve: { ...serve, args: [...serve.args, 'serve'] }, home }, few);
  return [agents, response];
}

/** @param {string} file @returns {AsyncGenerator<string>} The names of the functions, in the order of the file; a called name is listed once. */
async function* calledIn(file) {
  for await (const line of createInterface({ input: createReadStream(file) })) {
    const [, name] = /^c?fn=\(\d+\) (.+?)(?:'\d+)?$/.exec(line) ?? [];
    if (name !== undefined) yield name;
  }
}
