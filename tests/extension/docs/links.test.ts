// A link in a document leads somewhere: to a file, a picture, a heading.
import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';
import { anchorsOf, documents, linksOf, root } from './documents';

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
