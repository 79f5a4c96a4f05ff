// Detects whether sources changed since something was built from them. A fingerprint covers names, sizes and
// modification times. It needs one stat call per file, so a check takes milliseconds, and the worst error is a needless rebuild.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inArtifacts, root } from './paths.mjs';

const passedOver = new Set(['node_modules', 'artifacts', 'out', 'bin', 'obj', '.git', 'TestResults']);

/** @param {string[]} sources Files and folders, relative to the root; missing ones count as absent. */
export function fingerprint(sources) {
  const hash = createHash('sha256');
  for (const source of sources) visit(source, hash);
  return hash.digest('hex');
}

/** Returns the latest modification time in milliseconds. @param {string[]} sources */
export function newestChange(sources) {
  let newest = 0;
  for (const source of sources) walk(source, (_, stat) => (newest = Math.max(newest, stat.mtimeMs)));
  return newest;
}

/** Stores and compares the fingerprint of the last build of `name`. @param {string} name @param {string[]} sources */
export function stamp(name, sources) {
  const file = inArtifacts('stamps', name);
  const now = () => `${fingerprint(sources)}\n`;
  return {
    isCurrent: () => readOrEmpty(file) === now(),
    keep: () => {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, now());
    },
  };
}

/** @param {string} source @param {import('node:crypto').Hash} hash */
function visit(source, hash) {
  walk(source, (path, stat) => hash.update(`${path}\0${stat.size}\0${stat.mtimeMs}\n`));
}

/** @param {string} path @param {(path: string, stat: import('node:fs').Stats) => void} onFile */
function walk(path, onFile) {
  const stat = statSync(join(root, path), { throwIfNoEntry: false });
  if (!stat) return;
  if (stat.isFile()) return onFile(path, stat);
  for (const name of readdirSync(join(root, path)).sort()) {
    if (!passedOver.has(name)) walk(`${path}/${name}`, onFile);
  }
}

/** @param {string} file */
function readOrEmpty(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
