import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exclusions } from '../../../../extension/src/features/chat/exclusions';
import { walkFolder } from '../../../../extension/src/features/chat/folderWalk';

let folder: string;

beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'plue-walk-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

async function found(isExcluded: (path: string) => boolean = () => false, most = Infinity): Promise<string[]> {
  const paths: string[] = [];
  await walkFolder(folder, { isExcluded, found: (path) => paths.push(path), isCancelled: () => paths.length >= most });
  return paths;
}

describe('the files of a folder', () => {
  it('omit ignored files at every level, and the nearest ignore file wins', async () => {
    write({
      '.gitignore': 'build/\n*.log\n/only-root.txt\n',
      'a.ts': '',
      'only-root.txt': '',
      'build/out.js': '',
      'trace.log': '',
      'src/.gitignore': '!keep.log\ngenerated.ts\n',
      'src/keep.log': '',
      'src/other.log': '',
      'src/generated.ts': '',
      'src/only-root.txt': '',
      'docs/.ignore': 'draft.md\n',
      'docs/draft.md': '',
      'docs/done.md': '',
      '.git/HEAD': '',
    });
    expect((await found()).sort()).toEqual([
      '.gitignore',
      'a.ts',
      'docs/.ignore',
      'docs/done.md',
      'src/.gitignore',
      'src/keep.log',
      'src/only-root.txt',
    ]);
  });

  it('come nearest to the root first, and no more than are wanted', async () => {
    write({ 'deep/er/a.ts': '', 'deep/b.ts': '', 'c.ts': '', 'd.ts': '' });
    expect(await found()).toEqual(['c.ts', 'd.ts', 'deep/b.ts', 'deep/er/a.ts']);
    expect(await found(() => false, 2)).toHaveLength(2);
  });

  it('come without what a setting excludes', async () => {
    write({ 'node_modules/x/index.js': '', 'src/a.ts': '', 'src/a.js': '', 'src/deep/b.js': '', 'top.txt': '', 'src/top.txt': '' });
    const isExcluded = exclusions(
      { '**/node_modules': true, '**/*.js': { when: '$(basename).ts' } },
      { 'src/deep/': true, 'top.txt': true, 'src/**': false },
    );
    expect((await found(isExcluded)).sort()).toEqual(['src/a.js', 'src/a.ts', 'src/top.txt']);
  });

  it('come without links, so that a circle ends and nothing outside is offered', async () => {
    write({ 'a.ts': '', 'src/b.ts': '' });
    symlinkSync(folder, join(folder, 'src', 'circle'), 'junction');
    expect((await found()).sort()).toEqual(['a.ts', 'src/b.ts']);
  });

  it('are those that git lists, for any rules', async () => {
    const part = fc.constantFrom('a', 'b', 'c.log', 'd.ts', '.e', 'f g');
    const path = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
    const rule = fc.constantFrom(
      'a',
      'a/',
      '/b',
      '*.log',
      '!c.log',
      '!b/',
      'b/**',
      '**/d.ts',
      '.e',
      'f g',
      '# a',
      'a/b',
      '!a/b/',
      '[cd]*',
      '\\#x',
      '',
    );
    const rules = fc.array(rule, { maxLength: 4 }).map((lines) => lines.join('\n'));
    const tree = fc.record({
      paths: fc.array(path, { maxLength: 12 }),
      ignores: fc.array(fc.tuple(fc.constantFrom('', 'a/', 'b/', 'a/b/'), rules), { maxLength: 3 }),
    });
    // All trees are folders of one repository, which needs only two git processes instead of two for each tree.
    await fc.assert(
      fc.asyncProperty(fc.array(tree, { minLength: 20, maxLength: 20 }), async (trees) => {
        rmSync(folder, { recursive: true, force: true });
        mkdirSync(folder);
        trees.forEach(({ paths, ignores }, index) => {
          const files = [
            ...[...paths.map((one) => `${one}.x`), ...paths].map((one) => [one, '']),
            ...ignores.map(([where, text]) => [`${where}.gitignore`, text]),
          ];
          for (const [file, text] of files) {
            try {
              write({ [`${index}/${file}`]: text ?? '' });
            } catch {
              // A file has the name of a folder.
            }
          }
        });
        const git = (...args: string[]): string => execFileSync('git', ['-C', folder, ...args], { encoding: 'utf8' });
        git('init', '-q');
        const seen = git('-c', 'core.excludesFile=', '-c', 'core.quotePath=false', 'ls-files', '--others', '--exclude-standard', '-z');
        const ofGit = seen.split('\0').filter((one) => one !== '');
        for (const index of trees.keys()) {
          const ours: string[] = [];
          await walkFolder(join(folder, String(index)), {
            isExcluded: () => false,
            found: (one) => ours.push(`${index}/${one}`),
            isCancelled: () => false,
          });
          expect(ours.sort(), JSON.stringify(trees[index])).toEqual(ofGit.filter((one) => one.startsWith(`${index}/`)).sort());
        }
      }),
      // Shrinking would run git hundreds of times; the message contains the whole tree.
      { numRuns: 1, endOnFailure: true },
    );
  });
});
