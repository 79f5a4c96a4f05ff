import { expect, test } from 'vitest';
import { promptText } from '../../../../extension/src/features/chat/promptText';

/** Returns the positions of each {{name}}, as the sidecar does. */
function holes(text: string): { name: string; start: number; length: number }[] {
  return [...text.matchAll(/\{\{(\w+)\}\}/gu)].map((match) => ({ name: match[1] ?? '', start: match.index, length: match[0].length }));
}

const filled = (text: string, editor: Parameters<typeof promptText>[2]): string => promptText(text, holes(text), editor);

test('A prompt comes with the selection and the file in their places', () => {
  expect(filled('Review {{selection}} of {{file}}.', { selection: 'const a = 1;', file: 'src/a.ts' })).toBe(
    'Review const a = 1; of src/a.ts.',
  );
});

test('Text that the editor does not show is unchanged, and so are arguments', () => {
  expect(filled('Say {{selection}} to {{name}}.', {})).toBe('Say {{selection}} to {{name}}.');
});

test('A selection that looks like a place in a prompt is not filled again', () => {
  expect(filled('{{selection}}', { selection: '{{file}} $& $1', file: 'a.ts' })).toBe('{{file}} $& $1');
});
