// Determines what a change can affect, for `npm test -- --changed`. Vitest finds its own files.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { inRoot } from './paths.mjs';
import { run, runOrStop } from './run.mjs';

const server = 'server/Plue.Server';
const serverTests = 'tests/Plue.Server.Tests';

/** Returns the base of the current changes: the merge base with the upstream branch, or HEAD without one. */
export async function changeBase() {
  const { code, stdout } = await run('git', ['merge-base', 'HEAD', '@{upstream}']);
  return code === 0 ? stdout.trim() : 'HEAD';
}

/** Returns the files that differ from a commit, including uncommitted ones, relative to the checkout. @param {string} base @returns {Promise<string[]>} */
export async function changedFiles(base) {
  const { stdout: tracked } = await runOrStop('git', ['diff', '--name-only', '-z', base]);
  const { stdout: added } = await runOrStop('git', ['ls-files', '--others', '--exclude-standard', '-z']);
  return [...new Set(`${tracked}${added}`.split('\0').filter(Boolean))];
}

/**
 * @typedef {object} Affected
 * @property {string} base The commit that the files differ from.
 * @property {string[] | 'all'} namespaces Affected C# tests, relative to `Plue.Server.Tests`.
 * @property {string[] | 'main'} scenarios Affected scenarios in VS Code.
 * @property {boolean} isMeasured True if the short benchmark and the faults run.
 *
 * @param {string} base @param {string[]} files @returns {Affected}
 */
export function affectedBy(base, files) {
  const below = (/** @type {string} */ folder) => files.filter((file) => file.startsWith(`${folder}/`));
  const isServer = ['server', 'templates', 'prompts'].some((folder) => below(folder).length > 0);
  const isProduct = isServer || below('extension').length > 0 || below('tests/e2e/runner').length > 0 || files.includes('package.json');
  const scenarios = files.flatMap((file) => /^tests\/e2e\/scenarios\/(\w+)\.mjs$/.exec(file)?.[1] ?? []);
  return {
    base,
    namespaces: namespacesOf(files),
    scenarios: isProduct ? 'main' : scenarios,
    isMeasured: isServer || below('tests/bench').length > 0 || below('tests/faults').length > 0,
  };
}

/** Returns the folders of the changed files and of all direct and indirect users. @param {string[]} files @returns {string[] | 'all'} */
function namespacesOf(files) {
  const found = new Set(['Architecture']);
  for (const file of files) {
    const [, folder] = new RegExp(`^(?:${server}|${serverTests})/(\\w+)/`).exec(file) ?? [];
    if (folder !== undefined && folder !== 'Testing') found.add(folder);
    else if (/^(server|templates|prompts|tests\/Plue\.Server\.Tests|tests\/Tools|Directory\.)/.test(file)) return 'all';
  }
  const users = Object.entries(usedFolders());
  for (let size = 0; size < found.size;) {
    size = found.size;
    for (const [folder, used] of users) if (used.some((one) => found.has(one))) found.add(folder);
  }
  return [...found].sort();
}

/** Maps each folder of the sidecar to the folders that its files use. @returns {Record<string, string[]>} */
function usedFolders() {
  const folders = readdirSync(inRoot(server), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return Object.fromEntries(
    folders.map(({ name }) => {
      const sources = readdirSync(inRoot(server, name), { recursive: true })
        .map(String)
        .filter((file) => file.endsWith('.cs'))
        .map((file) => readFileSync(join(inRoot(server, name), file), 'utf8'));
      return [name, [...sources.join('\n').matchAll(/\bPlue\.Server\.(\w+)/g)].map(([, used = '']) => used)];
    }),
  );
}
