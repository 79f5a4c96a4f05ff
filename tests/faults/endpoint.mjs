// A model's server on loopback for the scenarios: what it answers next is a function of theirs.
import { once } from 'node:events';
import { createServer } from 'node:http';

/**
 * @typedef {import('node:http').ServerResponse} Response
 * @typedef {(response: Response) => void | Promise<void>} Answer
 * @typedef {{name: string, parameters: object}} Call
 */

export class Endpoint {
  #server = createServer((request, response) => {
    // The client can disconnect during a request or response. Other errors are faults of the scenario.
    this.#serve(request, response).catch((error) => {
      if (error.code !== 'ECONNRESET') throw error;
    });
  });
  /** The response to every request. @type {Answer} */
  answer = completion(['fine']);
  /** The responses to the next requests, in order; then {@link answer} again. @type {Answer[]} */
  answers = [];
  /** How many questions came, and what the last one was. */
  asked = 0;
  /** @type {any} */
  last;
  /** Answers under way. */
  open = 0;

  static async start() {
    const endpoint = new Endpoint();
    await new Promise((resolve) => endpoint.#server.listen(0, '127.0.0.1', () => resolve(undefined)));
    return endpoint;
  }

  get url() {
    const address = this.#server.address();
    return `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}/v1`;
  }

  async stop() {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** @param {import('node:http').IncomingMessage} request @param {Response} response */
  async #serve(request, response) {
    let body = '';
    for await (const piece of request.setEncoding('utf8')) body += piece;
    if (request.method !== 'POST')
      return void response
        .setHeader('content-type', 'application/json')
        .end(JSON.stringify({ object: 'list', data: [{ id: 'm', object: 'model' }] }));
    this.last = JSON.parse(body);
    this.asked++;
    this.open++;
    response.on('close', () => this.open--);
    await (this.answers.shift() ?? this.answer)(response);
  }
}

/** A whole answer, as Chat Completions stream it. @param {string[]} words @param {{calls?: Call[], pauseMs?: number}} [how] @returns {Answer} */
export function completion(words, { calls = [], pauseMs = 0 } = {}) {
  const events = eventsOf(words, calls);
  return async (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const event of events) {
      if (response.destroyed) return;
      if (!response.write(event)) await drained(response);
      if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    response.end();
  };
}

/** Waits until the reader is ready or has ended. @param {Response} response */
export async function drained(response) {
  const late = new AbortController();
  const { signal } = late;
  await Promise.race([once(response, 'drain', { signal }), once(response, 'close', { signal })]);
  late.abort();
}

/** The same as one text. @param {string[]} words @param {Call[]} calls */
export const whole = (words, calls) => eventsOf(words, calls).join('');

let lastCall = 0;

/** @param {string[]} words @param {Call[]} calls */
function eventsOf(words, calls) {
  const event = (/** @type {object} */ delta, /** @type {string | null} */ finish) =>
    `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
  return [
    ...words.map((content) => event({ content }, null)),
    ...calls.map(({ name, parameters }, index) =>
      event(
        { tool_calls: [{ index, id: `call_${++lastCall}`, type: 'function', function: { name, arguments: JSON.stringify(parameters) } }] },
        null,
      ),
    ),
    event({}, calls.length > 0 ? 'tool_calls' : 'stop'),
    'data: [DONE]\n\n',
  ];
}
