// `npm start [folder]`: installs what is missing, builds what changed, and opens VS Code with Plue loaded.
// Uses the desktop's `code` if it is on PATH, otherwise a VS Code in the browser that runs until Ctrl+C.
//   --browser  always uses the browser     --no-open  only prints the address     --port N
//   --data DIR  folder for that VS Code's data; must be outside the opened folder, because extensions in an untrusted folder are not loaded
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build, installPackages } from './lib/build.mjs';
import { inRoot, root } from './lib/paths.mjs';
import { dotnetRoot, requireDotnet, requireNode } from './lib/prerequisites.mjs';
import { WrongOption, runMain, say } from './lib/progress.mjs';
import { findOnPath, run, runOrStop } from './lib/run.mjs';
import { startVsCodeServer } from './vsCodeServer.mjs';

/** Always the same port, so that the browser finds its open chats again. */
const usualPort = 8377;

await runMain(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      browser: { type: 'boolean' },
      'no-open': { type: 'boolean' },
      port: { type: 'string' },
      data: { type: 'string' },
    },
  });
  const port = values.port === undefined ? undefined : Number(values.port);
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port < 65_536))
    throw new WrongOption(`\`--port ${values.port}\` is no port: use one from 1 to 65535, or 0 for any that is free.`);
  requireNode();
  await requireDotnet();
  await installPackages();
  await build();
  const folder = resolve(process.env.INIT_CWD ?? '.', positionals[0] ?? '.');
  const code = values.browser ? undefined : findOnPath('code');
  if (code) return openDesktop(code, folder);
  return openBrowser({
    folder,
    dataDir: values.data ?? join(homedir(), '.plue-dev', createHash('sha256').update(root).digest('hex').slice(0, 8)),
    port: port ?? usualPort,
    open: !values['no-open'],
  });
});

/** @param {string} code @param {string} folder */
async function openDesktop(code, folder) {
  await runOrStop(code, ['--new-window', `--extensionDevelopmentPath=${root}`, folder], {
    env: { PLUE_OPEN_CHAT: '1' },
  });
  say('VS Code opens with Plue loaded and a chat ready.');
}

/** @param {{folder: string, dataDir: string, port: number, open: boolean}} options */
async function openBrowser({ folder, dataDir, port, open }) {
  quietFirstStart(join(dataDir, 'user', 'User', 'settings.json'));
  linkExtension(join(dataDir, 'extensions'));
  const server = await startVsCodeServer({ dataDir, port, env: { PLUE_OPEN_CHAT: '1', DOTNET_ROOT: dotnetRoot() } });
  const url = server.url({ folder });
  say('VS Code with Plue is ready. Open this address; Ctrl+C ends it.');
  console.log(url);
  if (open) await openInBrowser(url);
  const asked = new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => resolve('asked'));
  });
  const reason = await Promise.race([asked, server.exited]);
  if (reason !== 'asked') {
    say(`The VS Code server ended by itself.\n${server.log()}`);
    return 1;
  }
  await server.stop();
  return 0;
}

/** Hides the welcome page and VS Code's own chat on first start. Existing settings are kept. @param {string} settings */
function quietFirstStart(settings) {
  if (existsSync(settings)) return;
  mkdirSync(dirname(settings), { recursive: true });
  const quiet = {
    'workbench.startupEditor': 'none',
    'workbench.secondarySideBar.defaultVisibility': 'hidden',
    'chat.disableAIFeatures': true,
  };
  writeFileSync(settings, `${JSON.stringify(quiet, null, 2)}\n`);
}

/**
 * Installs the extension as a symbolic link, because a served VS Code does not load an extension under development by its address alone.
 * @param {string} extensions
 */
function linkExtension(extensions) {
  const { publisher, name, version } = JSON.parse(readFileSync(inRoot('package.json'), 'utf8'));
  mkdirSync(extensions, { recursive: true });
  const link = join(extensions, `${publisher}.${name}-${version}`);
  rmSync(link, { force: true });
  symlinkSync(root, link, 'junction');
}

/** Does nothing without a desktop and ignores failures, because the address was printed. @param {string} url */
async function openInBrowser(url) {
  if (process.platform === 'darwin') await run('open', [url]);
  else if (process.platform === 'linux' && (process.env.DISPLAY || process.env.WAYLAND_DISPLAY) && findOnPath('xdg-open'))
    await run('xdg-open', [url]);
}
