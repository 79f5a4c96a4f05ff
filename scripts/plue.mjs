// `npm run -s plue -- ARGS`: the command line from a checkout. Runs the published build if it is newer than
// the sources, otherwise the debug build, rebuilt if something changed. Input, output, signals and exit code are the program's own.
import { spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { newestChange, stamp } from './lib/fingerprint.mjs';
import { sidecarSources } from './lib/build.mjs';
import { inArtifacts } from './lib/paths.mjs';
import { requireDotnet, requireNode } from './lib/prerequisites.mjs';
import { runMain, step } from './lib/progress.mjs';
import { runOrStop } from './lib/run.mjs';
import { hostRid } from './lib/publish.mjs';

await runMain(async () => {
  requireNode();
  const [command, ...args] = await program();
  const child = spawn(command, [...args, ...process.argv.slice(2)], { stdio: 'inherit', cwd: process.env.INIT_CWD ?? process.cwd() });
  // The terminal also sends Ctrl+C to the child; here it must only not end the wait.
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
    process.on(signal, () => signal !== 'SIGINT' && child.kill(signal));
  return new Promise((resolve) => {
    child.on('error', () => resolve(127));
    child.on('exit', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 143)));
  });
});

/** @returns {Promise<string[]>} */
async function program() {
  const changed = newestChange(sidecarSources);
  const made = (/** @type {string} */ path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const published = inArtifacts('publish', hostRid(), process.platform === 'win32' ? 'plue.exe' : 'plue');
  if (made(published) > changed) return [published];
  const debug = inArtifacts('bin', 'Plue.Server', 'debug', 'plue.dll');
  const built = stamp('sidecar', sidecarSources);
  if (made(debug) === 0 || !built.isCurrent()) {
    await requireDotnet();
    await step('Building the sidecar', () => runOrStop('dotnet', ['build', 'server/Plue.Server', '-v', 'q', '--nologo']));
    built.keep();
  }
  return ['dotnet', debug];
}
