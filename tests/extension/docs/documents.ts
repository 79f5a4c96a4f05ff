// Parses the documents: fenced blocks, links, headings and inline code.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../..', import.meta.url));

export interface Block {
  language: string;
  text: string;
  /** One-based line of the opening fence. */
  line: number;
  /** Path in the Plue home where a reader puts the file, if the line above names it. */
  file?: string;
}

export interface Document {
  /** Relative to the root of the repository, with `/`. */
  path: string;
  text: string;
  blocks: Block[];
  /** The text outside fenced blocks. */
  prose: string;
}

/** README, docs, and related pages. */
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

/** Documents for users; the others are for readers of the code. */
export const guides = documents.filter((document) => document.path === 'README.md' || document.path.startsWith('docs/'));

export function document(path: string): Document {
  const found = documents.find((candidate) => candidate.path === path);
  if (!found) throw new Error(`There is no document ${path}.`);
  return found;
}

/** Returns the text of all files in a folder with one of these endings. */
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

/** Returns the targets of links and images, as written. */
export function linksOf({ prose }: Document): string[] {
  const plain = prose.replaceAll(/`[^`\n]*`/g, '');
  return [...plain.matchAll(/\]\(([^)\s]+)\)/g), ...plain.matchAll(/\b(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
}

/** Returns the anchors of a document's headings, as GitHub creates them. */
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

/** Returns inline code. */
export function codeWordsOf({ prose }: Document): string[] {
  return [...prose.matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? '');
}
