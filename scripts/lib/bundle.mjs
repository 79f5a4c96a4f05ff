// Bundles the extension's host and pages: one file each, with styles and fonts next to it, and one file that the host loads later.
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { inRoot, root } from './paths.mjs';

const source = inRoot('extension', 'src');
const iconFont = join('node_modules', '@vscode', 'codicons', 'dist');

/** The file that the host loads first, and the one that it loads while the sidecar starts. Loading time is proportional to file size, even for unused code. */
const hostFiles = { main: 'extension.ts', languageClient: join('server', 'languageClient.ts') };

/** The bundles of the host. */
export const hostBundles = Object.keys(hostFiles).map((name) => `${name}.js`);

/** Returns the pages: the folders of webview/ with a main.ts. */
export async function pages() {
  const entries = await readdir(join(source, 'webview'), { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() && existsSync(join(source, 'webview', entry.name, 'main.ts')))
    .map((entry) => entry.name);
}

/**
 * @param {string} out The output folder.
 * @param {{sourcemap: boolean}} options A source map contains paths of this machine, so packages have none.
 * @returns {Promise<string[]>} The bundled files, relative to the root.
 */
export async function bundleExtension(out, { sourcemap }) {
  const { build, transform } = await import('esbuild');
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
        // `import()` of the later file becomes `require`, so that VS Code resolves `vscode` in it.
        supported: { 'dynamic-import': false },
        external: ['vscode'],
        plugins: [quickStart],
      }),
    ),
    // The styles imported by a page's main.ts go to PAGE.css next to its script.
    ...names.map((name) =>
      build({
        ...common,
        // Next to the page without a reference to it; only tests use it.
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
  const [iconStyle, icons] = [join(iconFont, 'codicon.css'), join(iconFont, 'codicon.ttf')];
  await copyFile(inRoot(icons), join(out, 'webview', 'codicon.ttf'));
  // The font is loaded after the page.
  const style = (await readFile(inRoot(iconStyle), 'utf8')).replace(/@font-face\s*\{[^}]*\}/, '');
  await writeFile(join(out, 'webview', 'codicon.css'), (await transform(style, { loader: 'css', minify: true })).code);
  await Promise.all(names.map((name) => checkPage(join(out, 'webview', name))));
  return [...new Set([...built.flatMap(({ metafile }) => Object.keys(metafile?.inputs ?? {})), iconStyle, icons])].sort();
}

/** The host writes these files into a page's HTML, where these words would end or extend their element. @param {string} page Without extension. */
async function checkPage(page) {
  // Scripts without a stylesheet are loaded by another page.
  if (!existsSync(`${page}.css`)) return;
  if (/<\/?script|<\/style/i.test((await readFile(`${page}.js`, 'utf8')) + (await readFile(`${page}.css`, 'utf8'))))
    throw new Error(`${page}.js or ${page}.css contains a script or style tag, so it cannot be written into the page.`);
}

/** Returns the stylesheet PAGE.css of a page whose main.ts does not import it. @param {string} name */
async function ownStyle(name) {
  const style = join(source, 'webview', name, `${name}.css`);
  const main = await readFile(join(source, 'webview', name, 'main.ts'), 'utf8');
  return existsSync(style) && !/import '[^']+\.css'/.test(main) ? { name, style } : undefined;
}

/** @type {import('esbuild').Plugin} Removes work from loading the host's first file. */
const quickStart = {
  name: 'quick-start',
  setup(build) {
    // esbuild copies all members of a namespace import for each file that imports `vscode`.
    build.onLoad({ filter: /[\\/]extension[\\/]src[\\/].*\.ts$/ }, async ({ path }) => ({
      contents: (await readFile(path, 'utf8')).replace(/^import \* as vscode from 'vscode';/m, `const vscode = require('vscode');`),
      loader: 'ts',
    }));
    build.onResolve({ filter: /^\.\/languageClient$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: './languageClient.js', external: true } : undefined,
    );
    // The first file needs only the messages of the JSON-RPC library.
    build.onResolve({ filter: /^vscode-jsonrpc$/ }, ({ importer }) =>
      importer.startsWith(source) ? { path: join(dirname(createRequire(importer).resolve('vscode-jsonrpc')), 'messages.js') } : undefined,
    );
  },
};
