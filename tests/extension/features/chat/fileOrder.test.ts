import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bestFiles, type NamedFile } from '../../../../extension/src/features/chat/fileOrder';

function file(path: string, isOpen = false): NamedFile {
  return { path, name: path.slice(path.lastIndexOf('/') + 1), isOpen };
}

const paths = (text: string, files: NamedFile[]): string[] => bestFiles(text, files, 10).map(({ path }) => path);

describe('the files that are meant', () => {
  it('are the open ones and then those near the root, while nothing is typed', () => {
    expect(paths('', [file('src/deep/a.ts'), file('b.ts'), file('src/c.ts', true), file('a.ts')])).toEqual([
      'src/c.ts',
      'a.ts',
      'b.ts',
      'src/deep/a.ts',
    ]);
  });

  it.each([
    ['date', ['src/date.ts', 'src/update.ts', 'data/te.ts']],
    ['src/up', ['src/update.ts']],
    ['src\\up', ['src/update.ts']],
    ['data/te.ts', ['data/te.ts']],
    ['zzz', []],
  ])('for %j are %j, best first', (text, expected) => {
    const found = paths(text, [file('data/te.ts'), file('src/update.ts'), file('src/date.ts')]);
    expect(found.slice(0, expected.length)).toEqual(expected);
  });

  it('has a name before the same letters in a folder', () => {
    expect(paths('chat', [file('chat/index.ts'), file('src/chat.ts')])[0]).toBe('src/chat.ts');
  });

  it('has an open file before one that is not', () => {
    expect(paths('index', [file('a/index.ts'), file('b/index.ts', true)])[0]).toBe('b/index.ts');
  });

  it('always has a whole path first, and never more than was asked for', () => {
    const path = fc.array(fc.stringMatching(/^[a-z]{1,6}$/), { minLength: 1, maxLength: 4 }).map((parts) => `${parts.join('/')}.ts`);
    fc.assert(
      fc.property(fc.uniqueArray(path, { minLength: 1, maxLength: 60 }), fc.nat(59), (all, at) => {
        const wanted = all[at % all.length] ?? '';
        const found = bestFiles(
          wanted,
          all.map((one) => file(one)),
          5,
        );
        expect(found[0]?.path).toBe(wanted);
        expect(found.length).toBeLessThanOrEqual(5);
        expect(new Set(found).size).toBe(found.length);
      }),
    );
  });

  it('are found among 50,000, no more than are asked for', () => {
    const all = Array.from({ length: 50_000 }, (_, at) => file(`packages/module${at % 300}/src/component${at}/view.ts`));
    expect(bestFiles('view', all, 40)).toHaveLength(40);
    expect(bestFiles('comp12345view', all, 40)[0]?.path).toContain('component12345/');
  });
});
