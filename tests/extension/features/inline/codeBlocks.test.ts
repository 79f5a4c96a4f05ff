import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type BlockLine, CodeBlocks } from '../../../../extension/src/features/inline/codeBlocks';

function read(...pieces: string[]): { lines: BlockLine[]; blocks: CodeBlocks } {
  const blocks = new CodeBlocks();
  const lines = pieces.flatMap((piece) => blocks.push(piece));
  return { lines: [...lines, ...blocks.finish()], blocks };
}

test('A line is returned when its line break arrives', () => {
  const blocks = new CodeBlocks();
  expect(blocks.push('Here:\n```ts\nconst a')).toEqual([]);
  expect(blocks.push(' = 1;\ncon')).toEqual([{ block: 0, text: 'const a = 1;' }]);
  expect(blocks.isOpen).toBe(true);
  expect(blocks.push('st b = 2;\n```')).toEqual([{ block: 0, text: 'const b = 2;' }]);
  expect(blocks.finish()).toEqual([]);
  expect(blocks.isOpen).toBe(false);
});

test('The start of a line is there before its line break, but no fence', () => {
  const blocks = new CodeBlocks();
  blocks.push('Text');
  expect(blocks.partial).toBeUndefined();
  blocks.push('\n```ts\nconst a');
  expect(blocks.partial).toEqual({ block: 0, text: 'const a' });
  blocks.push(' = 1;\n``');
  expect(blocks.partial).toBeUndefined();
});

test('Text outside of the blocks is not code', () => {
  const { lines, blocks } = read('I can’t do that, because `a` is missing.\n');
  expect({ lines, count: blocks.count }).toEqual({ lines: [], count: 0 });
});

test('Each block has its number, also an empty one', () => {
  const { lines, blocks } = read('```\na\n```\n\n```\n```\n~~~js\nb\n~~~\n');
  expect(lines).toEqual([
    { block: 0, text: 'a' },
    { block: 2, text: 'b' },
  ]);
  expect(blocks.count).toBe(3);
});

test('A longer fence keeps shorter fences as code', () => {
  expect(read('````md\n```js\n1\n```\n````\n').lines.map(({ text }) => text)).toEqual(['```js', '1', '```']);
});

test('Carriage returns belong to the line breaks', () => {
  expect(read('```\r\na\r\n\r\n```\r\n').lines.map(({ text }) => text)).toEqual(['a', '']);
});

test('A response that ends within a block leaves it open', () => {
  const { lines, blocks } = read('```\na\nb');
  expect(lines.map(({ text }) => text)).toEqual(['a', 'b']);
  expect(blocks.isOpen).toBe(true);
});

test('The pieces of a stream do not matter', () => {
  const response = 'Text\n```ts\nif (a) {\n  b();\n}\n```\nMore\n```\nc\n```\n';
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: response.length })), (cuts) => {
      const at = [0, ...cuts.sort((one, other) => one - other), response.length];
      const pieces = at.slice(1).map((end, index) => response.slice(at[index], end));
      expect(read(...pieces).lines).toEqual(read(response).lines);
    }),
  );
});
