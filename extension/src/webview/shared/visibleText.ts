// Characters that hide, reorder or drive a terminal are drawn as ⟨U+202E⟩, so that a reader sees them and nothing obeys them.
// The same set as in the sidecar's HiddenCharacters; tests/hidden-characters.json holds both to it.

/** C0 and C1 controls but not tab and line feed; soft hyphen; bidirectional and zero-width marks; fillers; tag characters; variation selectors. */
const hidden =
  // eslint-disable-next-line no-control-regex, no-misleading-character-class
  /[\u0000-\u0008\u000B\u000C-\u001F\u007F-\u009F\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F\u200B-\u200F\u2028-\u202E\u2060-\u206F\u3164\uFE00-\uFE0F\uFEFF\uFFA0\uFFF9-\uFFFB]|\uDB40[\uDC00-\uDFFF]/g;

/** Joiners are honest between emoji and in scripts that need them. */
const mayJoin = /[\p{So}\p{L}\p{M}\u{1F3FB}-\u{1F3FF}\u2194]/u;

const latin =
  /[A-Za-z\u00AA\u00BA\u00C0-\u02B8\u1D00-\u1DBF\u1E00-\u1EFF\u2C60-\u2C7F\uA720-\uA7FF\uAB30-\uAB6F\uFB00-\uFB06\uFF21-\uFF5A]/u;

export function visibleText(text: string): string {
  return text.replace(hidden, (character, offset: number) => (isHonest(text, character, offset) ? character : `⟨U+${hex(character)}⟩`));
}

/** How many of them there are. */
export function countHidden(text: string): number {
  return [...text.matchAll(hidden)].filter(({ 0: character, index }) => !isHonest(text, character, index)).length;
}

function isHonest(text: string, character: string, offset: number): boolean {
  const before = lastCodePoint(text.slice(Math.max(0, offset - 2), offset));
  // A variation selector behind what it varies.
  if (character >= '\uFE00' && character <= '\uFE0F') return before !== '' && !/\s/u.test(before) && before.search(hidden) < 0;
  // The carriage return of a line end.
  if (character === '\r') return text[offset + 1] === '\n';
  if (character !== '\u200C' && character !== '\u200D') return false;
  const after = String.fromCodePoint(text.codePointAt(offset + 1) ?? 0);
  return [before, after].every((neighbor) => mayJoin.test(neighbor) && !latin.test(neighbor));
}

function lastCodePoint(text: string): string {
  return [...text].at(-1) ?? '';
}

function hex(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
}
