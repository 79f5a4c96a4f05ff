// What the documents say, taken apart: fenced blocks, links, headings and words in code.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../..', import.meta.url));

export interface Block {
  language: string;
  text: string;
  /** Of the fence that opens it, from 1. */
  line: number;
  /** Where below the home of Plue a reader puts it, when the line above says so. */
  file?: string;
}

export interface Document {
  /** From the root of the repository, with `/`. */
  path: string;
  text: string;
  blocks: Block[];
  /** All that is not in a fenced block. */
  prose: string;
}

/** The README, what lies in docs, and the pages beside it. */
export const documents: Document[] = [
  'README.md',
  'ARCHITECTURE.md',
  'STYLE.md',
  'SECURITY.md',
  'AGENTS.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file.replaceAll('\\', '/')}`)
    .sort(),
].map(read);

/** Those that tell a user what to do; the others are for who reads the code. */
export const guides = documents.filter((document) => document.path === 'README.md' || document.path.startsWith('docs/'));

export function document(path: string): Document {
  const found = documents.find((candidate) => candidate.path === path);
  if (!found) throw new Error(`There is no document ${path}.`);
  return found;
}

/** The text of every file below a folder whose name ends so. */
export function filesBelow(folder: string, ...endings: string[]): { path: string; text: string }[] {
  const from = join(root, folder);
  return readdirSync(from, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && endings.some((ending) => entry.name.endsWith(ending)))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path: relative(root, path), text: readFileSync(path, 'utf8') }));
}

function read(path: string): Document {
  const text = readFileSync(join(root, path), 'utf8');
  const blocks: Block[] = [];
  const prose: string[] = [];
  let open: { fence: string; block: Block; lines: string[] } | undefined;
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const fence = /^(`{3,})(.*)$/.exec(line);
    if (open === undefined && fence !== null) {
      const file = /^`~\/\.plue\/(.+)`$/.exec(prose.findLast((before) => before.trim() !== '') ?? '')?.[1];
      open = {
        fence: fence[1] ?? '',
        block: { language: (fence[2] ?? '').trim(), text: '', line: index + 1, ...(file && { file }) },
        lines: [],
      };
    } else if (open !== undefined && line === open.fence) {
      blocks.push({ ...open.block, text: `${open.lines.join('\n')}\n` });
      open = undefined;
    } else if (open !== undefined) open.lines.push(line);
    else prose.push(line);
  }
  if (open !== undefined) throw new Error(`${path}:${open.block.line} opens a block that nothing closes.`);
  return { path, text, blocks, prose: prose.join('\n') };
}

/** Where a link or a picture leads, as it is written. */
export function linksOf({ prose }: Document): string[] {
  const plain = prose.replaceAll(/`[^`\n]*`/g, '');
  return [...plain.matchAll(/\]\(([^)\s]+)\)/g), ...plain.matchAll(/\b(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
}

/** The names under which a document's headings are found, as GitHub makes them. */
export function anchorsOf({ prose }: Document): Set<string> {
  const anchors = new Set<string>();
  for (const match of prose.matchAll(/^#{1,6} (.+)$/gm)) {
    const plain = (match[1] ?? '').trim().toLowerCase();
    const slug = plain.replaceAll(/[^\p{L}\p{N}\p{M} _-]/gu, '').replaceAll(' ', '-');
    let name = slug;
    for (let count = 1; anchors.has(name); count++) name = `${slug}-${count}`;
    anchors.add(name);
  }
  return anchors;
}

/** What stands between single backticks in the running text. */
export function codeWordsOf({ prose }: Document): string[] {
  return [...prose.matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? '');
}
