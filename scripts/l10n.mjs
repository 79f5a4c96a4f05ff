// `npm run l10n`: updates the translation files. Adds new strings with an empty translation and removes unused ones.
// The keys of l10n/bundle.l10n.*.json are the English strings in extension/src; those of package.nls.*.json are the keys of package.nls.json.
// `--check` changes nothing and fails if a file would change or a string is not translated.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import ts from 'typescript';
import { inRoot } from './lib/paths.mjs';
import { Stop, runMain, say } from './lib/progress.mjs';

const languages = ['de', 'zh-cn'];

await runMain(() => {
  const { check: isCheck = false } = parseArgs({ options: { check: { type: 'boolean' } } }).values;
  const sentences = sourceStrings();
  const words = Object.keys(read('package.nls.json'));
  const findings = languages.flatMap((language) => [
    ...update(`l10n/bundle.l10n.${language}.json`, sentences, isCheck),
    ...update(`package.nls.${language}.json`, words, isCheck),
  ]);
  for (const finding of findings) say(finding);
  return Promise.resolve(isCheck && findings.length > 0 ? 1 : 0);
});

/** Returns the strings of all `l10n.t('…')` calls. */
function sourceStrings() {
  /** @type {Set<string>} */
  const sentences = new Set();
  for (const file of readdirSync(inRoot('extension', 'src'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  )) {
    const text = readFileSync(inRoot('extension', 'src', file), 'utf8');
    // The lookup function itself contains no strings.
    if (!/import \* as l10n from /.test(text) || file.endsWith('localizedText.ts')) continue;
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest);
    /** @param {ts.Node} node */
    const visit = (node) => {
      if (ts.isCallExpression(node) && node.expression.getText(source) === 'l10n.t') {
        const [sentence] = node.arguments;
        if (sentence === undefined || !ts.isStringLiteralLike(sentence))
          throw new Stop(`${file}: ${node.getText(source)} cannot be translated. Pass a string literal to l10n.t.`);
        sentences.add(sentence.text);
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return [...sentences];
}

/** Sorted, one key per line, to avoid merge conflicts. @param {string} file @param {string[]} keys @param {boolean} isCheck */
function update(file, keys, isCheck) {
  const before = read(file);
  const after = Object.fromEntries([...keys].sort().map((key) => [key, before[key] ?? '']));
  if (!isCheck) writeFileSync(inRoot(file), `${JSON.stringify(after, null, 2)}\n`);
  return [
    ...keys.filter((key) => after[key] === '').map((key) => `${file} does not translate ${JSON.stringify(key)}`),
    ...Object.keys(before)
      .filter((key) => !(key in after))
      .map((key) => `${file} has ${JSON.stringify(key)}, which is not used`),
  ];
}

/** @param {string} file @returns {Record<string, string>} */
function read(file) {
  return JSON.parse(readFileSync(inRoot(file), 'utf8'));
}
