import { expect, test } from 'vitest';
import { cursorAt, isInWord, isMultiline, maxPrefix, maxSuffix } from '../../../../extension/src/features/completions/cursor';

const at = (before: string, after = '') => cursorAt('file:/a.ts', before.length, before, after);

test('Short documents are sent completely, with line feeds', () => {
  expect(at('a\r\nb', 'c\r\nd')).toEqual({ document: 'file:/a.ts', offset: 4, prefix: 'a\nb', suffix: 'c\nd' });
});

test('Long documents are cut to whole lines within the limits', () => {
  const line = `${'x'.repeat(99)}\n`;
  const { prefix, suffix } = at(`${line.repeat(200)}let a`, `;\n${line.repeat(200)}`);
  expect(prefix.length).toBeLessThanOrEqual(maxPrefix);
  expect(prefix).toMatch(/^x{99}\n[^]*let a$/);
  expect(suffix.length).toBeLessThanOrEqual(maxSuffix);
  expect(suffix).toMatch(/^;\n[^]*\nx{99}$/);
});

test('One line that is longer than the limit is cut within', () => {
  const { prefix, suffix } = at('x'.repeat(3 * maxPrefix), 'y'.repeat(3 * maxSuffix));
  expect([prefix.length, suffix.length]).toEqual([maxPrefix, maxSuffix]);
});

test('Several lines are asked for at the end of a line only', () => {
  expect([at('a', ''), at('a', '\nb'), at('a', '  \nb'), at('a', ')\nb')].map(isMultiline)).toEqual([true, true, true, false]);
});

test('The middle of a word is detected in any script', () => {
  expect([at('a', 'b'), at('a', 'ö'), at('a', '1'), at('a', '$'), at('a', ')'), at('a', '')].map(isInWord)).toEqual([
    true,
    true,
    true,
    true,
    false,
    false,
  ]);
});
