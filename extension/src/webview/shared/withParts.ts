import type { Child } from './element';

/** Returns a translated text with elements in place of {0}, {1}. */
export function withParts(sentence: string, ...parts: Child[]): Child[] {
  return sentence
    .split(/\{(\d)\}/)
    .map((piece, index) => (index % 2 === 0 ? piece : parts[Number(piece)]))
    .filter((piece) => piece !== '');
}
