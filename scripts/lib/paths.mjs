// Paths of the checkout, its build output, and the shared cache.
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');
export const artifacts = join(root, 'artifacts');
/** Downloads shared between checkouts. */
export const cache = process.env.PLUE_CACHE || join(homedir(), '.cache', 'plue');

/** @param {...string} parts */
export const inRoot = (...parts) => join(root, ...parts);
/** @param {...string} parts */
export const inArtifacts = (...parts) => join(artifacts, ...parts);
