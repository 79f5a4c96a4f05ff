// @vitest-environment jsdom
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { MarkdownView } from '../../../extension/src/webview/chat/messages/markdownView';

const actions = { copy: vi.fn(), insert: vi.fn(), apply: vi.fn(), newFile: vi.fn(), preview: vi.fn(), runInTerminal: vi.fn() };

function render(text: string): HTMLElement {
  const view = new MarkdownView(actions);
  view.update(text, true);
  return view.node;
}

beforeAll(async () => {
  await import('../../../extension/src/webview/grammars/main');
});

const sample = `# Title

A paragraph with **bold**, \`code\` and a [link](https://example.com/a).

1. one

2. two
   - nested

- [ ] to do
- [x] done

| a | b |
|:--|--:|
| 1 | 2 |

\`\`\`ts
const x: number = 1;

export { x };
\`\`\`

> quote

Setext
======

    indented

last *line*`;

describe('Markdown of an answer', () => {
  it('shows the real host of an address with a user name that looks like another', () => {
    expect(render('<https://github.com@evil.example/a> [docs](https://github.com:x@evil.example)').textContent).toMatch(
      /github\.com@evil\.example\/a \(evil\.example\) docs \(evil\.example\)/,
    );
    expect(render('https://fine.example/@name').textContent).not.toContain('(');
  });

  it('looks the same for any chunks of the stream', () => {
    const whole = render(sample).innerHTML;
    fc.assert(
      fc.property(fc.array(fc.nat(sample.length), { maxLength: 40 }), (cuts) => {
        const view = new MarkdownView(actions);
        for (const cut of cuts.sort((a, b) => a - b)) view.update(sample.slice(0, cut), false);
        view.update(sample, true);
        expect(view.node.innerHTML).toBe(whole);
      }),
      { numRuns: 15 },
    );
  });

  it.each([
    '1. one\n\n2. two\n   - a\n\nb',
    '- a\n\n  b\n- c\n***\nd\n===\ne',
    'a\n~~~\n\nb\n``\n~~~\nc | d\n--|--\n1 | 2\n\ne',
    'So\n$$\na_1 * b\n+ d\n\nc\n\\[\nx\n- y\n\\]\nand $$ z\n\n$$\n= 1',
  ])('looks the same for any pause of the stream of %j', (text) => {
    const whole = render(text).innerHTML;
    const letterByLetter = new MarkdownView(actions);
    for (let pause = 0; pause < text.length; pause++) {
      letterByLetter.update(text.slice(0, pause), false);
      const paused = new MarkdownView(actions);
      paused.update(text.slice(0, pause), false);
      paused.update(text, true);
      expect(paused.node.innerHTML, `paused after ${JSON.stringify(text.slice(0, pause))}`).toBe(whole);
    }
    letterByLetter.update(text, true);
    expect(letterByLetter.node.innerHTML).toBe(whole);
  });

  it('builds settled blocks once', () => {
    const view = new MarkdownView(actions);
    view.update('first\n\nsecond\n\nthird line\n', false);
    const first = view.node.firstElementChild;
    view.update('first\n\nsecond\n\nthird line\nand more\n\nfourth', false);
    expect(view.node.firstElementChild).toBe(first);
  });

  it('keeps the element of a code block that grows', () => {
    const view = new MarkdownView(actions);
    view.update('```ts\nconst a', false);
    const code = view.node.querySelector('.code');
    view.update('```ts\nconst a = 1;\n``', false);
    expect(view.node.querySelector('code')?.textContent).toBe('const a = 1;\n');
    view.update('```ts\nconst a = 1;\n```\n', true);
    expect(view.node.querySelector('.code')).toBe(code);
    expect(view.node.querySelector('.hljs-keyword')?.textContent).toBe('const');
  });

  it('links a path with a line, and offers to run a shell block', () => {
    const links = [...render('See `src/date.ts:4`, `date.ts`, and [`a.ts:1`](b.ts).').querySelectorAll('a')];
    expect(links.map(({ dataset }) => dataset['href'])).toEqual(['src/date.ts:4', 'b.ts']);
    const buttons = (markdown: string): HTMLButtonElement[] => [
      ...render(markdown).querySelectorAll<HTMLButtonElement>('[title="Run in Terminal"]'),
    ];
    expect(buttons('```ts\nnpm test\n```')).toEqual([]);
    buttons('```sh\nnpm test\n```')[0]?.click();
    expect(actions.runInTerminal).toHaveBeenCalledWith('npm test\n');
  });

  it('colors the added and removed lines of a diff differently', () => {
    const view = new MarkdownView(actions);
    view.update('```diff\n-old\n+new\n```\n', true);
    expect(view.node.querySelector('.hljs-deletion')?.textContent).toBe('-old');
    expect(view.node.querySelector('.hljs-addition')?.textContent).toBe('+new');
    const css = readFileSync('extension/src/webview/chat/chat.css', 'utf8');
    const colorOf = (name: string): string | undefined =>
      new RegExp(`(?:^|\\n)\\.${name} \\{[^}]*background: var\\((--vscode-diffEditor-\\w+)`).exec(css)?.[1];
    expect([colorOf('hljs-addition'), colorOf('hljs-deletion')]).toEqual([
      '--vscode-diffEditor-insertedLineBackground',
      '--vscode-diffEditor-removedLineBackground',
    ]);
  });

  it('touches only the end of a long answer that grows', () => {
    const view = new MarkdownView(actions);
    const parse = vi.spyOn(view.node, 'append');
    let text = '';
    for (let paragraph = 0; paragraph < 300; paragraph++) {
      text += `Paragraph ${paragraph} with some words.\n\n`;
      view.update(text, false);
    }
    expect(parse).toHaveBeenCalledTimes(300);
  });

  it.each([
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '<iframe src="https://evil.example"></iframe>',
    '<style>body{display:none}</style>',
    '<form action="https://evil.example"><input name=a></form>',
    '<svg onload=alert(1)><a xlink:href="javascript:alert(1)">x</a></svg>',
    '<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>',
    '[x](javascript:alert(1))',
    '[x](JaVaScRiPt:alert(1))',
    '[x](data:text/html,<script>alert(1)</script>)',
    '[x](vbscript:alert(1))',
    '[x](command:workbench.action.terminal.new)',
    '[x](vscode://settings)',
    '[x](//evil.example/a)',
    '![x](https://evil.example/a.png?data=secret)',
    '![x](data:image/svg+xml,<svg onload=alert(1)>)',
    '[x]: javascript:alert(1)\n\n[x]',
    '```"><img src=x onerror=alert(1)>\ncode\n```',
    '```ts onmouseover=alert(1)\n<img src=x onerror=alert(1)>\n```',
    '- ```html\n  <script>alert(1)</script>\n  ```',
    '| <img src=x> |\n|:--|\n| <b onclick=x>y</b> |',
    '[a](https://e.example "\\" onmouseover=alert(1)")',
    '<a href="javascript:alert(1)">x</a>',
  ])('makes nothing that runs, loads or navigates of %s', (hostile) => {
    const node = render(hostile);
    expect(
      node.querySelectorAll('script,img,iframe,style,form,input,svg,math,object,embed,link,base,video,audio,[href],[src],[style]'),
    ).toHaveLength(0);
    for (const element of node.querySelectorAll('*')) {
      for (const { name } of element.attributes) expect(name).not.toMatch(/^on|^xlink|^formaction/);
    }
    for (const link of node.querySelectorAll<HTMLElement>('[data-href]')) expect(link.dataset['href']).toMatch(/^(https?:|mailto:)/);
  });

  it('shows an image as a link with its host', () => {
    const link = render('![diagram](https://cdn.example.com/a.png)').querySelector('a');
    expect(link?.textContent).toBe('diagram (cdn.example.com)');
    expect(link?.dataset['href']).toBe('https://cdn.example.com/a.png');
  });

  it('shows the real host if the text of a link names another', () => {
    expect(render('[www.bank.example](https://evil.example/login)').textContent).toContain('(evil.example)');
    expect(render('[the docs](https://docs.example/a)').textContent?.trim()).toBe('the docs');
    expect(render('https://docs.example/a').textContent?.trim()).toBe('https://docs.example/a');
  });

  it.each([
    ['a\u202Eb', 'a⟨U+202E⟩b'],
    ['a&#x202E;b', 'a⟨U+202E⟩b'],
    ['`a\u200Bb`', 'a⟨U+200B⟩b'],
    ['\u001B[31mred', '⟨U+001B⟩[31mred'],
    ['a\u009B31m', 'a⟨U+009B⟩31m'],
    ['hi\u{E0041}\u{E0042}', 'hi⟨U+E0041⟩⟨U+E0042⟩'],
    ['```\nx\u2066y\n```', 'x⟨U+2066⟩y'],
  ])('draws hidden characters of %j', (text, expected) => {
    expect(render(text).textContent).toContain(expected);
  });

  it('leaves joined emoji and scripts that need joiners alone', () => {
    expect(render('👩‍💻 می‌خواهم').textContent).toContain('👩‍💻 می‌خواهم');
  });

  it('aligns table columns by class and draws tasks', () => {
    const node = render(sample);
    expect(node.querySelector('td.align-right')?.textContent).toBe('2');
    expect([...node.querySelectorAll('li.task [role=img]')].map((mark) => mark.getAttribute('aria-label'))).toEqual(['To do:', 'Done:']);
  });

  it('leaves formulas as they were written', () => {
    expect(render('so $a*b*c$ and \\(x_1\\) cost $5 **and** $6').textContent?.trim()).toBe('so $a*b*c$ and \\(x_1\\) cost $5 and $6');
  });

  it('does not take a file name for a web address', () => {
    expect(render('see README.md and main.rs').querySelector('a')).toBeNull();
  });

  it('copies and inserts the code of a block', () => {
    const node = render('```ts\nconst a = 1;\n```');
    node.querySelector<HTMLElement>('[aria-label="Copy Code"]')?.click();
    node.querySelector<HTMLElement>('[aria-label="Insert at Cursor"]')?.click();
    expect(actions.copy).toHaveBeenCalledWith('const a = 1;\n');
    expect(actions.insert).toHaveBeenCalledWith('const a = 1;\n');
  });
});
