// Builds the extension's host and pages, and the development sidecar. `--no-server` leaves the sidecar out.
// What is newer than its sources is left alone.
import { spawn } from 'node:child_process';
import { readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleExtension, pages } from './lib/bundle.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const source = join(root, 'extension', 'src');
const out = join(root, 'extension', 'out');

/** Milliseconds of the newest change below `folder`, `skip` left out; 0 where there is nothing. */
async function newestIn(folder, skip = () => false) {
  let newest = 0;
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const path = join(folder, entry.name);
    if (skip(entry.name)) continue;
    newest = Math.max(newest, entry.isDirectory() ? await newestIn(path, skip) : (await stat(path)).mtimeMs);
  }
  return newest;
}

async function changedAt(path) {
  return (await stat(path).catch(() => undefined))?.mtimeMs ?? 0;
}

async function newestOf(...paths) {
  return Math.max(...(await Promise.all(paths.map(changedAt))));
}

async function buildExtension() {
  const names = await pages();
  const inputs = Math.max(
    await newestIn(source),
    await newestOf(join(root, 'package-lock.json'), join(root, 'scripts', 'lib', 'bundle.mjs')),
  );
  const outputs = [
    join(out, 'main.js'),
    join(out, 'webview', 'codicon.css'),
    ...names.flatMap((name) => [`${name}.js`, `${name}.js.map`].map((file) => join(out, 'webview', file))),
  ];
  const oldest = Math.min(...(await Promise.all(outputs.map(changedAt))));
  if (oldest > inputs) return 'up to date';

  await bundleExtension(out, { sourcemap: true });
  return 'built';
}

async function buildServer() {
  const inputs = Math.max(
    await newestIn(join(root, 'server'), (name) => name === 'bin' || name === 'obj'),
    await newestIn(join(root, 'templates')),
    await newestIn(join(root, 'prompts')),
    await newestOf(join(root, 'Directory.Build.props'), join(root, 'Directory.Packages.props'), join(root, 'BannedSymbols.txt')),
  );
  const built = join(root, 'artifacts', 'bin', 'Plue.Server', 'debug', 'plue.dll');
  const stamp = join(root, 'artifacts', 'bin', 'Plue.Server', 'debug', '.built');
  if (existsSync(built) && (await changedAt(stamp)) > inputs) return 'up to date';
  const started = new Date();
  await run('dotnet', ['build', 'server/Plue.Server', '-v', 'q', '--nologo']);
  // The compiler leaves its output alone when nothing changed, so its time does not say when it was last asked.
  await writeFile(stamp, '');
  await utimes(stamp, started, started);
  return 'built';
}

function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit' });
    child.on('error', (error) => reject(new Error(`${command} could not be started: ${error.message}`)));
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`${command} ${args.join(' ')} ended with exit code ${code}.`))));
  });
}

async function step(name, work) {
  const start = performance.now();
  const result = await work();
  process.stdout.write(`${name}: ${result} (${((performance.now() - start) / 1000).toFixed(1)} s)\n`);
}

try {
  await step('extension', buildExtension);
  if (!process.argv.includes('--no-server')) await step('sidecar', buildServer);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
