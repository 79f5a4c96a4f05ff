// How many times its bare measure, taken in the same run, a row of the short benchmark may cost. A bound is about twice what is aimed at, so that a busy
// machine does not fail it. Where the small size of the short benchmark leaves mostly what does not grow, the bound is larger than that of the full size.

/** A row goes by the words before its semicolon, with N for each number. @type {Record<string, number>} */
export const mostTimesBare = {
  '`plue serve`: spawn to `initialize` reply': 4,
  '`plue serve`: idle memory': 9,
  'spawn to first token on stdout': 4,
  'N tokens: CPU': 4,
  'N tokens: peak memory': 9,
  'N tokens: CPU a token, start left out': 4,
  'a keystroke in a template of N lines, to its completion': 16,
  'append a message, durable': 3,
  'append a message, not durable': 10,
  'open a chat of N messages, last N': 250,
  'open a chat of N messages: peak memory': 14,
  'open a chat of N messages: memory while it is open': 14,
  'list N chats, warm': 12,
  'list N chats, new process': 40,
  'list N chats, index rebuilt': 200,
  'list N chats: peak memory': 14,
  'search N MB for a rare word': 25,
  'search N MB for what is not there, not ASCII': 25,
  "search N MB for a member's name": 25,
  'search N MB for a common word, N hits': 150,
  'search N MB: the first hit of a common word': 25,
  'search N MB: peak memory': 14,
  'a round with a tool, of N': 8,
  'a round with a tool, of N: CPU': 8,
  'N answers at once, none with a word of another': 12,
  'N answers at once: another question meanwhile, N of N': 60,
  'N answers at once: peak memory': 25,
  'N answers at once: memory afterwards': 25,
  'N tasks in trees: made and done': 12,
  'N tasks in trees: listed': 25,
  'agents: peak memory': 25,
};

/** @param {string} name Of a figure. */
export const rowOf = (name) => name.replace(/;.*$/, '').replace(/\d[\d,]*/g, 'N');
