// One answer streamed to `plue run`, to a bare C# reader and to `curl`, from the same endpoint in the same run.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { costOf, median } from './measure.mjs';

export const shortAnswer = 20;
export const longAnswer = 50_000;

/**
 * @typedef {import('./measure.mjs').Program} Program
 * @typedef {Record<'curl' | 'bareReader' | 'plue', Program>} Contestants
 */

/**
 * Runs an endpoint of its own process meanwhile.
 * @template R
 * @param {{plue: Program, reader: Program, home: string}} tools
 * @param {(contestants: (tokens: number) => Contestants, port: number) => Promise<R>} work
 */
export async function withContestants({ plue, reader, home }, work) {
  const script = fileURLToPath(new URL('endpoint.mjs', import.meta.url));
  const endpoint = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    const port = await new Promise((/** @type {(port: number) => void} */ resolve) =>
      endpoint.stdout.once('data', (data) => resolve(Number(data))),
    );
    return await work((tokens) => {
      const base = `http://127.0.0.1:${port}/${tokens}/v1`;
      const address = `${base}/chat/completions`;
      const asked = ['run', 'hi', '--kind', 'openai-compatible', '--base-url', base, '--model', 'm', '--key-env', 'BENCH_KEY'];
      return {
        curl: {
          command: 'curl',
          args: ['-sN', '-X', 'POST', '-H', 'content-type: application/json', '-d', '{"model":"m","stream":true,"messages":[]}', address],
        },
        bareReader: { ...reader, args: [...reader.args, address] },
        plue: { ...plue, args: [...plue.args, ...asked], env: { HOME: home, PLUE_HOME: join(home, 'plue'), BENCH_KEY: 'sk-bench' } },
      };
    }, port);
  } finally {
    endpoint.stdin.end();
  }
}

/**
 * What the tokens of a long answer cost beyond the start of the program.
 * @param {{plue: Program, reader: Program, home: string}} tools @param {number} rounds
 * @returns {Promise<import('./chats.mjs').Figure[]>}
 */
export function costsOfTokens(tools, rounds) {
  return withContestants(tools, async (contestants) => {
    const spent = { plue: /** @type {number[]} */ ([]), bareReader: /** @type {number[]} */ ([]) };
    const held = { plue: /** @type {number[]} */ ([]), bareReader: /** @type {number[]} */ ([]) };
    for (let round = 0; round <= rounds; round++) {
      for (const name of /** @type {const} */ (['plue', 'bareReader'])) {
        const short = await costOf(contestants(shortAnswer)[name]);
        const long = await costOf(contestants(longAnswer)[name]);
        // The first round warms up and is not counted.
        if (round === 0) continue;
        spent[name].push(Math.max(0.01, (1000 * (long.cpuMs - short.cpuMs)) / longAnswer));
        held[name].push(long.peakMb);
      }
    }
    return [
      {
        ...{ name: `${longAnswer} tokens: CPU a token, without the start; bare: the bare reader`, unit: 'µs', digits: 2 },
        ...{ plue: median(spent.plue), bare: median(spent.bareReader) },
      },
      {
        ...{ name: `${longAnswer} tokens: peak memory; bare: the bare reader`, unit: 'MB', digits: 1 },
        ...{ plue: median(held.plue), bare: median(held.bareReader) },
      },
    ];
  });
}
