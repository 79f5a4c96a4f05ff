// A model in a process of its own, so that its work does not slow the measured process. `READ n` calls a tool n times, `ECHO word; n` says the word n times.
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';

const own = fileURLToPath(import.meta.url);

export async function startScriptedModel() {
  const child = spawn(process.execPath, [own], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = new Promise((resolve) => child.on('close', resolve));
  const port = await new Promise((resolve, reject) => {
    child.stdout.once('data', (line) => resolve(Number(line)));
    child.on('error', reject).on('close', () => reject(new Error('The scripted model ended before it listened.')));
  });
  return {
    origin: `http://127.0.0.1:${port}`,
    stop: async () => {
      child.stdin.end();
      await exited;
    },
  };
}

function serve() {
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (piece) => (body += piece));
    request.on('end', () => {
      if (request.method === 'GET') {
        return response.setHeader('content-type', 'application/json').end('{"object":"list","data":[{"id":"m","object":"model"}]}');
      }
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      void say(response, JSON.parse(body).messages);
    });
  });
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    process.stdout.write(`${address !== null && typeof address === 'object' ? address.port : 0}\n`);
  });
  // It ends with the process that started it.
  process.stdin.on('end', () => process.exit(0)).resume();
}

/** @param {object} delta @param {string | null} finish */
function event(delta, finish) {
  return `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
}

/** @param {import('node:http').ServerResponse} response @param {{role: string, content: unknown}[]} messages */
async function say(response, messages) {
  const asked = JSON.stringify(messages.findLast(({ role }) => role === 'user')?.content ?? '');
  const [, read] = /READ (\d+)/.exec(asked) ?? [];
  const [, word, times] = /ECHO ([^;]+;) (\d+)/.exec(asked) ?? [];
  const done = messages.filter(({ role }) => role === 'tool').length;
  if (read !== undefined && done < Number(read)) {
    // Not the same call three times in a row.
    const parameters = JSON.stringify({ path: 'notes.txt', from: 1, to: done + 1 });
    const call = { index: 0, id: `call_${done}`, type: 'function', function: { name: 'read', arguments: parameters } };
    response.write(event({ tool_calls: [call] }, null) + event({}, 'tool_calls'));
  } else {
    const piece = event({ content: word === undefined ? 'Done.' : `${word} ` }, null);
    for (let left = Number(times ?? 1); left > 0; left -= 10) {
      response.write(piece.repeat(Math.min(10, left)));
      await new Promise((resolve) => setImmediate(resolve));
    }
    response.write(event({}, 'stop'));
  }
  response.end('data: [DONE]\n\n');
}

if (process.argv[1] === own) serve();
