// Builds the extension's host and pages, and the development sidecar. `--no-server` leaves the sidecar out.
// What is newer than its sources is left alone.
import { spawn } from 'node:child_process';
import { copyFile, mkdir, readFile, readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

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

/** The pages: each folder of webview/ with a main.ts. */
async function pages() {
  const entries = await readdir(join(source, 'webview'), { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() && existsSync(join(source, 'webview', entry.name, 'main.ts')))
    .map((entry) => entry.name);
}

async function buildExtension() {
  const names = await pages();
  const inputs = Math.max(await newestIn(source), await newestOf(join(root, 'package-lock.json'), fileURLToPath(import.meta.url)));
  const outputs = [
    join(out, 'main.js'),
    join(out, 'webview', 'codicon.css'),
    ...names.flatMap((name) => [`${name}.js`, `${name}.js.map`].map((file) => join(out, 'webview', file))),
  ];
  const oldest = Math.min(...(await Promise.all(outputs.map(changedAt))));
  if (oldest > inputs) return 'up to date';

  const { build } = await import('esbuild');
  const common = {
    absWorkingDir: root,
    bundle: true,
    minify: true,
    sourcemap: true,
    sourcesContent: false,
    logLevel: 'warning',
    target: 'es2022',
  };
  await mkdir(join(out, 'webview'), { recursive: true });
  await Promise.all([
    build({
      ...common,
      entryPoints: [join(source, 'extension.ts')],
      outfile: join(out, 'main.js'),
      platform: 'node',
      format: 'cjs',
      target: 'node20',
      external: ['vscode'],
    }),
    // A page's styles are what its main.ts imports; they land beside it as PAGE.css.
    ...names.map((name) =>
      build({
        ...common,
        // Beside the page and not named in it: the tests' own.
        sourcemap: 'external',
        entryPoints: { [name]: join(source, 'webview', name, 'main.ts') },
        outdir: join(out, 'webview'),
        platform: 'browser',
        format: 'iife',
        loader: { '.ttf': 'file' },
      }),
    ),
    ...names.map((name) => buildStyle(build, common, name)),
    ...['codicon.css', 'codicon.ttf'].map((file) =>
      copyFile(join(root, 'node_modules', '@vscode', 'codicons', 'dist', file), join(out, 'webview', file)),
    ),
  ]);
  return 'built';
}

/** A page that does not import its stylesheet has it beside its main.ts, as PAGE.css. */
async function buildStyle(build, common, name) {
  const style = join(source, 'webview', name, `${name}.css`);
  const main = await readFile(join(source, 'webview', name, 'main.ts'), 'utf8');
  if (!existsSync(style) || /import '[^']+\.css'/.test(main)) return;
  await build({ ...common, sourcemap: false, entryPoints: [style], outfile: join(out, 'webview', `${name}.css`) });
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
