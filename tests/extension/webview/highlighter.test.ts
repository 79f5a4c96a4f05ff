// @vitest-environment jsdom
import common from 'highlight.js/lib/common';
import { beforeAll, describe, expect, it } from 'vitest';

const highlighted = (source: string, language: string): string | undefined => window.plueHighlight?.(source, language);

beforeAll(async () => {
  await import('../../../extension/src/webview/grammars/main');
});

const html = '<style>a { color: red }</style><script>const one = 1;</script>';

describe('code', () => {
  it.each(common.listLanguages().flatMap((name) => [name, ...(common.getLanguage(name)?.aliases ?? [])]))(
    'in %s is colored as with all grammars at once',
    (language) => {
      const source = `${html}\nclass A: # "text"\n`;
      expect(highlighted(source, language)).toBe(common.highlight(source, { language, ignoreIllegals: true }).value);
    },
  );

  it('has the colors of the languages inside of it', () => {
    expect(highlighted(html, 'HTML')).toContain('<span class="hljs-keyword">const</span>');
  });

  it('in an unknown language is not colored', () => {
    expect(highlighted(html, 'constructor')).toBeUndefined();
  });
});
