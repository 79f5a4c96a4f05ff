import { expect, test } from 'vitest';
import { promptText } from '../../../../extension/src/features/chat/promptText';

test('A prompt comes without its fields, and with the selection and the file in their places', () => {
  const document = '---\ndescription: Review.\n---\nReview {{selection}} of {{ file }}.\n';
  expect(promptText(document, { selection: 'const a = 1;', file: 'src/a.ts' })).toBe('Review const a = 1; of src/a.ts.');
});

test('What the editor does not show stays as it was written, and so does everything else', () => {
  expect(promptText('Say {{selection}} to {{name}}.\n---\nDone', {})).toBe('Say {{selection}} to {{name}}.\n---\nDone');
});

test('A selection that looks like a place in a prompt is not filled again', () => {
  expect(promptText('{{selection}}', { selection: '{{file}} $& $1', file: 'a.ts' })).toBe('{{file}} $& $1');
});
