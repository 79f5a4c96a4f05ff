// A sidecar that responds with its own state and crashes on request. Its argument names a file that counts its starts.
import { appendFileSync, closeSync, readFileSync } from 'node:fs';
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node';

const [counter, mode] = process.argv.slice(2);
appendFileSync(counter, '.');
if (mode === 'dead') {
  process.stderr.write('fail: The data folder is read-only.\n');
  process.exit(3);
}
const starts = readFileSync(counter, 'utf8').length;
const connection = createMessageConnection(new StreamMessageReader(process.stdin), new StreamMessageWriter(process.stdout));
const received = [];
connection.onRequest('initialize', (params) => {
  received.push(`trusted ${params.initializationOptions.trusted}`);
  return { capabilities: {}, serverInfo: { name: 'crashy', version: '1' } };
});
connection.onNotification('workspace/trust', ({ trusted }) => received.push(`trust ${trusted}`));
let continues = mode === 'busy';
connection.onNotification('workspace/keepRunning', ({ keepsRunning }) => (continues = keepsRunning));
connection.onRequest('shutdown', async () => {
  if (continues) await connection.sendNotification('workspace/continues', {});
  return {};
});
connection.onNotification('exit', () => {
  if (!continues) process.exit(0);
  // Longer than the client waits for the end of a sidecar before it kills it.
  setTimeout(() => {
    appendFileSync(counter, ' done');
    process.exit(0);
  }, 2000);
});
connection.onRequest('codex/list', async (params) => {
  const { models } = await connection.sendRequest('host/languageModels', { vendor: 'copilot' });
  void connection.sendNotification('codex/changed', { uri: `codex://chats/start-${starts}` });
  return {
    items: [],
    received: [JSON.stringify(params), `start ${starts}`, `in ${process.cwd()}`, `${models.length} models`, ...received],
  };
});
connection.onRequest('vault/lock', () => {
  if (mode === 'deaf') {
    closeSync(0);
    setInterval(() => {}, 1000); // keeps running
    return {};
  }
  process.stderr.write('fail: It hurts.\n      at Somewhere\n');
  process.exit(7);
});
connection.listen();
