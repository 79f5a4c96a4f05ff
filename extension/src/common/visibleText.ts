// Shows characters that hide or reorder text or control a terminal as ⟨U+202E⟩, so that they are visible and have no effect.
// HiddenCharacters in the sidecar has the same rules: its tables are generated from the classes below, and tests/hidden-characters.json tests both.

/** Format characters that are visible: signs before a number or a verse in Arabic, Syriac and Kaithi. */
const visibleFormat = String.raw`\u0600-\u0605\u06DD\u070F\u0890\u0891\u08E2\u{110BD}\u{110CD}`;

/** Characters with no visible glyph that Unicode classifies as symbols, letters or marks: Braille, music, hieroglyphs, Khitan. */
const blankGlyphs = String.raw`\u2800\u{1D159}\u{13441}\u{13442}\u{16FE4}`;

/** Scripts that use a joiner or a non-joiner between two letters. */
const joiningScripts = [
  ...[
    'Arabic',
    'Syriac',
    'Mandaic',
    'Nko',
    'Mongolian',
    'Phags_Pa',
    'Adlam',
    'Hanifi_Rohingya',
    'Devanagari',
    'Bengali',
    'Gurmukhi',
    'Gujarati',
  ],
  ...[
    'Oriya',
    'Tamil',
    'Telugu',
    'Kannada',
    'Malayalam',
    'Sinhala',
    'Khmer',
    'Myanmar',
    'Tibetan',
    'Balinese',
    'Javanese',
    'Sundanese',
    'Newa',
  ],
];

/** Character sets shared with the sidecar, each as a regular expression for one character. */
export const characterClasses = {
  // Tabs and line feeds are allowed; a carriage return only before a line feed.
  hidden: String.raw`(?![\t\n\r${visibleFormat}])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\p{Variation_Selector}${blankGlyphs}]`,
  pictograph: String.raw`\p{Extended_Pictographic}`,
  ideograph: String.raw`\p{Unified_Ideograph}`,
  joined: String.raw`(?=[\p{L}\p{M}])(?!\p{Default_Ignorable_Code_Point})[${joiningScripts.map((script) => `\\p{Script=${script}}`).join('')}]`,
} as const;

const { hidden, pictograph, ideograph, joined } = characterClasses;

/** Hidden characters in valid positions, where they change only how an adjacent visible character is drawn. */
const expected = [
  // The flags of England, Scotland and Wales.
  String.raw`\u{1F3F4}\u{E0067}\u{E0062}(?:\u{E0065}\u{E006E}\u{E0067}|\u{E0073}\u{E0063}\u{E0074}|\u{E0077}\u{E006C}\u{E0073})\u{E007F}`,
  // Text or emoji style of one pictograph, a keycap, a variant of one ideograph.
  String.raw`(?<=${pictograph})[\uFE0E\uFE0F]`,
  String.raw`(?<=[0-9#*])\uFE0F(?=\u20E3)`,
  String.raw`(?<=${ideograph})[\uFE00-\uFE02\u{E0100}-\u{E01EF}]`,
  // Joined pictographs, joined letters.
  String.raw`(?<=${pictograph}\uFE0F?|\p{Emoji_Modifier})\u200D(?=${pictograph})`,
  String.raw`(?<=${joined})[\u200C\u200D](?=${joined})`,
].join('|');

const pattern = new RegExp(String.raw`(?:${expected})|(?<hidden>\r(?!\n)|${hidden})`, 'gu');

export function visibleText(text: string): string {
  return text.replace(pattern, (found: string, secret?: string) => (secret === undefined ? found : `⟨U+${hex(secret)}⟩`));
}

/** Returns the number of hidden characters. */
export function countHidden(text: string): number {
  return [...text.matchAll(pattern)].filter((match) => match.groups?.['hidden'] !== undefined).length;
}

function hex(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
}
