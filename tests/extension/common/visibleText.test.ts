import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { expect, it } from 'vitest';
import { countHidden, visibleText } from '../../../extension/src/common/visibleText';

const samples = v.parse(
  v.array(v.object({ what: v.string(), text: v.string(), visible: v.string(), count: v.number() })),
  JSON.parse(readFileSync('tests/hidden-characters.json', 'utf8')),
);

it.each(samples)('$what: hidden characters are counted and made visible, as in the sidecar', ({ text, visible, count }) => {
  expect(visibleText(text)).toBe(visible);
  expect(countHidden(text)).toBe(count);
});
