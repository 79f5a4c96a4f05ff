// Links in documents have valid targets: files, images, headings.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';
import { anchorsOf, codeWordsOf, documents, filesBelow, linksOf, root } from './documents';

const outside = /^(https?|mailto|vscode):/;

test('Each link of a document leads somewhere', () => {
  const links = documents.flatMap((document) => linksOf(document).map((link) => [document.path, link] as const));
  const isBroken = ([path, link]: readonly [string, string]): boolean => {
    if (outside.test(link)) return false;
    const [file = '', anchor] = link.split('#', 2);
    const target = file === '' ? path : normalize(join(dirname(path), decodeURIComponent(file))).replaceAll('\\', '/');
    if (!existsSync(join(root, target))) return true;
    if (anchor === undefined) return false;
    const there = documents.find((candidate) => candidate.path === target);
    return there === undefined || !anchorsOf(there).has(anchor);
  };
  expect(links.filter(isBroken)).toEqual([]);
});

test('Each page of docs can be reached from the README', () => {
  const reached = new Set(['README.md']);
  for (const path of reached) {
    const document = documents.find((candidate) => candidate.path === path);
    for (const link of document ? linksOf(document) : []) {
      const file = link.split('#')[0] ?? '';
      if (file.endsWith('.md') && !outside.test(link)) reached.add(normalize(join(dirname(path), file)).replaceAll('\\', '/'));
    }
  }
  expect(documents.map(({ path }) => path).filter((path) => !reached.has(path))).toEqual([]);
});

test('Each file and folder that ARCHITECTURE.md, STYLE.md or a decision names is there', () => {
  const methods = readFileSync(join(root, 'server/Plue.Protocol/Methods.cs'), 'utf8');
  /** Files in a user's home, build output, packages and LSP methods. */
  const other = /^(index|codices|extension\/out|@vscode|client)\//;
  const isThere = (name: string): boolean =>
    other.test(name) ||
    methods.includes(`"${name.replace(/\*$/, '')}`) ||
    ['', 'server/Plue.Server', 'extension/src', 'tests'].some((folder) =>
      ['', '.cs', '.ts'].some((ending) => existsSync(join(root, folder, `${name.replace(/\/\*$/, '')}${ending}`))),
    );
  const named = documents
    .filter(({ path }) => path === 'ARCHITECTURE.md' || path === 'STYLE.md' || path.startsWith('docs/decisions/'))
    .flatMap((document) => codeWordsOf(document).map((word) => [document.path, word] as const))
    .filter(([, word]) => /^[\w@][\w@.-]*(\/[\w.*-]+)+$/.test(word));
  expect(named.length).toBeGreaterThan(100);
  expect(named.filter(([, word]) => !isThere(word))).toEqual([]);
});

test('Each document that a comment of the code cites is there', () => {
  const cited = ['server', 'extension/src', 'scripts'].flatMap((folder) =>
    filesBelow(folder, '.cs', '.ts', '.mjs').flatMap(({ path, text }) =>
      [...text.matchAll(/^\s*(?:\/\/|\*|\/\*).*$/gm)].flatMap(([line]) =>
        [...line.matchAll(/(?<![\w:/.-])([\w-]+(?:\/[\w-]+)*\.md)\b/g)].map((match) => [path, match[1] ?? ''] as const),
      ),
    ),
  );
  /** Files of users, a template for new tools, and reports. */
  const other = /^(CLAUDE|SKILL|prompts\/tool-example|artifacts\/.*|blockers)\.md$/;
  expect(cited.length).toBeGreaterThan(10);
  expect(cited.filter(([, name]) => !other.test(name) && !existsSync(join(root, name)))).toEqual([]);
});
