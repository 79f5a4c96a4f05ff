// A model server on loopback, scripted by the scenario. It supports Chat Completions and Messages, can
// require a key, and can answer, answer slowly, never end, cut off its answer, send a web page or be overloaded.
import { createServer } from 'node:http';

/**
 * @typedef {object} Reply A model's response in one round.
 * @property {string} [text]
 * @property {{ name: string, parameters: object }[]} [calls] Tool calls.
 * @property {{ input: number, output: number }} [tokens]
 */

/** @typedef {'answers' | 'answers slowly' | 'never ends its answer' | 'cuts its answer' | 'sends a web page' | 'is overloaded' | 'refuses'} Manner */

const paceMs = 150;
const longestBody = 1024 * 1024;

export class ScriptedEndpoint {
  #server = createServer((request, response) => void this.#serve(request, response));
  #port = 0;

  /** @type {Manner} */
  manner = 'answers';
  /** The accepted key; without it every request is accepted. @type {string | undefined} */
  key;
  /** The error message when it refuses. */
  refusal = '';
  /** Retry-After in seconds when it is overloaded. */
  retryAfter = 1;
  /** The response text, sent word by word. */
  text =
    'The endpoint on this machine answers.\n\n```js\nconst answer = 42;\n```\n\nSee [the manual](https://example.org/manual) for more.';
  models = ['small-1', 'large-2'];
  /** Returns an agent's next round for a request. @type {((asked: any) => Reply | Promise<Reply>) | undefined} */
  reply;
  /** Bodies of the received requests for responses. @type {any[]} */
  asked = [];
  /** The text for fill-in-the-middle requests. */
  completion = '';
  /** Bodies of the received fill-in-the-middle requests. @type {any[]} */
  completed = [];

  /** The endpoint for a provider's settings. */
  get url() {
    return `http://127.0.0.1:${this.#port}/v1`;
  }

  get origin() {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Starts to listen; after {@link stop}, on the same port as before. */
  async start() {
    await new Promise((resolve, reject) => {
      this.#server.once('error', reject).listen(this.#port, '127.0.0.1', () => resolve(undefined));
    });
    const address = this.#server.address();
    if (address !== null && typeof address === 'object') this.#port = address.port;
    return this;
  }

  async stop() {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** @param {import('node:http').IncomingMessage} request @param {import('node:http').ServerResponse} response */
  async #serve(request, response) {
    let body = '';
    for await (const piece of request.setEncoding('utf8')) {
      if ((body += piece).length > longestBody) return void response.destroy();
    }
    const path = new URL(request.url ?? '/', this.origin).pathname;
    if (this.manner === 'sends a web page') {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<!DOCTYPE html><title>Sign in</title><p>Welcome to the hotel.</p>');
    } else if (!this.#lets(request)) {
      sendJson(response, 401, {
        error: { type: 'invalid_request_error', code: 'invalid_api_key', message: 'That key is not known here.' },
      });
    } else if (this.manner === 'refuses') {
      sendJson(response, 400, { error: { type: 'invalid_request_error', message: this.refusal } });
    } else if (this.manner === 'is overloaded' && path.endsWith('/chat/completions')) {
      response.setHeader('retry-after', String(this.retryAfter));
      sendJson(response, 503, { error: { type: 'server_error', message: 'Everybody asks at once.' } });
    } else if (path.endsWith('/models')) {
      sendJson(response, 200, { object: 'list', data: this.models.map((id) => ({ id, object: 'model' })) });
    } else if (path.endsWith('/chat/completions')) {
      const asked = JSON.parse(body);
      this.asked.push(asked);
      const reply = (await this.reply?.(asked)) ?? { text: this.text };
      await this.#stream(response, completionEvents(asked.model ?? 'small-1', reply));
    } else if (path.endsWith('/completions')) {
      const asked = JSON.parse(body);
      this.completed.push(asked);
      await this.#stream(response, textEvents(asked.model, this.completion));
    } else if (path.endsWith('/messages')) {
      const asked = JSON.parse(body);
      this.asked.push(asked);
      if (asked.stream === true) await this.#stream(response, messageEvents(asked.model, this.text));
      else sendJson(response, 200, wholeMessage(asked.model, this.text));
    } else {
      response.writeHead(request.method === 'HEAD' ? 200 : 404).end();
    }
  }

  /** @param {import('node:http').IncomingMessage} request */
  #lets(request) {
    const given = [request.headers.authorization?.replace(/^Bearer /, ''), request.headers['x-api-key']];
    return this.key === undefined || request.method === 'HEAD' || given.includes(this.key);
  }

  /** @param {import('node:http').ServerResponse} response @param {string[]} events */
  async #stream(response, events) {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const { manner } = this;
    for (const [index, event] of events.entries()) {
      if (response.destroyed) return;
      if (manner === 'cuts its answer' && index > events.length / 2) return void response.destroy();
      if (manner === 'never ends its answer' && index > events.length / 2) return;
      response.write(event);
      await new Promise((resolve) => setTimeout(resolve, manner === 'answers slowly' ? paceMs : 5));
    }
    response.end();
  }
}

/** @param {import('node:http').ServerResponse} response @param {number} status @param {object} body */
function sendJson(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** @param {string} text */
const wordsOf = (text) => text.match(/\s*\S+/g) ?? [];

let lastCall = 0;

/** @param {string} model @param {Reply} reply */
function completionEvents(model, { text = '', calls = [], tokens = { input: 12, output: 34 } }) {
  const event = (/** @type {object} */ more) =>
    `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model, ...more })}\n\n`;
  const choice = (/** @type {object} */ delta, /** @type {string | null} */ finish) => ({
    choices: [{ index: 0, delta, finish_reason: finish }],
  });
  return [
    ...wordsOf(text).map((word) => event(choice({ content: word }, null))),
    ...calls.map(({ name, parameters }, index) =>
      event(
        choice(
          {
            tool_calls: [{ index, id: `call_${++lastCall}`, type: 'function', function: { name, arguments: JSON.stringify(parameters) } }],
          },
          null,
        ),
      ),
    ),
    event(choice({}, calls.length > 0 ? 'tool_calls' : 'stop')),
    event({
      choices: [],
      usage: { prompt_tokens: tokens.input, completion_tokens: tokens.output, total_tokens: tokens.input + tokens.output },
    }),
    'data: [DONE]\n\n',
  ];
}

/** @param {string} model @param {string} text */
function textEvents(model, text) {
  const event = (/** @type {object} */ more) => `data: ${JSON.stringify({ id: 'cmpl-1', object: 'text_completion', model, ...more })}\n\n`;
  return [
    event({ choices: [{ index: 0, text, finish_reason: 'stop' }] }),
    event({ choices: [], usage: { prompt_tokens: 12, completion_tokens: 34, total_tokens: 46 } }),
    'data: [DONE]\n\n',
  ];
}

const usage = { input_tokens: 12, output_tokens: 34, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 };

/** @param {string} model @param {string} text */
function wholeMessage(model, text) {
  const content = [{ type: 'text', text }];
  return { id: 'msg_1', type: 'message', role: 'assistant', model, content, stop_reason: 'end_turn', stop_sequence: null, usage };
}

/** @param {string} model @param {string} text */
function messageEvents(model, text) {
  const event = (/** @type {{type: string} & Record<string, unknown>} */ data) => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
  return [
    event({ type: 'message_start', message: { ...wholeMessage(model, ''), content: [], stop_reason: null } }),
    event({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
    ...wordsOf(text).map((word) => event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: word } })),
    event({ type: 'content_block_stop', index: 0 }),
    event({ type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 34 } }),
    event({ type: 'message_stop' }),
  ];
}

/**
 * Returns a model's rounds for the last question.
 * @param {Record<string, Reply[]>} script Rounds by words of the question.
 * @param {string} title The response to requests without tools, which ask for the title of the chat.
 * @returns {(asked: any) => Reply}
 */
export function scriptedRounds(script, title) {
  return (asked) => {
    if (asked.tools === undefined) return { text: title };
    const last = asked.messages.findLastIndex((/** @type {{role: string}} */ { role }) => role === 'user');
    const question = JSON.stringify(asked.messages[last]?.content ?? '');
    const rounds = Object.entries(script).find(([words]) => question.includes(words))?.[1];
    const done = asked.messages.slice(last).filter((/** @type {{role: string}} */ { role }) => role === 'assistant').length;
    return rounds?.[done] ?? { text: 'Understood.' };
  };
}
