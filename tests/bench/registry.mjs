// `plue serve` with many providers and many models: how long a warm `provider/list` and `provider/models` take, beside reading the same files bare.
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { median } from './measure.mjs';
import { startSidecar } from './sidecar.mjs';

/**
 * @param {import('./measure.mjs').Program} program Its PLUE_HOME is filled here.
 * @param {{home: string, modelsAt: string, providers: number, models: number, rounds: number}} size `modelsAt` is an address that lists that many models.
 */
export async function registryOnce(program, { home, modelsAt, providers, models, rounds }) {
  const folder = join(home, 'providers');
  mkdirSync(folder, { recursive: true });
  for (let i = 0; i < providers; i++)
    writeFileSync(join(folder, `p${i}.json5`), provider(i, i === 0 ? modelsAt : `https://p${i}.example/v1`));
  const { ask, end } = await startSidecar(program);
  try {
    // Files that were written a moment ago are read again each time, as they may change again within a tick of the clock.
    await delay(2_500);
    const listed = await ask('provider/list', {});
    if (listed.items.filter((/** @type {{file?: string}} */ item) => item.file).length !== providers)
      throw new Error('Not every provider was listed.');
    const offered = await ask('provider/models', { id: 'p0', refresh: true });
    if (offered.models.length !== models) throw new Error(`${offered.models.length} models were listed instead of ${models}.`);
    const stored = join(home, 'index', 'models', 'p0.json');
    const times = { list: timer(), bareList: timer(), models: timer(), bareModels: timer() };
    for (let round = 0; round <= rounds; round++) {
      await times.list(round, () => ask('provider/list', {}));
      await times.bareList(round, () => readdirSync(folder).map((name) => readFileSync(join(folder, name))));
      await times.models(round, () => ask('provider/models', { id: 'p0' }));
      await times.bareModels(round, () => JSON.parse(readFileSync(stored, 'utf8')));
    }
    return {
      listMs: median(times.list.taken),
      bareListMs: median(times.bareList.taken),
      modelsMs: median(times.models.taken),
      bareModelsMs: median(times.bareModels.taken),
    };
  } finally {
    await end();
  }
}

/** The first round warms up and is not counted. */
function timer() {
  /** @type {number[]} */
  const taken = [];
  const time = async (/** @type {number} */ round, /** @type {() => unknown} */ work) => {
    const started = performance.now();
    await work();
    if (round > 0) taken.push(performance.now() - started);
  };
  return Object.assign(time, { taken });
}

/** @param {number} i @param {string} endpoint */
function provider(i, endpoint) {
  return `// Number ${i}\n{\n  name: "Provider ${i}",\n  provider_type: "openai-compatible",\n  endpoint: "${endpoint}",\n  model: "m",\n  api_key_ref: "vault://p${i}/api_key",\n  headers: { "X-Team": "bench" },\n}\n`;
}
