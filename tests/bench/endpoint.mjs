// A Chat Completions endpoint that answers at once with as many tokens as its address says: /N/v1/chat/completions. It lists as many models.
// A process of its own, so that its work is not the work of what is measured. Prints its port.
import { createServer } from 'node:http';

const piece = 16_384;
/** @type {Map<number, Buffer>} */
const answers = new Map();

const server = createServer((request, response) => {
  const tokens = Number(/^\/(\d+)\//.exec(request.url ?? '')?.[1] ?? 0);
  request.resume().on('end', () => {
    if (request.method === 'GET') {
      const data = Array.from({ length: Math.max(1, tokens) }, (_, i) => ({ id: i === 0 ? 'm' : `m${i}`, object: 'model' }));
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ object: 'list', data }));
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    void send(response, answerOf(tokens));
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') console.log(address.port);
});
// The end of whoever started it is its own end.
process.stdin.resume().on('end', () => process.exit(0));

/** @param {import('node:http').ServerResponse} response @param {Buffer} answer */
async function send(response, answer) {
  for (let start = 0; start < answer.length; start += piece) {
    if (!response.write(answer.subarray(start, start + piece))) await new Promise((resolve) => response.once('drain', resolve));
  }
  response.end();
}

/** @param {number} tokens */
function answerOf(tokens) {
  let answer = answers.get(tokens);
  if (answer === undefined) {
    const event = (/** @type {object} */ more) =>
      `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'm', ...more })}\n\n`;
    const deltas = Array.from({ length: tokens }, (_, i) =>
      event({ choices: [{ index: 0, delta: { content: wordOf(i) }, finish_reason: null }] }),
    );
    const last = event({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
    const usage = event({ choices: [], usage: { prompt_tokens: 8, completion_tokens: tokens, total_tokens: tokens + 8 } });
    answer = Buffer.from(`${deltas.join('')}${last}${usage}data: [DONE]\n\n`);
    answers.set(tokens, answer);
  }
  return answer;
}

/** @param {number} i */
function wordOf(i) {
  return i % 20 === 19 ? `word${i}\n` : `word${i} `;
}
