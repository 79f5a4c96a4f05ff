// The extension's host and pages as VS Code loads them: one file each, with the styles and fonts beside them, and one that the host loads later.
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { inRoot, root } from './paths.mjs';

const source = inRoot('extension', 'src');
const iconFont = join('node_modules', '@vscode', 'codicons', 'dist');

/** What the host loads at once, and what it loads while the sidecar starts. Loading is slow in proportion to the size of a file, used or not. */
const hostFiles = { main: 'extension.ts', languageClient: join('server', 'languageClient.ts') };

/** The bundles of the host. */
export const hostBundles = Object.keys(hostFiles).map((name) => `${name}.js`);

/** The pages: each folder of webview/ with a main.ts. */
export async function pages() {
  const entries = await readdir(join(source, 'webview'), { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() && existsSync(join(source, 'webview', entry.name, 'main.ts')))
    .map((entry) => entry.name);
}

/**
 * @param {string} out The folder for it.
 * @param {{sourcemap: boolean}} options A map names the files of this machine, so a package has none.
 * @returns {Promise<string[]>} What went in: files from the root.
 */
export async function bundleExtension(out, { sourcemap }) {
  const { build } = await import('esbuild');
  /** @type {import('esbuild').BuildOptions} */
  const common = {
    absWorkingDir: root,
    bundle: true,
    minify: true,
    metafile: true,
    sourcesContent: false,
    logLevel: 'warning',
    target: 'es2022',
  };
  const names = await pages();
  await mkdir(join(out, 'webview'), { recursive: true });
  const built = await Promise.all([
    ...Object.entries(hostFiles).map(([name, file]) =>
      build({
        ...common,
        sourcemap,
        entryPoints: { [name]: join(source, file) },
        outdir: out,
        platform: 'node',
        format: 'cjs',
        target: 'node20',
        // `import()` of the later file is a `require`, which VS Code answers for `vscode` in it.
        supported: { 'dynamic-import': false },
        external: ['vscode'],
        plugins: [quickStart],
      }),
    ),
    // A page's styles are what its main.ts imports; they land beside it as PAGE.css.
    ...names.map((name) =>
      build({
        ...common,
        // Beside the page and not named in it: the tests' own.
        ...(sourcemap ? { sourcemap: /** @type {const} */ ('external') } : {}),
        entryPoints: { [name]: join(source, 'webview', name, 'main.ts') },
        outdir: join(out, 'webview'),
        platform: 'browser',
        format: 'iife',
        loader: { '.ttf': 'file' },
      }),
    ),
    ...(await Promise.all(names.map(ownStyle)))
      .filter((style) => style !== undefined)
      .map(({ name, style }) => build({ ...common, entryPoints: [style], outfile: join(out, 'webview', `${name}.css`) })),
  ]);
  const copied = ['codicon.css', 'codicon.ttf'].map((file) => join(iconFont, file));
  await Promise.all(copied.map((file) => copyFile(inRoot(file), join(out, 'webview', relative(iconFont, file)))));
  return [...new Set([...built.flatMap(({ metafile }) => Object.keys(metafile?.inputs ?? {})), ...copied])].sort();
}

/** A page that does not import its stylesheet has it beside its main.ts, as PAGE.css. @param {string} name */
async function ownStyle(name) {
  const style = join(source, 'webview', name, `${name}.css`);
  const main = await readFile(join(source, 'webview', name, 'main.ts'), 'utf8');
  return existsSync(style) && !/import '[^']+\.css'/.test(main) ? { name, style } : undefined;
}

/** @type {import('esbuild').Plugin} What loading the host's first file would spend time on for nothing. */
const quickStart = {
  name: 'quick-start',
  setup(build) {
    // esbuild copies every member of a namespace import, once for each file that imports `vscode`.
    build.onLoad({ filter: /[\\/]extension[\\/]src[\\/].*\.ts$/ }, async ({ path }) => ({
      contents: (await readFile(path, 'utf8')).replace(/^import \* as vscode from 'vscode';/m, `const vscode = require('vscode');`),
      loader: 'ts',
    }));
    build.onResolve({ filter: /^\.\/languageClient$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: './languageClient.js', external: true } : undefined,
    );
    // Of the JSON-RPC library the first file needs the messages.
    build.onResolve({ filter: /^vscode-jsonrpc$/ }, ({ importer }) =>
      importer.startsWith(source) ? { path: join(dirname(createRequire(importer).resolve('vscode-jsonrpc')), 'messages.js') } : undefined,
    );
  },
};
