import fc from 'fast-check';
import { expect, it } from 'vitest';
import { namedFile } from '../../../../extension/src/features/chat/namedFile';

it.each([
  ['ts src/date.ts', 'a', 'src/date.ts', 'a'],
  ['ts:src/date.ts', 'a', 'src/date.ts', 'a'],
  ['ts title="src/date.ts"', 'a', 'src/date.ts', 'a'],
  ['ts {filename=src/date.ts}', 'a', 'src/date.ts', 'a'],
  ['src/date.ts', 'a', 'src/date.ts', 'a'],
  ['ts /home/me/work/src/date.ts', 'a', '/home/me/work/src/date.ts', 'a'],
  ['ts title="/work/date.ts"', 'a', '/work/date.ts', 'a'],
  ['ts https://example.org/a.ts', 'a', undefined, 'a'],
  ['ts', '// src/date.ts\na\n', 'src/date.ts', 'a\n'],
  ['py', '# file: tools/run.py\nprint()', 'tools/run.py', 'print()'],
  ['html', '<!-- index.html -->\n<p>', 'index.html', '<p>'],
  ['css', '/* chat.css */\np {}', 'chat.css', 'p {}'],
  ['ts src/date.ts', '// src/date.ts\na', 'src/date.ts', 'a'],
  ['ts', '// Reads a date.\na', undefined, '// Reads a date.\na'],
  ['ts', '// @ts-check\na', undefined, '// @ts-check\na'],
  ['sh', '#!/bin/sh\nls', undefined, '#!/bin/sh\nls'],
  ['asp.net', 'a', undefined, 'a'],
  ['ts', '// https://example.org/a.ts\na', undefined, '// https://example.org/a.ts\na'],
  ['', '# 1.5\na', undefined, '# 1.5\na'],
])('Behind %j, the code %j is for %s', (info, code, path, rest) => {
  expect(namedFile(info, code)).toEqual({ ...(path === undefined ? {} : { path }), code: rest });
});

it('Any text after a fence is parsed quickly and loses no code', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 3000 }), fc.string({ maxLength: 3000 }), (info, code) => {
      expect(code.endsWith(namedFile(info, code).code)).toBe(true);
    }),
  );
});
