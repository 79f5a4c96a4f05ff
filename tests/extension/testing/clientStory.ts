// Runs the real client with the real language client library, and prints one line for each event.
import * as vscode from 'vscode';
import { codexList, vaultLock } from '../../../extension/src/protocol/protocol.generated';
import { SidecarClient } from '../../../extension/src/server/client';

const [script = '', counter = '', mode = ''] = process.argv.slice(2);
const tell = (line: string): void => void process.stdout.write(`${line}\n`);
const say =
  (level: string) =>
  (text: string): void =>
    tell(`${level}: ${text}`);

const log = vscode.window.createOutputChannel('Plue', { log: true });
for (const level of ['warn', 'error'] as const) log[level] = say(level);

const client = new SidecarClient({
  log,
  find: () => Promise.resolve({ command: process.execPath, args: [script, counter, mode] }),
  workspace: () => ({ trusted: vscode.workspace.isTrusted }),
});
client.onDidChangeState((state) => tell(`state ${state.state}`));
client.onDidStart(() => tell('started'));
client.onCodexChanged(({ uri }) => tell(`changed ${uri}`));

function reaches(wanted: string): Promise<void> {
  if (client.state.state === wanted) return Promise.resolve();
  return new Promise((resolve) => client.onDidChangeState(({ state }) => (state === wanted ? resolve() : undefined)));
}

async function list(): Promise<void> {
  tell(JSON.stringify(await client.request(codexList, { collection: 'chats' })));
}

async function crash(): Promise<void> {
  await client.request(vaultLock, {}).catch((error: unknown) => tell(`refused: ${error instanceof Error ? error.message : ''}`));
}

async function main(): Promise<void> {
  client.start();
  if (mode === 'dead') {
    await reaches('stopped');
    await list().catch((error: unknown) => tell(`refused: ${error instanceof Error ? error.message : ''}`));
    return;
  }
  await list();
  if (mode === 'busy') {
    await client.restart();
    await list();
    await client.stop();
    return;
  }
  if (mode === 'asked') {
    await Promise.all([client.restart(), client.restart()]);
    await list();
    await Promise.all([client.restart(), client.stop()]);
    return;
  }
  if (mode === 'deaf') {
    const again = new Promise<void>((resolve) => client.onDidStart(resolve));
    await crash();
    // Every write fails until the client detects that the process's input is closed.
    for (let requests = 0; requests < 6; requests++) list().catch(() => undefined);
    await again;
    await list();
    await client.stop();
    return;
  }
  for (let crashes = 0; crashes < 3; crashes++) {
    const again = new Promise<void>((resolve) => client.onDidStart(resolve));
    await crash();
    await again;
  }
  await list();
  await crash();
  await reaches('stopped');
  await client.restart();
  await list();
  await client.stop();
}

main().catch((error: unknown) => tell(`failed: ${error instanceof Error ? error.stack : String(error)}`));
