// What the benchmark's model sends, in the formats of three vendors, as server-sent events.

/** @typedef {'chat' | 'responses' | 'messages'} Wire Chat Completions, Responses and Anthropic Messages. */

/** @param {string} address @returns {Wire} */
export function wireOf(address) {
  return address.endsWith('/responses') ? 'responses' : address.endsWith('/messages') ? 'messages' : 'chat';
}

/** A response of these words, an event each. @param {Wire} wire @param {string[]} words @returns {string[]} */
export function chunks(wire, words) {
  const usage = { input: 8, output: words.length };
  if (wire === 'chat') {
    const deltas = words.map((content) => chatEvent({ content }, null));
    const total = { prompt_tokens: usage.input, completion_tokens: usage.output, total_tokens: usage.input + usage.output };
    return [...deltas, chatEvent({}, 'stop'), chatUsage(total), 'data: [DONE]\n\n'];
  }
  if (wire === 'messages') {
    return [
      ...messageStart(usage.input),
      messagesEvent({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
      ...words.map((text) => messagesEvent({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } })),
      ...messageEnd('end_turn', usage.output),
    ];
  }
  const item = { type: 'message', id: 'msg_1', role: 'assistant' };
  const done = { ...item, status: 'completed', content: [{ type: 'output_text', text: words.join(''), annotations: [] }] };
  return [
    responsesEvent('response.created', { response: { id: 'resp_1' } }),
    responsesEvent('response.output_item.added', { output_index: 0, item: { ...item, status: 'in_progress', content: [] } }),
    ...words.map((delta) => responsesEvent('response.output_text.delta', { item_id: 'msg_1', output_index: 0, content_index: 0, delta })),
    responsesEvent('response.output_item.done', { output_index: 0, item: done }),
    responsesCompleted(usage),
  ];
}

/** The tools that the agents have for reading a file, each with arguments that differ by call: three equal ones in a row may end a turn. */
/** @type {Record<string, (call: number) => object>} */
const readers = {
  read: (call) => ({ path: 'notes.txt', from: 1, to: call + 1, offset: 1, limit: call + 1 }),
  Read: (call) => ({ file_path: `${process.cwd()}/notes.txt`, limit: call + 1 }),
  exec_command: (call) => ({ cmd: `head -n ${call + 1} notes.txt` }),
  shell_command: (call) => ({ command: `head -n ${call + 1} notes.txt` }),
  shell: (call) => ({ command: ['head', '-n', String(call + 1), 'notes.txt'] }),
};

/** A response that calls the tool of the request that reads a file. @param {Wire} wire @param {any} request @param {number} call Its number. */
export function toolCall(wire, request, call) {
  const names = request.tools.map((/** @type {any} */ tool) => tool.name ?? tool.function?.name);
  const name = Object.keys(readers).find((known) => names.includes(known)) ?? names[0];
  const input = readers[name]?.(call) ?? {};
  const text = JSON.stringify(input);
  const id = `call_${call}`;
  if (wire === 'chat') {
    const call = { index: 0, id, type: 'function', function: { name, arguments: text } };
    return `${chatEvent({ tool_calls: [call] }, null)}${chatEvent({}, 'tool_calls')}data: [DONE]\n\n`;
  }
  if (wire === 'messages') {
    return [
      ...messageStart(8),
      messagesEvent({ type: 'content_block_start', index: 0, content_block: { type: 'tool_use', id, name, input: {} } }),
      messagesEvent({ type: 'content_block_delta', index: 0, delta: { type: 'input_json_delta', partial_json: text } }),
      ...messageEnd('tool_use', 8),
    ].join('');
  }
  const item = { type: 'function_call', id: `fc_${call}`, call_id: id, name, arguments: text, status: 'completed' };
  return [
    responsesEvent('response.created', { response: { id: 'resp_1' } }),
    responsesEvent('response.output_item.done', { output_index: 0, item }),
    responsesCompleted({ input: 8, output: 8 }),
  ].join('');
}

/** How many results of tools a request holds. @param {Wire} wire @param {any} request @returns {number} */
export function toolResults(wire, request) {
  if (wire === 'responses') return request.input.filter((/** @type {any} */ item) => item.type === 'function_call_output').length;
  if (wire === 'chat') return request.messages.filter((/** @type {any} */ message) => message.role === 'tool').length;
  return request.messages
    .flatMap((/** @type {any} */ message) => (Array.isArray(message.content) ? message.content : []))
    .filter((/** @type {any} */ part) => part.type === 'tool_result').length;
}

/** @param {object} more */
const chatChunk = (more) =>
  `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'm', ...more })}\n\n`;
/** @param {object} delta @param {string | null} finish */
const chatEvent = (delta, finish) => chatChunk({ choices: [{ index: 0, delta, finish_reason: finish }] });
/** @param {object} usage */
const chatUsage = (usage) => chatChunk({ choices: [], usage });

/** @param {{type: string} & Record<string, unknown>} event */
const messagesEvent = (event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
/** @param {number} input */
const messageStart = (input) => {
  const usage = { input_tokens: input, output_tokens: 1 };
  const message = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'm',
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage,
  };
  return [messagesEvent({ type: 'message_start', message })];
};
/** @param {string} reason @param {number} output */
const messageEnd = (reason, output) => [
  messagesEvent({ type: 'content_block_stop', index: 0 }),
  messagesEvent({ type: 'message_delta', delta: { stop_reason: reason, stop_sequence: null }, usage: { output_tokens: output } }),
  messagesEvent({ type: 'message_stop' }),
];

/** @param {string} type @param {object} more */
const responsesEvent = (type, more) => `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`;
/** @param {{input: number, output: number}} usage */
const responsesCompleted = ({ input, output }) => {
  const usage = {
    input_tokens: input,
    input_tokens_details: null,
    output_tokens: output,
    output_tokens_details: null,
    total_tokens: input + output,
  };
  return responsesEvent('response.completed', { response: { id: 'resp_1', usage } });
};
