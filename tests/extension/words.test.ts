// Keeps unclear words out of UI strings, documentation, prompts, and identifiers. The lists contain only words that are always wrong.
import { readFileSync, readdirSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Phrases to avoid in texts. */
const phrases = [
  'mend', 'mends', 'mended', 'mending', 'stand-in', 'stand-ins', 'stands in for', 'stood in', 'answerer', 'patience', 'whoever', 'top up', 'topped up', 'journey',
  'house rule', 'house rules', 'everybody under', 'everything under it', 'makes room', 'make room', 'of its own accord', 'a million tokens', 'counts from here',
  'asks for rest', 'goes along', 'is told', 'are told', 'was told', 'nobody else', 'wants to run', 'unset means', 'not carried over', 'handed back', 'hand back',
]; // prettier-ignore

/** Phrases to avoid in messages of the sidecar, besides those above. */
const inMessages = [
  'told', 'nobody', 'anybody', 'hears', 'heard', 'stands', 'whom', 'left out', 'passed over', 'taken back', 'goes on', 'going on', 'mistakes',
  'under way', 'for now', 'price unknown', 'unknown price', 'declined to answer', 'did not answer within',
]; // prettier-ignore

/** Phrases to avoid in names of tests and scenarios. */
const inTestNames = [
  'told', 'tells', 'whoever', 'nobody', 'anybody', 'everybody', 'stands', 'stood', 'mended', 'mistake', 'mistakes', 'hears', 'heard', 'patience', 'whom',
  'handed', 'be had', 'lets go', 'passed over', 'left out', 'taken back', 'under way',
]; // prettier-ignore

/** Words to avoid in identifiers in camel, Pascal, or snake case. */
const parts = [
  'mend', 'mends', 'mended', 'told', 'whoever', 'answerer', 'patience', 'topup', 'journey', 'standin', 'house', 'gate', 'makeroom', 'makesroom', 'heard',
  'deed', 'lifesign', 'passage', 'judged', 'errand', 'hopeless', 'underway', 'goeson', 'nobody',
]; // prettier-ignore

/** Folders whose identifiers are checked. */
const roots = ['extension/src', 'server/Plue.Protocol', 'server/Plue.Server'];

/** Words that identifiers of tests may contain: a gate holds a scripted response back, and names of tests say what is judged. */
const inTests = new Set(['gate', 'goeson', 'house', 'judged', 'nobody', 'passage', 'standin', 'underway']);

/** Parts of documents that quote messages of the sidecar or code. */
const quoted = [/^### “.*”$/gm, /`[^`\n]*`/g];

describe('plain English', () => {
  it.each(['l10n/bundle.l10n.de.json', 'package.nls.json', 'package.json'])('%s has none of the phrases to avoid', (path) => {
    expect(phrasesIn(englishOf(path))).toEqual([]);
  });

  it.each(['README.md', 'CHANGELOG.md', 'AGENTS.md', 'SECURITY.md', ...guides()])('%s has none of the phrases to avoid', (path) => {
    expect(phrasesIn(quoted.reduce((text, pattern) => text.replaceAll(pattern, ''), textOf(path)))).toEqual([]);
  });

  it.each(['server/settings.json5', 'server/template-file.json5', ...filesBelow('templates', '.json5'), ...filesBelow('prompts', '.md')])(
    '%s has none of the phrases to avoid',
    (path) => {
      expect(phrasesIn(textOf(path))).toEqual([]);
    },
  );

  it('Messages of the sidecar have none of the phrases to avoid', { timeout: 60_000 }, () => {
    const messages = filesBelow('server/Plue.Server', '.cs').flatMap((path) =>
      literalsOf(textOf(path)).flatMap((text) => phrasesIn(text, [...phrases, ...inMessages]).map((phrase) => `${path}: ${phrase}`)),
    );
    expect(messages).toEqual([]);
  });

  it('Names of tests and scenarios have none of the phrases to avoid', { timeout: 60_000 }, () => {
    const files = [
      ...filesBelow('tests/Plue.Server.Tests', '.cs'),
      ...filesBelow('tests/extension', '.ts'),
      ...filesBelow('tests/e2e', '.mjs'),
    ];
    const found = files.flatMap((path) =>
      testNamesOf(textOf(path)).flatMap((name) => phrasesIn(name, inTestNames).map(() => `${path}: ${name}`)),
    );
    expect(found).toEqual([]);
  });

  it.each(roots)('Identifiers in %s have none of the words to avoid', { timeout: 60_000 }, (folder) => {
    expect(identifiersIn(folder)).toEqual([]);
  });

  it('Identifiers in tests and scripts have none of the words to avoid', { timeout: 60_000 }, () => {
    const found = ['tests', 'scripts'].flatMap((folder) => identifiersIn(folder, '.mjs'));
    expect(found.filter((one) => !inTests.has(one.split(': ')[1] ?? ''))).toEqual([]);
  });

  it('finds a phrase and an identifier that are to be avoided', () => {
    expect(phrasesIn('The next one stands in for the first.')).toEqual(['stands in for']);
    expect(testNamesOf("    public async Task Nobody_asks()\nit('is told', () => {})")).toEqual(['Nobody asks', 'is told']);
    expect(literalsOf('// "a b"\nx("Nobody asked.", "id")')).toEqual(['Nobody asked.']);
    expect(wordsOf('const waysToMend = topUp(PLUE_HOUSE)')).toEqual(expect.arrayContaining(['mend', 'house']));
    expect(avoided('const waysToMend = topUp(house)')).toEqual(['mend', 'house', 'topup']);
  });
});

function guides(): string[] {
  // These documents use names of C# tests and types.
  const follows = ['docs/records.md', 'docs/performance.md'];
  return readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`)
    .filter((path) => !follows.includes(path));
}

function filesBelow(folder: string, ...endings: string[]): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && endings.includes(extname(entry.name)) && !/[\\/](bin|obj)([\\/]|$)/.test(entry.parentPath))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length).replaceAll('\\', '/'));
}

const textOf = (path: string): string => readFileSync(join(root, path), 'utf8');

/** The English texts of a file: the keys of a bundle, or the whole text of another file. */
function englishOf(path: string): string {
  const text = textOf(path);
  return path.startsWith('l10n/') ? [...text.matchAll(/^ {2}"((?:[^"\\]|\\.)*)":/gm)].map((match) => match[1]).join('\n') : text;
}

function phrasesIn(text: string, avoid: readonly string[] = phrases): string[] {
  const plain = text.replaceAll(/\s+/g, ' ').toLowerCase();
  return avoid.filter((phrase) => new RegExp(`\\b${phrase}\\b`).test(plain));
}

/** String literals of more than one word in C# code. */
function literalsOf(code: string): string[] {
  return [...code.replaceAll(/^\s*\/\/.*$/gm, '').matchAll(/"((?:[^"\\\n]|\\.)*)"/g)].flatMap(([, text]) =>
    text?.includes(' ') ? [text] : [],
  );
}

/** Names of test methods in C# and of tests and steps in TypeScript, as text. */
function testNamesOf(code: string): string[] {
  const methods = [...code.matchAll(/^ +public (?:(?:async|static|virtual|override) )*(?:Task|void) (\w+)\(/gm)];
  const calls = [...code.matchAll(/(?:\b(?:it|test|describe)\b[^'"`\n]*|\.step)\(\s*(['"`])((?:(?!\1).)+)\1,/g)];
  return [...methods.map(([, name = '']) => name.replaceAll('_', ' ')), ...calls.map(([, , name = '']) => name)];
}

/** The words of all identifiers in code, in lower case. */
function wordsOf(code: string): string[] {
  return [...code.matchAll(/[A-Za-z_$][\w$]*/g)].flatMap(([name]) =>
    name
      .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
      .toLowerCase()
      .split('_'),
  );
}

function avoided(code: string): string[] {
  const all = wordsOf(code);
  const words = new Set(all);
  const pairs = new Set(all.map((word, index) => `${word}${all[index + 1] ?? ''}`));
  return [...parts.filter((part) => words.has(part)), ...parts.filter((part) => !words.has(part) && pairs.has(part))];
}

function identifiersIn(folder: string, ...endings: string[]): string[] {
  return filesBelow(folder, '.ts', '.cs', ...endings).flatMap((path) =>
    avoided(withoutText(textOf(path))).map((word) => `${path}: ${word}`),
  );
}

/** Code without comments and strings. */
function withoutText(code: string): string {
  return code.replaceAll(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g, ' ');
}
