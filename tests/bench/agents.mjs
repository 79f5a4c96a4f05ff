// Agents at work: what a round with a tool costs beside bare requests and file reads, many responses at once, and a tree of many tasks.
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { median } from './measure.mjs';
import { startScriptedModel } from './scriptedModel.mjs';
import { startSidecar } from './sidecar.mjs';

const toolRounds = 20;
const taskTemplate = 'bench-child';

/**
 * @param {{serve: import('./measure.mjs').Program, home: string}} tools
 * @param {import('./chats.mjs').Size} size
 * @returns {Promise<import('./chats.mjs').Figure[]>}
 */
export async function agentFigures({ serve, home: parent }, { rounds, agents }) {
  const home = join(parent, 'agents');
  const folder = join(parent, 'agents-workspace');
  for (const made of [join(home, 'providers'), join(home, 'templates'), folder]) mkdirSync(made, { recursive: true });
  writeFileSync(join(folder, 'notes.txt'), 'A line of the workspace.\n'.repeat(40));
  writeFileSync(join(home, 'config.json5'), '{ default_large: "bench", default_small: "bench" }');
  writeFileSync(
    join(home, 'templates', `${taskTemplate}.json5`),
    `{ id: "${taskTemplate}", name: "Child", version: "1.0.0", parent_template: "task", available_tools: [] }`,
  );
  const endpoint = await startScriptedModel();
  const provider = { name: 'Bench', provider_type: 'openai-compatible', endpoint: `${endpoint.origin}/v1`, model: 'm' };
  writeFileSync(join(home, 'providers', 'bench.json5'), JSON.stringify(provider));
  const sidecar = await startSidecar({ ...serve, env: { ...serve.env, PLUE_HOME: home } }, folder);
  try {
    const turns = watchTurns(sidecar);
    const inRounds = await roundsWithTools(sidecar, turns, endpoint.origin, folder, rounds);
    const idleMs = await idlePings(sidecar);
    const streams = await manyStreams(sidecar, turns, agents);
    const plainMs = await plainRequests(endpoint.origin, agents);
    const [peakMb, idleMb] = [sidecar.peakMb(), await sidecar.idleMb()];
    const trees = await largeTrees(sidecar, agents.tasks, rounds);
    return [
      { name: `a round with a tool, of ${toolRounds}; bare: the same request and file read`, unit: 'ms', digits: 2, ...inRounds.time },
      { name: `a round with a tool, of ${toolRounds}: CPU; bare: the same request and file read`, unit: 'ms', digits: 2, ...inRounds.cpu },
      {
        ...{ name: `${agents.streams} responses at once, without cross-talk; bare: plain requests`, unit: 'ms', digits: 0 },
        ...{ plue: streams.totalMs, bare: plainMs },
      },
      {
        ...{ name: `${agents.streams} responses at once: an unrelated request meanwhile, p99; bare: when idle`, unit: 'ms', digits: 1 },
        ...{ plue: streams.pingMs, bare: idleMs },
      },
      { name: `${agents.streams} responses at once: peak memory`, unit: 'MB', digits: 1, plue: peakMb },
      { name: `${agents.streams} responses at once: memory afterwards`, unit: 'MB', digits: 1, plue: idleMb },
      {
        ...{ name: `${agents.tasks} tasks in trees: created and finished; bare: plain requests in turn`, unit: 'ms', digits: 0 },
        ...{ plue: trees.madeMs, bare: await requestsInTurn(endpoint.origin, agents.tasks) },
      },
      {
        ...{ name: `${agents.tasks} tasks in trees: listed; bare: reading their files`, unit: 'ms', digits: 1 },
        ...{ plue: trees.listMs, bare: readMs(join(home, 'codices', 'tasks'), rounds) },
      },
      { name: 'agents: peak memory', unit: 'MB', digits: 1, plue: sidecar.peakMb() },
    ];
  } finally {
    await sidecar.end();
    await endpoint.stop();
  }
}

/**
 * @typedef {Awaited<ReturnType<typeof startSidecar>>} Sidecar
 * @typedef {ReturnType<typeof watchTurns>} Turns
 */

/** @param {Sidecar} sidecar @param {Turns} turns @param {string} origin @param {string} folder @param {number} rounds */
async function roundsWithTools(sidecar, turns, origin, folder, rounds) {
  /** @type {number[]} */ const plue = [];
  /** @type {number[]} */ const bare = [];
  /** @type {number[]} */ const bareCpu = [];
  let used = 0;
  for (let round = 0; round <= rounds; round++) {
    if (round === 1) used = sidecar.cpuMs();
    const { uri } = await sidecar.ask('codex/create', { templateId: 'ai-chat', values: { provider_ref: 'codex://providers/bench' } });
    const started = performance.now();
    const ended = turns.endOf(uri);
    await sidecar.ask('message/send', { codexId: uri, text: `READ ${toolRounds}` });
    if ((await ended).stopReason !== 'endTurn') throw new Error('The turn with tools did not end well.');
    const answered = performance.now();
    const own = process.cpuUsage();
    for (let request = 0; request <= toolRounds; request++) {
      await plainRequest(origin, `READ ${toolRounds}`);
      readFileSync(join(folder, 'notes.txt'));
    }
    if (round > 0) {
      plue.push((answered - started) / toolRounds);
      bare.push((performance.now() - answered) / toolRounds);
      const { user, system } = process.cpuUsage(own);
      bareCpu.push((user + system) / 1000 / toolRounds);
    }
  }
  const cpu = { plue: (sidecar.cpuMs() - used) / rounds / toolRounds, bare: median(bareCpu) };
  return { time: { plue: median(plue), bare: median(bare) }, cpu };
}

/** What `provider/list` takes while nothing else is asked, 99 of 100. @param {Sidecar} sidecar */
async function idlePings(sidecar) {
  /** @type {number[]} */ const taken = [];
  for (let ping = 0; ping < 100; ping++) {
    const asked = performance.now();
    await sidecar.ask('provider/list', {});
    taken.push(performance.now() - asked);
  }
  return taken.sort((a, b) => a - b)[98];
}

/** As many responses at once without Plue. @param {string} origin @param {{streams: number, tokens: number}} size */
async function plainRequests(origin, { streams, tokens }) {
  const started = performance.now();
  await Promise.all(Array.from({ length: streams }, (_, number) => plainRequest(origin, `ECHO stream${number}; ${tokens}`)));
  return performance.now() - started;
}

/** @param {string} origin @param {number} requests */
async function requestsInTurn(origin, requests) {
  const started = performance.now();
  for (let request = 0; request < requests; request++) await plainRequest(origin, 'ECHO done; 3');
  return performance.now() - started;
}

/** @param {string} origin @param {string} content */
async function plainRequest(origin, content) {
  const body = JSON.stringify({ model: 'm', stream: true, messages: [{ role: 'user', content }] });
  return (await fetch(`${origin}/v1/chat/completions`, { method: 'POST', body })).text();
}

/** @param {string} folder @param {number} rounds */
function readMs(folder, rounds) {
  const taken = Array.from({ length: Math.max(3, rounds) }, () => {
    const started = performance.now();
    for (const name of readdirSync(folder)) readFileSync(join(folder, name));
    return performance.now() - started;
  });
  return median(taken);
}

/** @param {Sidecar} sidecar @param {Turns} turns @param {{streams: number, tokens: number}} size */
async function manyStreams(sidecar, turns, { streams, tokens }) {
  const uris = [];
  for (let number = 0; number < streams; number++) {
    uris.push((await sidecar.ask('codex/create', { templateId: 'ai-chat', values: { provider_ref: 'codex://providers/bench' } })).uri);
  }
  // What is looked for at the first list of a process is not what streams cost.
  await sidecar.ask('provider/list', {});
  const started = performance.now();
  const ends = uris.map((uri) => turns.endOf(uri));
  let isOver = false;
  /** @type {number[]} */ const pings = [];
  const pinging = (async () => {
    while (!isOver) {
      const asked = performance.now();
      await sidecar.ask('provider/list', {});
      pings.push(performance.now() - asked);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  await Promise.all(uris.map((uri, number) => sidecar.ask('message/send', { codexId: uri, text: `ECHO stream${number}; ${tokens}` })));
  await Promise.all(ends);
  isOver = true;
  const totalMs = performance.now() - started;
  await pinging;
  for (const [number, uri] of uris.entries()) {
    const { messages } = await sidecar.ask('codex/get', { uri });
    const text = messages
      .at(-1)
      .parts.map((/** @type {{content?: string}} */ part) => part.content ?? '')
      .join('');
    if (text !== `stream${number}; `.repeat(tokens)) throw new Error(`The answer of chat ${number} is not its own: ${text.slice(0, 80)}`);
  }
  return { totalMs, pingMs: pings.sort((a, b) => a - b)[Math.floor(pings.length * 0.99)] };
}

/** What may stand under one task, and that one. */
const mostInTree = 51;

/** Trees as large as may be: one task at the top, all others under it. @param {Sidecar} sidecar @param {number} tasks @param {number} rounds */
async function largeTrees(sidecar, tasks, rounds) {
  const started = performance.now();
  const spawn = (/** @type {string | undefined} */ parentId) =>
    sidecar.ask('task/spawn', { templateId: taskTemplate, goal: 'ECHO done; 3', parentId, provider: 'bench' });
  let top;
  for (let number = 0; number < tasks; number++) {
    if (number % mostInTree === 0) top = await spawn(undefined);
    else await spawn(top.uri);
  }
  /** @type {number[]} */ const taken = [];
  let list;
  do {
    list = (await sidecar.ask('task/list', {})).tasks;
  } while (list.some((/** @type {{status: string}} */ task) => task.status !== 'done'));
  const madeMs = performance.now() - started;
  for (let round = 0; round < Math.max(3, rounds); round++) {
    const asked = performance.now();
    list = (await sidecar.ask('task/list', {})).tasks;
    taken.push(performance.now() - asked);
  }
  if (list.length !== tasks) throw new Error(`${list.length} tasks were listed instead of ${tasks}.`);
  return { madeMs, listMs: median(taken) };
}

/** @param {Sidecar} sidecar */
function watchTurns(sidecar) {
  /** @type {Map<string, (event: any) => void>} */
  const waiting = new Map();
  sidecar.on('message/event', ({ codexId, event }) => {
    if (event.kind === 'turnFinished') waiting.get(codexId)?.(event);
  });
  return {
    endOf: (/** @type {string} */ codexId) => new Promise((/** @type {(event: any) => void} */ resolve) => waiting.set(codexId, resolve)),
  };
}
