// Where things are: the checkout, what it builds, and the cache that outlives it.
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');
export const artifacts = join(root, 'artifacts');
/** Downloads that are worth keeping between checkouts. */
export const cache = process.env.PLUE_CACHE || join(homedir(), '.cache', 'plue');

/** @param {...string} parts */
export const inRoot = (...parts) => join(root, ...parts);
/** @param {...string} parts */
export const inArtifacts = (...parts) => join(artifacts, ...parts);
