/** Truncates a title, at the end of a word if one is near. @param maxLength In characters, including the ellipsis. */
export function truncate(title: string, maxLength: number): string {
  const characters = [...title];
  if (characters.length <= maxLength) return title;
  const cut = characters.slice(0, maxLength - 1).join('');
  const atWord = cut.replace(/\s+\S*$/u, '');
  return `${atWord.length > cut.length / 2 ? atWord : cut}…`;
}
