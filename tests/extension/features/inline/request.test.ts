import { expect, test } from 'vitest';
import { editMessage, followUpMessage } from '../../../../extension/src/features/inline/request';

const document = Array.from({ length: 2000 }, (_, index) => `line ${index + 1}`);

test('The selection and the file are in fenced blocks', () => {
  expect(
    editMessage({
      instruction: 'Make it async',
      path: 'src/a.ts',
      language: 'typescript',
      selections: [{ lines: ['two'], first: 2 }],
      document: ['one', 'two', 'three'],
    }),
  ).toBe(
    'Make it async\n\nSelection: `src/a.ts`, line 2\n\n```typescript\ntwo\n```\n\nThe file, for reference:\n\n```typescript\none\ntwo\nthree\n```',
  );
});

test('Several selections have numbers', () => {
  const message = editMessage({
    instruction: 'Rename',
    path: 'a.ts',
    language: '',
    selections: [
      { lines: ['one'], first: 1 },
      { lines: ['three', 'four'], first: 3 },
    ],
    document: ['one', 'two', 'three', 'four'],
  });
  expect(message).toContain('Selection 1: `a.ts`, line 1\n');
  expect(message).toContain('Selection 2: `a.ts`, lines 3 to 4\n');
});

test('For a long file, the surrounding lines are sent', () => {
  const message = editMessage({ instruction: '', path: 'a', language: '', selections: [{ lines: ['line 1000'], first: 1000 }], document });
  expect(message).toContain('The code around, lines 800 to 1200, for reference:');
  expect(message).not.toMatch(/^line 799$/m);
});

test('Very long lines around are not sent', () => {
  const long = ['x', 'y'.repeat(100_000)];
  expect(
    editMessage({ instruction: 'i', path: 'a', language: '', selections: [{ lines: ['x'], first: 1 }], document: long }).length,
  ).toBeLessThan(200);
});

test('A selection of the whole file is sent once', () => {
  expect(
    editMessage({ instruction: 'i', path: 'a', language: '', selections: [{ lines: ['x', 'y'], first: 1 }], document: ['x', 'y'] }),
  ).not.toContain('reference');
});

test('Backticks in code do not end its block', () => {
  expect(followUpMessage('Shorter', [{ lines: ['```js', '```'], first: 4 }], 'markdown')).toBe(
    'Shorter\n\nChanged meanwhile, lines 4 to 5:\n\n````markdown\n```js\n```\n````',
  );
});
