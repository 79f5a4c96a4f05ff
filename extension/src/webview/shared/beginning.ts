/** The first characters of a title, at a word's end where one is near. @param longest Characters, with the mark that more follows. */
export function beginningOf(title: string, longest: number): string {
  const characters = [...title];
  if (characters.length <= longest) return title;
  const cut = characters.slice(0, longest - 1).join('');
  const atWord = cut.replace(/\s+\S*$/u, '');
  return `${atWord.length > cut.length / 2 ? atWord : cut}…`;
}
