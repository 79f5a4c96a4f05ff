// The most that a row of the short benchmark may cost, as a multiple of its bare measure of the same run. A bound is about twice the target, so that a busy
// machine does not fail it. Rows whose fixed cost dominates at the small size of the short benchmark have a larger bound.

/** A row goes by the words before its semicolon, with N for each number. @type {Record<string, number>} */
export const mostTimesBare = {
  '`plue serve`: spawn to `initialize` reply': 4,
  '`plue serve`: idle memory': 9,
  'spawn to first token on stdout': 4,
  'N tokens: CPU': 4,
  'N tokens: peak memory': 9,
  'N tokens: CPU a token, without the start': 4,
  'a keystroke in a template of N lines, to its completion': 12,
  'append a message, durable': 3,
  'append a message, not durable': 30,
  'open a chat of N messages, last N': 150,
  'open a chat of N messages: peak memory': 14,
  'open a chat of N messages: memory while it is open': 14,
  'list N chats, warm': 4,
  'list N chats, new process': 10,
  'list N chats, index rebuilt': 30,
  'list N chats: peak memory': 14,
  'search N MB for a rare word': 12,
  'search N MB for a missing word, not ASCII': 10,
  "search N MB for a member's name": 8,
  'search N MB for a common word, N hits': 50,
  'search N MB: the first hit of a common word': 8,
  'search N MB: peak memory': 16,
  'a round with a tool, of N': 6,
  'a round with a tool, of N: CPU': 6,
  'N responses at once, without cross-talk': 16,
  'N responses at once: an unrelated request meanwhile, pN': 30,
  'N responses at once: peak memory': 20,
  'N responses at once: memory afterwards': 16,
  'N tasks in trees: created and finished': 20,
  'N tasks in trees: listed': 10,
  'agents: peak memory': 20,
};

/**
 * The rows of the editor, which only the part `installed` measures: how many times its bare measure a row may cost, or where it has none the most of its unit.
 * Again about twice what is aimed at, such as 300 ms to the first changed line of an inline edit.
 * @type {Record<string, {timesBare?: number, most?: number}>}
 */
export const editorBounds = {
  'a key after @ to the file, of N in the folder': { timesBare: 2 },
  'an edit with the problems that it makes, to the next request': { timesBare: 4 },
  'an inline edit: from the first text of the response to the first changed line': { most: 600 },
  'a window with a chat of N messages in view, with its server': { timesBare: 1.25 },
  'a chat of N messages in view: memory of the sidecar': { most: 200 },
  'a chat of N messages in view: script memory of the window': { timesBare: 2 },
};

/** @param {string} name Of a figure. */
export const rowOf = (name) => name.replace(/;.*$/, '').replace(/\d[\d,]*/g, 'N');
