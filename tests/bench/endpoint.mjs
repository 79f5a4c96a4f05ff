// A model that responds at once with as many tokens as its address says, in the format that the end of the address names:
//   /N/v1/chat/completions   /N/v1/responses   /N/v1/messages      N tokens
//   /N/rounds/R/v1/...                                             R calls of a tool that reads notes.txt, one a request, then N tokens
//   GET /N/v1/models                                               N models
//   GET /gaps                                                      milliseconds between each tool call and the request with its result, since the last time
// A process of its own, so that its work is not the work of what is measured. Prints its port.
import { createServer } from 'node:http';
import { chunks, toolCall, toolResults, wireOf } from './wires.mjs';

const piece = 16_384;
/** @type {Map<string, Buffer>} */
const responses = new Map();
/** @type {number[]} */
let gaps = [];
let calledAt = 0;

const server = createServer((request, response) => {
  const arrived = performance.now();
  const [address = ''] = (request.url ?? '').split('?');
  const tokens = Number(/^\/(\d+)\//.exec(address)?.[1] ?? 0);
  const rounds = Number(/\/rounds\/(\d+)\//.exec(address)?.[1] ?? 0);
  let body = '';
  if (rounds === 0) request.resume();
  else request.setEncoding('utf8').on('data', (text) => (body += text));
  request.on('end', () => {
    if (address === '/gaps') {
      response.end(JSON.stringify(gaps));
      gaps = [];
      return;
    }
    if (request.method !== 'POST') {
      const data = Array.from({ length: Math.max(1, tokens) }, (_, i) => ({ id: i === 0 ? 'm' : `m${i}`, object: 'model' }));
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ object: 'list', data }));
      return;
    }
    const wire = wireOf(address);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const asked = rounds === 0 ? undefined : JSON.parse(body);
    const done = asked === undefined ? 0 : toolResults(wire, asked);
    if (done > 0 && calledAt > 0) gaps.push(arrived - calledAt);
    calledAt = 0;
    // A request without tools is a question beside the task, as for a title.
    if (asked?.tools?.length > 0 && done < rounds) {
      response.end(toolCall(wire, asked, done), () => (calledAt = performance.now()));
    } else void send(response, responseOf(wire, tokens));
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') console.log(address.port);
});
// It ends with the process that started it.
process.stdin.resume().on('end', () => process.exit(0));

/** @param {import('node:http').ServerResponse} response @param {Buffer} body */
async function send(response, body) {
  for (let start = 0; start < body.length; start += piece) {
    if (!response.write(body.subarray(start, start + piece))) await new Promise((resolve) => response.once('drain', resolve));
  }
  response.end();
}

/** @param {import('./wires.mjs').Wire} wire @param {number} tokens */
function responseOf(wire, tokens) {
  const key = `${wire} ${tokens}`;
  let response = responses.get(key);
  if (response === undefined) {
    response = Buffer.from(
      chunks(
        wire,
        Array.from({ length: tokens }, (_, i) => wordOf(i)),
      ).join(''),
    );
    responses.set(key, response);
  }
  return response;
}

/** @param {number} i */
function wordOf(i) {
  return i % 20 === 19 ? `word${i}\n` : `word${i} `;
}
