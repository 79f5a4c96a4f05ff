// Writes a provider that uses the scenario's endpoint into the Plue home, before anything starts.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** @param {string} home The Plue home. @param {import('./scriptedEndpoint.mjs').ScriptedEndpoint} endpoint @param {object} [more] Fields of the provider's file. @param {string} [id] */
export function writeLocalServer(home, endpoint, more = {}, id = 'house') {
  const folder = join(home, 'providers');
  mkdirSync(folder, { recursive: true });
  const settings = { name: 'House server', provider_type: 'openai-compatible', endpoint: endpoint.url, model: 'small-1', ...more };
  writeFileSync(join(folder, `${id}.json5`), JSON.stringify(settings));
}
