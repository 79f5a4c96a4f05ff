import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Creates the temporary folder of this run, which is removed at the end. */
export default function ownTemporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'plue-tests-'));
  for (const name of process.platform === 'win32' ? ['TEMP', 'TMP'] : ['TMPDIR']) process.env[name] = folder;
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
}
