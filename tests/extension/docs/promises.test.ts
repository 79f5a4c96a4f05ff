// The tests named in docs/security.md exist, and Plue contains the messages quoted in docs/troubleshooting.md.
import { expect, test } from 'vitest';
import { document, filesBelow } from './documents';

/** Headings of docs/troubleshooting.md are messages of Plue, with … for names and numbers. */
const quotes = [...document('docs/troubleshooting.md').prose.matchAll(/^### “(.+)”$/gm)].map((match) => match[1] ?? '');

/** Names of tests in a table of docs/security.md. */
const held = [
  ...new Set([...document('docs/security.md').prose.matchAll(/`((?:SEC_\d|[A-Z][a-z]*_)[A-Za-z0-9_]+)`/g)].map((match) => match[1] ?? '')),
];

test('Each promise of docs/security.md names a test that is there', () => {
  const tests = filesBelow('tests/Plue.Server.Tests', '.cs')
    .map(({ text }) => text)
    .join('\n');
  expect(held.length).toBeGreaterThan(40);
  expect(held.filter((name) => !tests.includes(` ${name}(`))).toEqual([]);
});

test('Each row of a table of docs/security.md names a test', () => {
  const rows = document('docs/security.md')
    .prose.split('\n')
    .filter((line) => line.startsWith('| ') && !/^\| (Guarantee|---|Where|Out)/.test(line));
  expect(rows.filter((row) => !held.some((name) => row.includes(name)) && !/`[a-z]+[A-Za-z/]*\.(test\.ts|mjs)`/.test(row))).toEqual([]);
});

test('Each file of tests that docs/security.md names is there', () => {
  const files = filesBelow('tests', '.ts', '.mjs').map(({ path }) => path.replaceAll('\\', '/'));
  const named = [...document('docs/security.md').prose.matchAll(/`([A-Za-z/]+\.(?:test\.ts|mjs))`/g)].map((match) => match[1] ?? '');
  expect(named.filter((name) => !files.some((path) => path.endsWith(`/${name}`)))).toEqual([]);
});

test('Plue has each message that docs/troubleshooting.md explains', () => {
  const said = [...filesBelow('server/Plue.Server', '.cs'), ...filesBelow('extension/src', '.ts')]
    .map(({ text }) => plain(text))
    .join('\n');
  expect(quotes.length).toBeGreaterThan(15);
  const missing = quotes.filter(
    (quote) =>
      !plain(quote)
        .split('…')
        .every((piece) => said.includes(piece.trim())),
  );
  expect(missing).toEqual([]);
});

function plain(text: string): string {
  return text.replaceAll('\\"', '"').replaceAll(/[’']/g, "'").replaceAll(/[“”]/g, '"');
}
