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

test.each(languages)('What is filled in, clicked or rendered is in %s as it is in English', (language) => {
  const marks = (text: string): string => [...new Set(text.match(/\{\d+\}|\$\([\w-]+\)|\(command:[\w.]+\)|`[^`]+`/g))].sort().join();
  expect(translations(language).filter(([english, translated]) => marks(english) !== marks(translated))).toEqual([]);
});

test('The manifest and package.nls.json have the same keys', () => {
  const named = [...readFileSync('package.json', 'utf8').matchAll(/"%([\w.-]+)%"/g)].flatMap(([, key]) => (key === undefined ? [] : [key]));
  expect([...new Set(named)].sort()).toEqual(Object.keys(read('package.nls.json')).sort());
});
