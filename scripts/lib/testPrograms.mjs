// Programs for the tests of tools, sandboxes and documents: Debian packages, if they may be installed. Without them those tests are skipped with a reason.
import { say, step } from './progress.mjs';
import { findOnPath, run } from './run.mjs';

/** Maps programs to packages. @type {Record<string, string>} */
export const testPrograms = {
  bwrap: 'bubblewrap',
  rg: 'ripgrep',
  strace: 'strace',
  sshd: 'openssh-server',
  ssh: 'openssh-client',
  jq: 'jq',
  curl: 'curl',
  python3: 'python3-minimal',
};

export async function installTestPrograms() {
  const missing = Object.keys(testPrograms).filter((program) => findOnPath(program) === undefined);
  if (missing.length === 0 || process.getuid?.() !== 0 || !findOnPath('apt-get')) return;
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  const names = missing.map((program) => testPrograms[program] ?? program);
  const finished = await step(`Installing ${names.join(', ')} (once)`, async () => {
    await run('apt-get', ['update', '-q'], { env, timeout: 120_000 });
    return run('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...names], { env, timeout: 300_000 });
  });
  if (finished.code === 0) return;
  const reason = finished.output.trimEnd().split('\n').at(-1) ?? '';
  say(`Could not install ${names.join(', ')} (${reason}). The tests that need them are skipped.`);
}
