// Syntax highlighting. The grammars are loaded for the first code block, which has no colors until then.
import { loadScript } from '../../shared/pageFiles';

/** Returns markup of spans; undefined for an unknown language. */
export type Highlight = (source: string, language: string) => string | undefined;

declare global {
  interface Window {
    /** Set by grammars.js when it has loaded. */
    plueHighlight?: Highlight;
  }
}

let waiting: Set<() => void> | undefined;

/** @param retry Called when the grammars have loaded, if they were not loaded before. */
export function highlighted(source: string, language: string, retry: () => void): string | undefined {
  if (window.plueHighlight !== undefined) return window.plueHighlight(source, language);
  if (waiting === undefined) loadScript('grammars.js', colorWaiting);
  waiting ??= new Set();
  waiting.add(retry);
  return undefined;
}

function colorWaiting(): void {
  for (const retry of waiting ?? []) retry();
  waiting?.clear();
}
