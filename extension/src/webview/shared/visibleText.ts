// Characters that hide, reorder or drive a terminal are drawn as ⟨U+202E⟩, so that a reader sees them and nothing obeys them.

/** C0 and C1 controls but not tab and line ends; soft hyphen; bidirectional and zero-width marks; fillers; tag characters; rare variation selectors. */
const hidden =
  // eslint-disable-next-line no-control-regex, no-misleading-character-class
  /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F\u200B-\u200F\u2028-\u202E\u2060-\u206F\u3164\uFEFF\uFFA0\uFFF9-\uFFFB]|\uDB40[\uDC00-\uDFFF]/g;

/** Joiners are honest between emoji and in scripts that need them. */
const mayJoin = /[\p{Extended_Pictographic}\p{Emoji_Modifier}\uFE0F\p{L}\p{M}]/u;

const latin = /\p{Script=Latin}/u;

export function visibleText(text: string): string {
  return text.replace(hidden, (character, offset: number) =>
    isHonestJoiner(text, character, offset) ? character : `⟨U+${hex(character)}⟩`,
  );
}

function isHonestJoiner(text: string, character: string, offset: number): boolean {
  if (character !== '\u200C' && character !== '\u200D') return false;
  const before = lastCodePoint(text.slice(Math.max(0, offset - 2), offset));
  const after = String.fromCodePoint(text.codePointAt(offset + 1) ?? 0);
  return [before, after].every((neighbor) => mayJoin.test(neighbor) && !latin.test(neighbor));
}

function lastCodePoint(text: string): string {
  return [...text].at(-1) ?? '';
}

function hex(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
}
