// A server of the protocol version 2026-07-28, written by hand. It notes each request in the file of its first argument; the second argument is its behavior:
// "plain", "refuses" (no subscriptions), "ends" (ends each subscription at once), or "unasked" (announces without a subscription).
import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [, , notes, mood = 'plain'] = process.argv;
const PREFIX = 'io.modelcontextprotocol/';
const send = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
const note = (line) => appendFileSync(notes, `${line}\n`);
const tool = (name) => ({ name, description: 'Does it.', inputSchema: { type: 'object', properties: {} } });
const complete = (id, result) => send({ id, result: { resultType: 'complete', ttlMs: 0, cacheScope: 'private', ...result } });
const text = (id, words, more) => complete(id, { content: [{ type: 'text', text: words }], ...more });
const capabilities = {
  tools: { listChanged: true },
  resources: { subscribe: true, listChanged: true },
  prompts: { listChanged: true },
};

/** The open subscriptions by the ID of their request. */
const subscriptions = new Map();
let extra = false;

function announce(method, wanted, params = {}) {
  for (const [id, granted] of subscriptions) {
    if (wanted(granted)) send({ method, params: { ...params, _meta: { [`${PREFIX}subscriptionId`]: id } } });
  }
  if (mood === 'unasked') send({ method, params });
}

function listen(id, asked) {
  if (mood === 'refuses') return send({ id, error: { code: -32601, message: 'Method not found' } });
  note(`listen ${JSON.stringify(asked)}`);
  subscriptions.set(id, asked);
  send({ method: 'notifications/subscriptions/acknowledged', params: { notifications: asked, _meta: { [`${PREFIX}subscriptionId`]: id } } });
  if (mood === 'ends') {
    subscriptions.delete(id);
    complete(id, {});
  }
}

/** Asks the user for a name before it greets; what it needs to know later goes with the state. */
function greet(id, { inputResponses, requestState }) {
  if (inputResponses?.name === undefined) {
    const params = { message: 'Who are you?', requestedSchema: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] } };
    return send({ id, result: { resultType: 'input_required', inputRequests: { name: { method: 'elicitation/create', params } }, requestState: 'round-1' } });
  }
  const { action, content } = inputResponses.name;
  return text(id, `${requestState} ${action} ${content?.name ?? ''}`);
}

function call(id, params) {
  switch (params.name) {
    case 'greet':
      return greet(id, params);
    case 'hang':
      return undefined;
    case 'change_resource':
      announce('notifications/resources/updated', (granted) => granted.resourceSubscriptions?.includes('test://one'), { uri: 'test://one' });
      return text(id, 'changed');
    case 'change_tools':
      extra = true;
      announce('notifications/tools/list_changed', (granted) => granted.toolsListChanged);
      return text(id, 'changed');
    case 'drop_subscriptions':
      for (const open of subscriptions.keys()) complete(open, {});
      subscriptions.clear();
      return text(id, 'dropped');
    case 'app':
      return complete(id, {
        content: [
          { type: 'text', text: 'Three rows.' },
          { type: 'resource', resource: { uri: 'ui://table', mimeType: 'text/html;profile=mcp-app', text: '<p>markup</p>' } },
        ],
      });
    case 'structured':
      return text(id, 'Sunny.', { structuredContent: { temperature: 21 } });
    default:
      return text(id, 'hello');
  }
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params = {} } = JSON.parse(line);
  if (method === 'notifications/cancelled') {
    note(subscriptions.delete(params.requestId) ? 'unlisten' : 'cancelled');
    return undefined;
  }
  if (id === undefined) return undefined;
  note(method);
  const meta = params._meta ?? {};
  if (meta[`${PREFIX}protocolVersion`] !== '2026-07-28' || meta[`${PREFIX}clientCapabilities`] === undefined) {
    note(`no metadata in ${method}`);
    return send({ id, error: { code: -32602, message: 'The metadata of the request is missing' } });
  }
  switch (method) {
    case 'server/discover':
      return complete(id, { supportedVersions: ['2026-07-28'], capabilities, _meta: { [`${PREFIX}serverInfo`]: { name: 'modern', version: '1' } } });
    case 'tools/list':
      return complete(id, { tools: ['echo', 'greet', 'hang', 'change_resource', 'change_tools', 'drop_subscriptions', 'structured', 'app', ...(extra ? ['extra'] : [])].map(tool) });
    case 'tools/call':
      return call(id, params);
    case 'resources/list':
      return complete(id, { resources: [{ uri: 'test://one', name: 'one' }, { uri: 'test://two', name: 'two' }] });
    case 'resources/read':
      return complete(id, { contents: [{ uri: params.uri, text: 'content' }] });
    case 'prompts/list':
      return complete(id, { prompts: [{ name: 'plain' }] });
    case 'subscriptions/listen':
      return listen(id, params.notifications);
    default:
      return send({ id, error: { code: -32601, message: 'Method not found' } });
  }
});
