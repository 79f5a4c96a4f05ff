/** In which numbers, dates and money are written: the language that VS Code shows. */
export const language = (typeof document === 'undefined' ? '' : document.documentElement.lang) || 'en-US';
