// Typing in a template of 5,000 lines: from a keystroke to the list that completes it, beside parsing the same file bare.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { median } from './measure.mjs';
import { startSidecar } from './sidecar.mjs';

const lines = 5_000;

/** @param {import('./measure.mjs').Program} program @param {{home: string, rounds: number}} size */
export async function languageOnce(program, { home, rounds }) {
  mkdirSync(join(home, 'templates'), { recursive: true });
  const uri = pathToFileURL(join(home, 'templates', 'large.json5')).href;
  const text = largeTemplate();
  const line = text.split('\n').findIndex((one) => one.includes('"field_4900"')) + 1;
  const at = { textDocument: { uri }, position: { line, character: text.split('\n')[line].length } };
  const { ask, tell, end } = await startSidecar({ ...program, env: { ...program.env, PLUE_HOME: home } });
  try {
    tell('textDocument/didOpen', { textDocument: { uri, languageId: 'plue-json5', version: 1, text } });
    /** @type {number[]} */ const taken = [];
    /** @type {number[]} */ const bare = [];
    for (let round = 0; round <= rounds; round++) {
      const started = performance.now();
      tell('textDocument/didChange', {
        textDocument: { uri, version: round + 2 },
        contentChanges: [{ range: { start: { line: 0, character: 1 }, end: { line: 0, character: 1 } }, text: ' ' }],
      });
      const { items } = await ask('textDocument/completion', at);
      const answered = performance.now();
      if (!items.some((/** @type {{label: string}} */ item) => item.label === 'locked')) throw new Error('The list lacks a key.');
      JSON.parse(text);
      if (round > 2) {
        taken.push(answered - started);
        bare.push(performance.now() - answered);
      }
    }
    return { completionMs: median(taken), bareMs: median(bare) };
  } finally {
    await end();
  }
}

/** One line a key, in JSON, which is JSON5 too. */
function largeTemplate() {
  const fields = Array.from(
    { length: lines / 5 },
    (_, i) =>
      `    {\n      "name": "field_${i * 5}",\n      "type": "text",\n      "description": "Number ${i}, in a few plain words."\n    }`,
  );
  return `{\n  "id": "large",\n  "name": "Large",\n  "parent_template": "task",\n  "fields": [\n${fields.join(',\n')}\n  ]\n}\n`;
}
