import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fit } from '../../../../extension/src/features/completions/overlap';

test('Text that does not repeat the suffix stays', () => {
  expect(fit('return a + b;', '\n}')).toEqual({ text: 'return a + b;', replaced: 0 });
});

test('The end that repeats the text after the cursor is removed', () => {
  expect(fit('return a;\n}', '\n}\n')).toEqual({ text: 'return a;', replaced: 0 });
  expect(fit(' + b;', ';\n')).toEqual({ text: ' + b;', replaced: 1 });
});

test('The end that closes a block of the text itself stays', () => {
  expect(fit('if (a) {\n  b();\n}', '\n}\n')?.text).toBe('if (a) {\n  b();\n}');
});

test('Brackets that the editor closed are replaced by those of the text', () => {
  expect(fit('a, b);', ')\nc();')).toEqual({ text: 'a, b);', replaced: 1 });
  expect(fit('"x", [1]);', '")')).toEqual({ text: '"x", [1]);', replaced: 2 });
});

test('Brackets that the text does not have stay', () => {
  expect(fit('a, b', ')')).toEqual({ text: 'a, b', replaced: 0 });
});

test('Text that only repeats the suffix, or is blank, is nothing', () => {
  expect(fit('\n}', '\n}\n')).toBeUndefined();
  expect(fit('', 'a')).toBeUndefined();
  expect(fit('  \n', '')).toBeUndefined();
});

test('The inserted text is always a prefix of the text', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[ab(){}\n;]{0,20}$/), fc.stringMatching(/^[ab(){}\n;]{0,20}$/), (text, suffix) => {
      const insertion = fit(text, suffix);
      expect(text.startsWith(insertion?.text ?? '')).toBe(true);
      expect(suffix.slice(0, insertion?.replaced ?? 0)).not.toContain('\n');
    }),
  );
});
