// Bundles the extension's host and pages. The host has one file that VS Code loads, and files that it loads when they are needed. A page has one script and one
// stylesheet, which the host writes into its HTML.
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative, sep } from 'node:path';
import { inRoot, root } from './paths.mjs';

const source = inRoot('extension', 'src');
const iconFont = join('node_modules', '@vscode', 'codicons', 'dist');

/**
 * The bundles of the host: `main` is loaded by VS Code, with `shared`, which it has in common with `later`; `later` when one of its modules is first used; and
 * `languageClient` while the sidecar starts. Loading time is proportional to file size, even for unused code.
 */
export const hostBundles = ['main.js', 'shared.js', 'later.js', 'languageClient.js'];

/** Modules of the host whose exports are first used after activation. */
const laterModules = [
  ...['addToChat', 'chatPanel', 'exclusions', 'fileOrder', 'folderWalk', 'namedFile', 'patch', 'pickChat', 'placeCode', 'transfer'].map(
    (name) => `features/chat/${name}`,
  ),
  'features/completions/menu',
  'features/completions/modelPicker',
  'features/health/report',
  'features/inline/inlineEdit',
  'features/inline/symbolLines',
  'features/items/startTask',
  'features/providers/claudeCode',
  'features/providers/providerCommands',
  'features/servers/importServers',
  'features/servers/words',
  'features/skills/newSkill',
  'features/skills/skillRows',
  'features/sourceControl/diffText',
  'features/programImport/importer',
  'features/templates/newTemplate',
  'features/terminal/terminalText',
  'features/tools/toolRows',
  'features/vault/manageKeys',
  'features/vault/newProvider',
  'features/vsCodeChat/modelProvider',
  'features/vsCodeChat/participant',
  'features/vsCodeChat/plueTool',
  'server/editor/cellRuns',
  'server/editor/languageFeatures',
  'server/editor/testRuns',
  'server/editor/tools',
  'server/languageModels',
  'server/pickTemplate',
];

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
    build({
      ...common,
      ...hostTarget,
      external: ['vscode'],
      sourcemap,
      entryPoints: { languageClient: join(source, 'server', 'languageClient.ts') },
      outdir: out,
      format: 'cjs',
      plugins: [quickStart],
    }),
    bundleHost(out, { ...common, ...hostTarget, external: ['vscode'] }, sourcemap),
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

const hostTarget = /** @type {const} */ ({ platform: 'node', target: 'node20' });

/** @param {string} out @param {import('esbuild').BuildOptions} options @param {boolean} sourcemap */
async function bundleHost(out, options, sourcemap) {
  const { build, transform } = await import('esbuild');
  // Only ECMAScript modules can be split, and only CommonJS modules can be loaded in the middle of a function.
  const { metafile, outputFiles = [] } = await build({
    ...options,
    ...(sourcemap ? { sourcemap: /** @type {const} */ ('inline') } : {}),
    entryPoints: { main: join(source, 'extension.ts'), later: laterEntry },
    outdir: out,
    format: 'esm',
    splitting: true,
    chunkNames: 'shared',
    write: false,
    plugins: [quickStart, loadLater],
  });
  for (const { path, text } of outputFiles) {
    // `import()` becomes `require`, so that VS Code resolves `vscode` in the loaded file.
    const supported = { 'dynamic-import': false };
    const { code, map } = await transform(text, {
      ...{ ...hostTarget, format: 'cjs', minify: true, banner: accessor },
      ...{ supported, sourcemap, sourcesContent: false },
    });
    // Of the same length, so that the source map stays correct.
    const lazy = code.replace(/\brequire\("\.\/later\.js\?/g, 'plueLater(         "');
    await writeFile(path, lazy + (sourcemap ? `//# sourceMappingURL=${basename(path)}.map\n` : ''));
    if (sourcemap) await writeFile(`${path}.map`, map);
  }
  return { metafile };
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

const laterEntry = 'plue:later';

/** Returns the exports of a later module, which is loaded when one of them is first used. */
const accessor = 'var plueLater=m=>new Proxy({},{get:(_,n)=>require("./later.js").modules[m][n]});';

/** @type {import('esbuild').Plugin} Makes imports of later modules load them when they are first used. */
const loadLater = {
  name: 'load-later',
  setup(build) {
    build.onResolve({ filter: /^plue:later$/ }, () => ({ path: laterEntry, namespace: 'later' }));
    build.onLoad({ filter: /.*/, namespace: 'later' }, () => ({
      contents: [
        ...laterModules.map((name, at) => `import * as m${at} from ${JSON.stringify(`${join(source, name)}.ts`)};`),
        `export const modules = { ${laterModules.map((name, at) => `${JSON.stringify(name)}: m${at}`).join(', ')} };`,
      ].join('\n'),
      resolveDir: source,
    }));
    build.onResolve({ filter: /^\.\.?\// }, ({ path, importer }) => {
      const name = relative(source, join(dirname(importer), path)).replaceAll(sep, '/');
      const isLater =
        laterModules.includes(name) && !laterModules.includes(relative(source, importer).replaceAll(sep, '/').replace(/\.ts$/, ''));
      return isLater ? { path: `./later.js?${name}`, external: true } : undefined;
    });
  },
};

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
