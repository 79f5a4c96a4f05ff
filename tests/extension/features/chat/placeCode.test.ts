import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { change } from '../../../../extension/src/common/textChange';
import { placeCode } from '../../../../extension/src/features/chat/placeCode';

const file = `import { now } from './clock';

export class Dates {
  /** Reads a date. */
  parse(text: string): Date {
    const parts = text.split('-');
    return new Date(parts.join('/'));
  }

  format(date: Date): string {
    return date.toISOString();
  }
}

export const today = (): Date => now();
`;

describe('a block of code', () => {
  it('that is the whole file replaces it', () => {
    const changed = file.replace('toISOString', 'toUTCString');
    expect(placeCode(file, changed)).toEqual({ text: changed, place: 'the whole file' });
    expect(placeCode('', 'a\n')).toEqual({ text: 'a\n', place: 'the whole file' });
  });

  it('that is one function replaces that function, as deep as it was', () => {
    const { text, place } = placeCode(file, 'format(date: Date): string {\n  if (!date) return "";\n  return date.toISOString();\n}\n');
    expect(text).toBe(file.replace('    return date.toISOString();', '    if (!date) return "";\n    return date.toISOString();'));
    expect(place).toBe('lines 10–13');
  });

  it('that begins as the file does, and ends with a bracket as it does, is not taken for the file', () => {
    const two = 'function a() {\n  return 1;\n}\n\nfunction b() {\n  return 2;\n}\n';
    expect(placeCode(two, 'function a() {\n  check();\n  return 1;\n}').text).toBe(two.replace('a() {\n', 'a() {\n  check();\n'));
  });

  it('whose heading changed still replaces the old one', () => {
    const { text } = placeCode(file, '  parse(text: string, zone: string): Date {\n    return new Date(`${text}${zone}`);\n  }\n');
    expect(text).not.toContain('parse(text: string): Date');
    expect(text).toContain('parse(text: string, zone: string): Date');
    expect(text).toContain('format(date: Date)');
  });

  it('with omitted lines replaces only the given lines', () => {
    const { text } = placeCode(
      file,
      "import { now } from './timer';\n\n// ... existing code ...\n\nexport const today = (): Date => now(0);\n",
    );
    expect(text).toContain("from './timer'");
    expect(text).toContain("text.split('-')");
  });

  it('replaces the selection', () => {
    const start = file.indexOf('now();');
    expect(placeCode(file, 'later();', { start, end: start + 6 }).text).toBe(file.replace('now();', 'later();'));
  });

  it('that resembles nothing is added at the cursor, or at the end', () => {
    const code = 'SELECT name FROM people;';
    expect(placeCode(file, code)).toEqual({ text: `${file}${code}\n`, place: 'added at the end' });
    const cursor = file.indexOf('export class');
    expect(placeCode(file, code, { start: cursor, end: cursor }).text).toBe(file.replace('export class', `${code}\nexport class`));
  });

  it('that is a part of the file leaves the file as it is', () => {
    const line = fc.stringMatching(/^[a-z]{3,8} [a-z]{3,8} [a-z]{3,8} [a-z]{3,8}$/);
    fc.assert(
      fc.property(
        fc.uniqueArray(line, { minLength: 4, maxLength: 30 }),
        fc.nat(),
        fc.nat(),
        fc.constantFrom('\n', '\r\n'),
        (lines, a, b, eol) => {
          const [from, to] = [a % lines.length, b % lines.length].sort((one, other) => one - other);
          const whole = lines.join(eol) + eol;
          expect(placeCode(whole, lines.slice(from, (to ?? 0) + 1).join('\n')).text).toBe(whole);
        },
      ),
    );
  });

  it('never fails, and keeps the line ends of the file', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), fc.string({ maxLength: 200 }), (code, text) => {
        const windows =
          text
            .replace(/\r|\n/g, '')
            .match(/.{1,9}/g)
            ?.join('\r\n') ?? '';
        const placed = placeCode(`${windows}\r\n`, code.replaceAll('\r', '')).text;
        expect(placed.replaceAll('\r\n', '')).not.toContain('\n');
      }),
    );
  });

  it('is found in a file of 10,000 lines while the reader waits', () => {
    const lines = Array.from({ length: 10_000 }, (_, at) => `const name${at} = value(${at % 17}, ${at});`);
    const begun = performance.now();
    const { text } = placeCode(lines.join('\n'), [...lines.slice(7000, 7050), 'const more = 1;', ...lines.slice(7050, 7100)].join('\n'));
    expect(text.split('\n')).toHaveLength(10_001);
    expect(performance.now() - begun).toBeLessThan(2000);
  });
});

it('A change is the one stretch in which two texts differ', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), fc.string(), (head, before, after, tail) => {
      const { start, end, text } = change(head + before + tail, head + after + tail);
      expect((head + before + tail).slice(0, start) + text + (head + before + tail).slice(end)).toBe(head + after + tail);
    }),
  );
});
