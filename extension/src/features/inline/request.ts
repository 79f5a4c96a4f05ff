// The messages of an inline edit. They are read by the model and, with Continue in Chat, by the user.
import { fenceFor } from '../../common/fence';

export interface Selection {
  /** Lines without line breaks. */
  lines: readonly string[];
  /** Number of the first line, from 1. */
  first: number;
}

export interface EditRequest {
  instruction: string;
  path: string;
  language: string;
  selections: readonly Selection[];
  /** All lines of the document. */
  document: readonly string[];
}

/** Lines before the first and after the last selection that are sent. */
const linesAround = 200;
/** Lines of one file that are sent completely. */
const wholeFile = 600;
const maxAround = 60_000;

export function editMessage({ instruction, path, language, selections, document }: EditRequest): string {
  const blocks = selections.map(
    ({ lines, first }, index) =>
      `${selections.length > 1 ? `Selection ${index + 1}: ` : 'Selection: '}\`${path}\`, ${linesText(first, lines.length)}\n\n${fenced(lines.join('\n'), language)}`,
  );
  const around = surroundings(selections, document);
  const rest = around === undefined ? [] : [`${around.title}\n\n${fenced(around.text, language)}`];
  return [instruction, ...blocks, ...rest].join('\n\n');
}

/** @param edited Current text of selections that the user changed since the last response. */
export function followUpMessage(instruction: string, edited: readonly Selection[], language: string): string {
  const blocks = edited.map(
    ({ lines, first }) => `Changed meanwhile, ${linesText(first, lines.length)}:\n\n${fenced(lines.join('\n'), language)}`,
  );
  return [instruction, ...blocks].join('\n\n');
}

function linesText(first: number, count: number): string {
  return count <= 1 ? `line ${first}` : `lines ${first} to ${first + count - 1}`;
}

function fenced(text: string, language: string): string {
  const fence = fenceFor(text);
  return `${fence}${language}\n${text}\n${fence}`;
}

/** The file of the selections, or the part around them; undefined if they are all of it. */
function surroundings(selections: readonly Selection[], document: readonly string[]): { title: string; text: string } | undefined {
  const first = Math.min(...selections.map((one) => one.first)) - 1;
  const last = Math.max(...selections.map((one) => one.first + one.lines.length - 1));
  const isWhole = document.length <= wholeFile;
  const from = isWhole ? 0 : Math.max(0, first - linesAround);
  const to = isWhole ? document.length : Math.min(document.length, last + linesAround);
  const lines = document.slice(from, to);
  if (selections.length === 1 && from === first && to <= last) return undefined;
  const text = lines.join('\n');
  if (text.trim() === '' || text.length > maxAround) return undefined;
  return { title: isWhole ? 'The file, for reference:' : `The code around, ${linesText(from + 1, lines.length)}, for reference:`, text };
}
