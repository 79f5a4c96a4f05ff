// Programs that the tests of tools, sandboxes and documents use: Debian's packages where we may install them. Without them those tests are skipped and say so.
import { step } from './progress.mjs';
import { findOnPath, run } from './run.mjs';

/** Program to package. @type {Record<string, string>} */
const packages = {
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
  const missing = Object.keys(packages).filter((program) => findOnPath(program) === undefined);
  if (missing.length === 0 || process.getuid?.() !== 0 || !findOnPath('apt-get')) return;
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  const names = missing.map((program) => packages[program] ?? program);
  await step(`Installing ${names.join(', ')} (once)`, async () => {
    await run('apt-get', ['update', '-q'], { env, timeout: 120_000 });
    await run('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...names], { env, timeout: 300_000 });
  });
}
