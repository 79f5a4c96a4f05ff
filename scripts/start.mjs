// `npm start [folder]`: installs what is missing, builds what changed, opens VS Code with Plue loaded.
// The desktop's `code` when it is on PATH, else a VS Code in the browser that lives until Ctrl+C.
//   --browser  not the desktop's VS Code     --no-open  print the address only     --port N
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build, installPackages } from './lib/build.mjs';
import { inRoot, root } from './lib/paths.mjs';
import { dotnetRoot, requireDotnet, requireNode } from './lib/prerequisites.mjs';
import { runMain, say } from './lib/progress.mjs';
import { findOnPath, run, runOrStop } from './lib/run.mjs';
import { startVsCodeServer } from './vsCodeServer.mjs';

/** Always the same, so that the browser finds its open chats again. */
const usualPort = 8377;

await runMain(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { browser: { type: 'boolean' }, 'no-open': { type: 'boolean' }, port: { type: 'string' } },
  });
  requireNode();
  await requireDotnet();
  await installPackages();
  await build();
  const folder = positionals[0] === undefined ? undefined : resolve(process.env.INIT_CWD ?? '.', positionals[0]);
  const code = values.browser ? undefined : findOnPath('code');
  if (code) return openDesktop(code, folder);
  return openBrowser({ folder, port: Number(values.port ?? usualPort), open: !values['no-open'] });
});

/** @param {string} code @param {string | undefined} folder */
async function openDesktop(code, folder) {
  await runOrStop(code, ['--new-window', `--extensionDevelopmentPath=${root}`, ...(folder ? [folder] : [])], {
    env: { PLUE_OPEN_CHAT: '1' },
  });
  say('VS Code opens with Plue loaded and a chat ready.');
}

/** @param {{folder: string | undefined, port: number, open: boolean}} options */
async function openBrowser({ folder, port, open }) {
  const server = await startVsCodeServer({ dataDir: inRoot('.plue-dev'), port, env: { PLUE_OPEN_CHAT: '1', DOTNET_ROOT: dotnetRoot() } });
  const url = server.url({ folder, extension: root });
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

/** Only where there is a desktop to open it on; a failure costs nothing, the address is on the screen. @param {string} url */
async function openInBrowser(url) {
  if (process.platform === 'darwin') await run('open', [url]);
  else if (process.platform === 'linux' && (process.env.DISPLAY || process.env.WAYLAND_DISPLAY) && findOnPath('xdg-open'))
    await run('xdg-open', [url]);
}
