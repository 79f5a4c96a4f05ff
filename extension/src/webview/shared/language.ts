/** In which numbers, dates and money are written: the language that VS Code shows. A page carries it; the host is told by `writeIn`. */
export let language = (typeof document === 'undefined' ? '' : document.documentElement.lang) || 'en-US';

export function writeIn(shown: string): void {
  language = shown;
}
