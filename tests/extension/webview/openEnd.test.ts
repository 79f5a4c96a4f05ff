// @vitest-environment jsdom
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { MarkdownView } from '../../../extension/src/webview/chat/messages/markdownView';
import { completeOpenEnd } from '../../../extension/src/webview/chat/messages/openEnd';
import { asCsv, asMarkdown } from '../../../extension/src/webview/chat/messages/tableText';

const actions = { copy: vi.fn(), insert: vi.fn(), apply: vi.fn(), newFile: vi.fn(), preview: vi.fn(), runInTerminal: vi.fn() };

beforeAll(async () => {
  await import('../../../extension/src/webview/formulas/main');
});

/** Returns what is shown after each letter of a streaming text. */
function frames(text: string, look: (node: HTMLElement) => string): string[] {
  const view = new MarkdownView(actions);
  const seen: string[] = [];
  for (let end = 1; end <= text.length; end++) {
    view.update(text.slice(0, end), false);
    const now = look(view.node);
    if (now !== seen.at(-1)) seen.push(now);
  }
  return seen;
}

describe('While it streams', () => {
  it('a table is a table from its first cell on', () => {
    const text = 'Before.\n\n| a | b |\n|:--|--:|\n| 1 | 2 |\n';
    const blocks = (node: HTMLElement): string => [...node.children].map((block) => block.firstElementChild?.className || 'text').join();
    expect(frames(text, blocks)).toEqual(['text', 'text,text', 'text,table-block']);
    expect(frames(text, (node) => (node.textContent?.includes('---') === true ? 'dashes' : ''))).toEqual(['']);
  });

  it('a formula on its own lines shows its source, then itself, and never as emphasis', () => {
    const text = 'So\n$$\na_1 * b_2 * c_3\n+ d\n$$\n\nthen';
    const seen = frames(text, (node) =>
      node.querySelector('math') ? 'set' : node.querySelector('.formula') ? 'source' : node.querySelector('em, li, h2') ? 'wrong' : 'text',
    );
    expect(seen).toEqual(['text', 'source', 'set']);
  });

  it('a formula in a sentence keeps its stars and underlines until it is whole', () => {
    const seen = frames('so $a*b*c$ and \\(x_1 y_2\\) is', (node) =>
      node.querySelector('em') ? 'emphasis' : `${node.querySelectorAll('math').length}`,
    );
    expect(seen).toEqual(['0', '1', '2']);
  });

  it('a link shows its text and never a partial address', () => {
    const seen = frames('see [the manual](https://example.org/a) now', (node) =>
      node.textContent?.includes('http') ? 'address' : node.querySelector('a') ? 'link' : 'words',
    );
    expect(seen).toEqual(['words', 'link']);
  });

  it('a fence that closes keeps its element and shows no backticks of its end', () => {
    const view = new MarkdownView(actions);
    view.update('```ts src/a.ts\nlet a;\n', false);
    const block = view.node.querySelector('.code');
    for (const end of ['`', '``', '```', '```\n', '```\n\nNext']) {
      view.update(`\`\`\`ts src/a.ts\nlet a;\n${end}`, false);
      expect(view.node.querySelector('.code')).toBe(block);
      expect(view.node.querySelector('pre')?.textContent).toBe('let a;\n');
    }
  });

  it.each([
    'plain words',
    '- a list\n- of `code`',
    'a | b without edges',
    '5 $ and more',
    '```\n| a |',
    'a [link](https://e.example) and',
    '',
  ])('%j is left as it is', (text) => expect(completeOpenEnd(text)).toBe(text));
});

describe('Once it ended', () => {
  it.each([
    ['| a | b |\n|---|---|\n| 1 | 2 |\n|', 'ab12'],
    ['| a | b |\n|---|---|\n| ', 'ab'],
    ['Text.\n\n|', 'Text.'],
    ['```\na\n|', 'a|'],
    ['a |', 'a |'],
  ])('%j shows no stray pipe of a row that never came', (text, seen) => {
    const view = new MarkdownView(actions);
    view.update(text, true);
    const words = [...view.node.querySelectorAll('p, th, td, code')].map((node) => node.textContent ?? '').join('');
    expect(words.replaceAll('\n', '')).toBe(seen);
    expect(view.node.querySelectorAll('tbody tr:not(:has(td:not(:empty)))')).toHaveLength(0);
  });
});

describe('A long answer', () => {
  it('costs the same for its last words as for its first', () => {
    const paragraph = 'Some **bold** words, `code`, $5 and a [link](https://e.example/a), and then more words to fill the line.\n\n';
    const block = `${paragraph}- one\n- two\n\n\`\`\`ts\nconst a = 1;\n\`\`\`\n\n| a | b |\n|---|---|\n| 1 | $x^2$ |\n\n`;
    const view = new MarkdownView(actions);
    const times: number[] = [];
    let text = '';
    while (text.length < 20_000) {
      const begun = performance.now();
      for (let from = 0; from < block.length; from += 100) view.update(text + block.slice(0, from + 100), false);
      text += block;
      times.push(performance.now() - begun);
    }
    const middle = (part: number[]): number => part.sort((one, other) => one - other)[Math.floor(part.length / 2)] ?? 0;
    const fifth = Math.floor(times.length / 5);
    expect(middle(times.slice(-fifth))).toBeLessThan(Math.max(4, middle(times.slice(0, fifth)) * 4));
    expect(view.node.querySelectorAll('table').length).toBe(times.length);
  }, 60_000);
});

describe('A table to copy', () => {
  const rows = [
    ['name', 'says'],
    ['a|b', 'one, "two"'],
  ];

  it('is Markdown that reads back as the same table', () => {
    const view = new MarkdownView(actions);
    view.update(asMarkdown(rows), true);
    expect([...view.node.querySelectorAll('tr')].map((row) => [...row.cells].map((cell) => cell.textContent))).toEqual(rows);
  });

  it('is CSV with its quotes doubled', () => {
    expect(asCsv(rows)).toBe('name,says\r\na|b,"one, ""two"""\r\n');
  });

  it('is copied by its buttons', () => {
    const view = new MarkdownView(actions);
    view.update('| a |\n|---|\n| 1 |\n', true);
    for (const button of view.node.querySelectorAll('button')) button.click();
    expect(actions.copy.mock.calls).toEqual([['| a |\n| --- |\n| 1 |\n'], ['a\r\n1\r\n']]);
  });
});
