// The end of a growing text. Incomplete markup is rendered as what it will most likely become,
// so that a table row, a formula, or a link does not show its markup first.

/** Completes the last block of a growing text for display; text that was received is never removed. */
export function completeOpenEnd(block: string): string {
  const table = completeTable(block);
  if (table !== undefined) return table;
  const from = Math.max(0, block.length - 2000);
  const shortened = shortenLink(block);
  return shortened === block ? block.slice(0, from) + verbatimFormula(block.slice(from)) : shortened;
}

/** A stopped response may end with the first character of a table row. */
export function withoutStrayPipe(block: string): string {
  return block.replace(/(?:^|\n)[ \t]*\|\s*$/, '');
}

/** Shows a table heading before its delimiter row was received. */
function completeTable(block: string): string | undefined {
  const match = /^(\|[^\n]*[^|\s\n][^\n]*)(?:\n([|:\- ]*))?$/.exec(block);
  const heading = match?.[1];
  if (heading === undefined) return undefined;
  const cells = heading
    .trim()
    .replace(/^\||\|$/g, '')
    .split(/(?<!\\)\|/);
  return `${heading}\n|${cells.map(() => '---|').join('')}`;
}

/** Shows the text of `[words](https://exa` until its address is complete. */
function shortenLink(block: string): string {
  const middle = block.lastIndexOf('](');
  if (middle < 0 || /[()\s]/.test(block.slice(middle + 2))) return block;
  return block.slice(0, middle).replace(/!?\[([^[\]\n]{1,300})$/, '$1');
}

/** Keeps an unclosed formula literal: its asterisks and underscores are not emphasis. */
function verbatimFormula(block: string): string {
  const open = /(?:(?<![\\$\w])\$(?=[^\s$\d])[^$\n]{0,200}|\\\((?:(?!\\\))[^]){0,1000}|\\\[(?:(?!\\\])[^]){0,1000})$/.exec(
    withoutCode(block),
  );
  if (open === null) return block;
  const formula = block.slice(open.index);
  return block.slice(0, open.index) + formula.replace(/[!-/:-@[-`{-~]/g, '\\$&');
}

/** Masks code without changing the length, so that offsets stay valid. */
function withoutCode(block: string): string {
  return block
    .replace(/(`+)[^]*?(?<!`)\1(?!`)/g, (code) => ' '.repeat(code.length))
    .replace(/(?<!\\)\$(?=\S)[^$\n]*?[^\s$]\$(?!\d)/g, (formula) => ' '.repeat(formula.length));
}
