import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import * as v from 'valibot';
import { expect, test } from 'vitest';

const words = v.record(v.string(), v.string());
const languages = ['de', 'zh-cn'];
const read = (file: string): Record<string, string> => v.parse(words, JSON.parse(readFileSync(file, 'utf8')));
const translations = (language: string): [english: string, translated: string][] => [
  ...Object.entries(read(`l10n/bundle.l10n.${language}.json`)),
  ...Object.entries(read('package.nls.json')).map(([key, english]): [string, string] => [
    english,
    read(`package.nls.${language}.json`)[key] ?? '',
  ]),
];

test('Every sentence of the host, the pages and the manifest is translated into both languages, and nothing else is', async () => {
  await expect(promisify(execFile)(process.execPath, ['scripts/l10n.mjs', '--check'])).resolves.toBeDefined();
}, 180_000);

test.each(languages)('What is filled in, clicked or rendered stands in %s as it does in English', (language) => {
  const marks = (text: string): string => [...new Set(text.match(/\{\d+\}|\$\([\w-]+\)|\(command:[\w.]+\)|`[^`]+`/g))].sort().join();
  expect(translations(language).filter(([english, translated]) => marks(english) !== marks(translated))).toEqual([]);
});

test.each(languages)('A sentence that ends with a point, a question mark or dots does so in %s', (language) => {
  const endOf = (text: string): string => (/(?:[.。?？]|[^-]…)$/.exec(text)?.[0].slice(-1) ?? '').replace('。', '.').replace('？', '?');
  // Units are cut short in their own way.
  const sentences = translations(language).filter(([english]) => english.length > 20);
  expect(sentences.filter(([english, translated]) => endOf(english) !== endOf(translated))).toEqual([]);
});

test.each(languages)('The bundle of %s is sorted, one sentence a line', (language) => {
  const file = `l10n/bundle.l10n.${language}.json`;
  const sorted = Object.fromEntries(Object.entries(read(file)).sort(([one], [other]) => (one < other ? -1 : 1)));
  expect(readFileSync(file, 'utf8')).toBe(`${JSON.stringify(sorted, null, 2)}\n`);
});

test('The manifest says nothing that is not in package.nls.json, and package.nls.json nothing that the manifest does not say', () => {
  const named = [...readFileSync('package.json', 'utf8').matchAll(/"%([\w.-]+)%"/g)].flatMap(([, key]) => (key === undefined ? [] : [key]));
  expect([...new Set(named)].sort()).toEqual(Object.keys(read('package.nls.json')).sort());
});
