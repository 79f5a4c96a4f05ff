// Highlights code. A separate script, so that pages start faster. A grammar is compiled when its language is first used.
import hljs from 'highlight.js/lib/core';
import type { LanguageFn } from 'highlight.js';
import bash from 'highlight.js/lib/languages/bash';
import c from 'highlight.js/lib/languages/c';
import cpp from 'highlight.js/lib/languages/cpp';
import csharp from 'highlight.js/lib/languages/csharp';
import css from 'highlight.js/lib/languages/css';
import diff from 'highlight.js/lib/languages/diff';
import go from 'highlight.js/lib/languages/go';
import graphql from 'highlight.js/lib/languages/graphql';
import ini from 'highlight.js/lib/languages/ini';
import java from 'highlight.js/lib/languages/java';
import javascript from 'highlight.js/lib/languages/javascript';
import json from 'highlight.js/lib/languages/json';
import kotlin from 'highlight.js/lib/languages/kotlin';
import less from 'highlight.js/lib/languages/less';
import lua from 'highlight.js/lib/languages/lua';
import makefile from 'highlight.js/lib/languages/makefile';
import markdown from 'highlight.js/lib/languages/markdown';
import objectivec from 'highlight.js/lib/languages/objectivec';
import perl from 'highlight.js/lib/languages/perl';
import php from 'highlight.js/lib/languages/php';
import phpTemplate from 'highlight.js/lib/languages/php-template';
import plaintext from 'highlight.js/lib/languages/plaintext';
import python from 'highlight.js/lib/languages/python';
import pythonRepl from 'highlight.js/lib/languages/python-repl';
import r from 'highlight.js/lib/languages/r';
import ruby from 'highlight.js/lib/languages/ruby';
import rust from 'highlight.js/lib/languages/rust';
import scss from 'highlight.js/lib/languages/scss';
import shell from 'highlight.js/lib/languages/shell';
import sql from 'highlight.js/lib/languages/sql';
import swift from 'highlight.js/lib/languages/swift';
import typescript from 'highlight.js/lib/languages/typescript';
import vbnet from 'highlight.js/lib/languages/vbnet';
import wasm from 'highlight.js/lib/languages/wasm';
import xml from 'highlight.js/lib/languages/xml';
import yaml from 'highlight.js/lib/languages/yaml';

/** Each grammar with its aliases. */
const grammars: readonly [name: string, define: LanguageFn, ...aliases: string[]][] = [
  ['bash', bash, 'sh', 'zsh'],
  ['c', c, 'h'],
  ['cpp', cpp, 'cc', 'c++', 'h++', 'hpp', 'hh', 'hxx', 'cxx'],
  ['csharp', csharp, 'cs', 'c#'],
  ['css', css],
  ['diff', diff, 'patch'],
  ['go', go, 'golang'],
  ['graphql', graphql, 'gql'],
  ['ini', ini, 'toml'],
  ['java', java, 'jsp'],
  ['javascript', javascript, 'js', 'jsx', 'mjs', 'cjs'],
  ['json', json, 'jsonc', 'json5'],
  ['kotlin', kotlin, 'kt', 'kts', 'ktm', 'ktx'],
  ['less', less],
  ['lua', lua, 'pluto'],
  ['makefile', makefile, 'mk', 'mak', 'make'],
  ['markdown', markdown, 'md', 'mkdown', 'mkd'],
  ['objectivec', objectivec, 'mm', 'objc', 'obj-c', 'obj-c++', 'objective-c++'],
  ['perl', perl, 'pl', 'pm'],
  ['php', php],
  ['php-template', phpTemplate],
  ['plaintext', plaintext, 'text', 'txt'],
  ['python', python, 'py', 'gyp', 'ipython'],
  ['python-repl', pythonRepl, 'pycon'],
  ['r', r],
  ['ruby', ruby, 'rb', 'gemspec', 'podspec', 'thor', 'irb'],
  ['rust', rust, 'rs'],
  ['scss', scss],
  ['shell', shell, 'console', 'shellsession'],
  ['sql', sql],
  ['swift', swift],
  ['typescript', typescript, 'ts', 'tsx', 'mts', 'cts'],
  ['vbnet', vbnet, 'vb'],
  ['wasm', wasm],
  ['xml', xml, 'html', 'xhtml', 'rss', 'atom', 'xjb', 'xsd', 'xsl', 'plist', 'wsf', 'svg'],
  ['yaml', yaml, 'yml'],
];

const byName = new Map(
  grammars.flatMap(([name, define, ...aliases]) => [name, ...aliases].map((word) => [word, { name, define }] as const)),
);

window.plueHighlight = highlighted;

/** Returns markup of spans; undefined for an unknown language. */
function highlighted(source: string, language: string): string | undefined {
  const name = register(language);
  return name === undefined ? undefined : hljs.highlight(source, { language: name, ignoreIllegals: true }).value;
}

/** Also registers languages that it can contain, such as CSS in HTML. */
function register(language: string): string | undefined {
  const grammar = byName.get(language.toLowerCase());
  if (grammar === undefined || hljs.getLanguage(grammar.name) !== undefined) return grammar?.name;
  hljs.registerLanguage(grammar.name, grammar.define);
  for (const inner of innerLanguages(hljs.getLanguage(grammar.name), new Set())) register(inner);
  return grammar.name;
}

/** A grammar is a graph of modes that refer to each other. */
function innerLanguages(mode: unknown, seen: Set<unknown>): string[] {
  if (typeof mode !== 'object' || mode === null || seen.has(mode)) return [];
  seen.add(mode);
  return Object.entries(mode).flatMap(([key, value]: [string, unknown]) => {
    if (key !== 'subLanguage') return innerLanguages(value, seen);
    return (Array.isArray(value) ? value : [value]).filter((name) => typeof name === 'string');
  });
}
