// Attached texts that are not files are at the end of a message, each in a code block under its name.
import { fenceFor } from './fence';
import type { AttachedText } from './messages/savedState';

/** Appends each text as a code block under its name. */
export function withTexts(draft: string, texts: readonly AttachedText[]): string {
  const blocks = texts.map(({ name, text }) => {
    const fence = fenceFor(text);
    return `${name.replace(/\s+/gu, ' ')}:\n\n${fence}${name === '@changes' ? 'diff' : 'text'}\n${text}\n${fence}`;
  });
  return [draft, ...blocks].join('\n\n');
}

/** The inverse of {@link withTexts}, so that attached texts are shown apart from what the user wrote. */
export function splitTexts(message: string): { draft: string; texts: AttachedText[] } {
  const start = /\n\n(?<name>@[^\n]+):\n\n(?<fence>`{3,})(?:text|diff)\n/u.exec(message);
  const { name, fence } = start?.groups ?? {};
  if (start === null || name === undefined || fence === undefined) return { draft: message, texts: [] };
  const from = start.index + start[0].length;
  const end = `\n${fence}`;
  const to = message.indexOf(end, from);
  const rest = to < 0 ? undefined : message.slice(to + end.length);
  // Anything else after the block was written by the user.
  const others = rest === undefined ? undefined : splitTexts(rest);
  if (others === undefined || others.draft !== '') return { draft: message, texts: [] };
  return { draft: message.slice(0, start.index), texts: [{ name, text: message.slice(from, to) }, ...others.texts] };
}
