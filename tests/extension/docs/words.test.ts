// Names in documents exist: commands, settings, command line options, and scripts of the checkout.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { codeWordsOf, guides, root, type Document } from './documents';
import { DocumentShell, extendTimeouts, hasDocumentShell, list, record } from './shell';

extendTimeouts();

const manifest = record(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));

/** Returns errors in the documents, each with its document. */
const wrongIn = (find: (document: Document) => string[]): string[] =>
  guides.flatMap((document) => find(document).map((wrong) => `${document.path}: ${wrong}`));

/** Command titles as in the Command Palette, without the ellipsis. */
function commandTitles(): Set<string> {
  const declared = list(record(manifest['contributes'])['commands']).map(record);
  return new Set(declared.map(({ category, title }) => `${words(category)}: ${words(title)}`.replace(/…$/, '')));
}

test('Each command of the palette in a document is one', () => {
  const titles = commandTitles();
  const named = ({ prose }: Document): string[] =>
    [...prose.matchAll(/\*\*(Plue: [^*]+)\*\*/g)].map((match) => (match[1] ?? '').replace(/…$/, ''));
  expect(wrongIn((document) => named(document).filter((title) => !titles.has(title)))).toEqual([]);
});

test.each(['server/Plue.Server', 'extension/src'])('Each command of the palette in a message of %s is one', (folder) => {
  const titles = [...commandTitles()];
  const wrong = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.(cs|ts)$/.test(path) && !/(^|[\\/])(bin|obj)[\\/]/.test(path))
    .flatMap((path) => [...readFileSync(join(root, folder, path), 'utf8').matchAll(/\bPlue: [A-Z][^"'`\n]*/g)].map(([said]) => said))
    .filter((said) => !titles.some((title) => said.startsWith(title)));
  expect(wrong).toEqual([]);
});

test('Each script of the checkout in a document is one', () => {
  const scripts = Object.keys(record(manifest['scripts']));
  const named = (document: Document): string[] =>
    [document.prose, ...document.blocks.map(({ text }) => text)]
      .flatMap((text) => [...text.matchAll(/\bnpm (?:run (?:-s )?([a-z][a-z0-9:]*)|(start|test)\b)/g)])
      .map((match) => match[1] ?? match[2] ?? '');
  expect(wrongIn((document) => named(document).filter((script) => !scripts.includes(script)))).toEqual([]);
});

test.each(['AGENTS.md', 'docs/contributing.md'])('%s lists every script', (path) => {
  const listed = [...readFileSync(join(root, path), 'utf8').matchAll(/^\| `npm (?:run )?([a-z0-9:]+)` \|/gm)].map((match) => match[1]);
  expect(listed.sort()).toEqual(Object.keys(record(manifest['scripts'])).sort());
});

test('Each setting in a document is one', () => {
  const schema = readFileSync(join(root, 'server', 'settings.json5'), 'utf8');
  const settings = new Set([...schema.matchAll(/name: "([a-z_]+)"/g)].map((match) => match[1]));
  const like = /^(budget_usd|default|commands|mask|trash|catalog_refresh|notify|workspace)_[a-z_]+$/;
  const other = new Set(['default_large_model_id', 'default_small_model_id', 'workspace_path']);
  const named = (document: Document): string[] => codeWordsOf(document).filter((word) => like.test(word) && !other.has(word));
  expect(wrongIn((document) => named(document).filter((word) => !settings.has(word)))).toEqual([]);
});

let shell: DocumentShell;
/** Options by command. */
const options = new Map<string, Set<string>>();

beforeAll(async () => {
  shell = await DocumentShell.start();
  if (hasDocumentShell) await look('');
});
afterAll(() => shell.stop());

test.runIf(hasDocumentShell)('Each command line in a document has commands and options that exist', () => {
  const lines = (document: Document): string[] => [
    ...codeWordsOf(document),
    ...document.blocks.filter(({ language }) => language === 'sh').flatMap(({ text }) => text.replaceAll('\\\n', ' ').split('\n')),
  ];
  const wrong = (line: string): string[] =>
    callsOf(line)
      .filter((call) => !exists(call))
      .map((call) => call.join(' '));
  expect(wrongIn((document) => lines(document).flatMap(wrong))).toEqual([]);
});

/** Returns the words of each call of plue in a line, without quoted text. */
function callsOf(line: string): string[][] {
  const plain = line.replaceAll(/"(?:[^"\\]|\\.)*"|'[^']*'/g, 'TEXT');
  return [...plain.matchAll(/(?:^|[|&;(]\s*|\$\(|npm run -s )plue(?: --(?= ))? +([^|&;<>)]*)/g)].map((match) =>
    (match[1] ?? '')
      .trim()
      .split(/\s+/)
      .filter((word) => word !== '--' && word !== ''),
  );
}

function exists(call: string[]): boolean {
  let path = '';
  let at = 0;
  while (at < call.length && options.has(`${path} ${call[at]}`.trim())) path = `${path} ${call[at++]}`.trim();
  const known = options.get(path);
  const isVerbMissing =
    known !== undefined &&
    [...options.keys()].some((other) => other.startsWith(`${path} `.trimStart())) &&
    /^[a-z][a-z-]*$/.test(call[at] ?? '');
  return (
    !isVerbMissing &&
    call
      .slice(at)
      .filter((word) => /^--?[a-z]/.test(word))
      .every((word) => known?.has(word))
  );
}

/** Reads the help of a command and its subcommands. */
async function look(path: string): Promise<void> {
  const { output } = await shell.run(`plue ${path} --help`);
  options.set(path, new Set(['--help', '--version', ...[...output.matchAll(/(?:^|\s)(--?[a-z][a-z-]*)/g)].map((match) => match[1] ?? '')]));
  const commands = /\nCommands:\n([\s\S]*)$/.exec(output)?.[1] ?? '';
  const verbs = [...commands.matchAll(/^ {2}([a-z][a-z-]*)/gm)].map((match) => match[1] ?? '');
  for (let first = 0; first < verbs.length; first += 3) {
    await Promise.all(verbs.slice(first, first + 3).map((verb) => look(`${path} ${verb}`.trim())));
  }
}

/** Returns a text of the manifest, resolved with its localization file. */
function words(value: unknown): string {
  const key = /^%(.+)%$/.exec(String(value))?.[1];
  return key === undefined ? String(value) : String(record(JSON.parse(readFileSync(join(root, 'package.nls.json'), 'utf8')))[key]);
}
