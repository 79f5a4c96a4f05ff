/** The locale of numbers, dates and money: VS Code's display language. A webview reads it from its document; the host calls `setLocale`. */
export let locale = (typeof document === 'undefined' ? '' : document.documentElement.lang) || 'en-US';

export function setLocale(language: string): void {
  locale = language;
}
