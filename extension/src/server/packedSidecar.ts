// Verifies the packed sidecar: extension/out/sidecar.json lists its files with SHA-256. Every start hashes all of them, because
// size and time do not detect every change, and hashing takes about 20 ms.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import * as l10n from '../infrastructure/localizedText';
import * as v from 'valibot';
import { FailureError } from '../infrastructure/errors';

const fileName = v.pipe(v.string(), v.regex(/^[\w.-]+$/));
const packing = v.object({
  /** The file to start: `plue`, `plue.exe` or `plue.dll`. */
  program: fileName,
  /** SHA-256 in hexadecimal, by file name, of everything in the sidecar's folder. */
  files: v.record(fileName, v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))),
});

/**
 * Verifies all files and returns the path of the packed program; undefined if nothing is packed, as in a checkout.
 * Rejects with a FailureError `sidecarDamaged` if a file differs, is missing, or was added.
 */
export async function packedSidecar(extensionPath: string): Promise<string | undefined> {
  const text = await readPacking(join(extensionPath, 'extension', 'out', 'sidecar.json'));
  if (text === undefined) return undefined;
  const { program, files } = parse(text);
  const folder = join(extensionPath, 'sidecar');
  const found = await readdir(folder).catch(() => []);
  // The program would load a library next to it.
  const stranger = found.find((name) => !Object.hasOwn(files, name));
  if (stranger !== undefined) throw damaged(stranger);
  await Promise.all(Object.entries(files).map(([name, hash]) => check(folder, name, hash)));
  if (!Object.hasOwn(files, program)) throw damaged(program);
  return join(folder, program);
}

async function readPacking(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw damaged('sidecar.json');
  }
}

function parse(text: string): v.InferOutput<typeof packing> {
  try {
    return v.parse(packing, JSON.parse(text));
  } catch {
    throw damaged('sidecar.json');
  }
}

async function check(folder: string, name: string, hash: string): Promise<void> {
  let actual: string;
  try {
    // A symbolic link could get another target before the start.
    if (!(await lstat(join(folder, name))).isFile()) throw damaged(name);
    actual = await sha256(join(folder, name));
  } catch {
    throw damaged(name);
  }
  if (actual !== hash) throw damaged(name);
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), hash);
  return hash.digest('hex');
}

function damaged(name: string): FailureError {
  return new FailureError(
    'sidecarDamaged',
    l10n.t('Could not start Plue: the file {0} differs from the installed one. Reinstall the extension.', name),
  );
}
