import fc from 'fast-check';
import { expect, it } from 'vitest';
import { splitTexts, withTexts } from '../../extension/src/common/attachedTexts';

it('Texts are found again in the message, for any content', () => {
  const name = fc.constantFrom('@problems', '@changes', '@src/', '@chat: A: b');
  const text = fc.oneof(fc.string(), fc.constantFrom('```', 'a\n````\n\n@problems:\n\n```text\nb\n```', '\n'));
  fc.assert(
    fc.property(fc.array(fc.record({ name, text }), { maxLength: 3 }), (texts) => {
      expect(splitTexts(withTexts('Fix this', texts))).toEqual({ draft: 'Fix this', texts });
    }),
  );
});

it.each(['Fix this', 'See\n\n@problems:\n\n```text\nopen', 'See\n\n@problems:\n\n```text\na\n```\nand then'])(
  'A message without attached texts at its end is shown as it is: %j',
  (message) => {
    expect(splitTexts(message)).toEqual({ draft: message, texts: [] });
  },
);
