// Tests `npm run setup` on a clean machine: this one, in an overlay without the packages and the cache.
import { cache, root } from './paths.mjs';
import { step } from './progress.mjs';
import { run } from './run.mjs';
import { testPrograms } from './testPrograms.mjs';

const suite = 'Setup';
const name = 'Setup installs every program, the browser and the VS Code server on a machine without them';

/** Packages that nothing else depends on; removing Python or curl would remove many others. */
const removed = [
  'chromium',
  'chromium-common',
  'fonts-wqy-zenhei',
  ...Object.values(testPrograms).filter((name) => !/python|curl/.test(name)),
];

/** Runs in its own mount namespace, so that nothing outside it changes. */
const script = `
set -e
top=$(mktemp -d)
mount -t tmpfs none "$top"
mkdir "$top/upper" "$top/work" "$top/machine"
mount -t overlay overlay -o "lowerdir=/,upperdir=$top/upper,workdir=$top/work" "$top/machine" || { echo 'no overlay'; exit 77; }
for folder in proc sys dev; do mount --rbind "/$folder" "$top/machine/$folder"; done
exec chroot "$top/machine" bash -c '
  set -e
  export DEBIAN_FRONTEND=noninteractive
  dpkg-query -W -f "\\\${Package}\\n" $REMOVED 2>/dev/null | xargs -r apt-get purge -y -q >/dev/null
  rm -rf "$CACHE"
  for program in $PROGRAMS; do if command -v $program; then echo "$program is still here"; exit 1; fi; done
  cd "$CHECKOUT"
  npm run -s setup
  for program in $PROGRAMS; do command -v $program || { echo "$program is missing"; exit 1; }; done
  chromium --version
  npm run -s setup
'`;

/** @returns {Promise<import('./testResults.mjs').SuiteResult>} */
export async function runSetupTests() {
  const skipped = (/** @type {string} */ reason) => ({ suite, tests: [{ name, outcome: /** @type {const} */ ('skipped'), reason }] });
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return skipped('It needs Linux and the rights of root.');
  const env = {
    ...{ REMOVED: removed.join(' '), CACHE: cache, CHECKOUT: root },
    PROGRAMS: ['chromium', ...Object.entries(testPrograms).flatMap(([program, name]) => (removed.includes(name) ? [program] : []))].join(
      ' ',
    ),
  };
  const finished = await step('Setting up an empty machine', () =>
    run('unshare', ['--mount', 'bash', '-c', script], { env, timeout: 15 * 60_000 }),
  );
  if (finished.code === 77) return skipped('This machine mounts no overlay.');
  if (finished.code === 0) return { suite, tests: [{ name, outcome: 'passed' }] };
  return { suite, tests: [{ name, outcome: 'failed', reason: finished.output.split('\n').slice(-40).join('\n') }] };
}
