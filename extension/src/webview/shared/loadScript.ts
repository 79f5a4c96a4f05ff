// Loads another script of the page when it is first needed.
import { element } from './element';

/** The page's script, whose nonce allows others beside it. */
const pageScript = document.currentScript instanceof HTMLScriptElement ? document.currentScript : undefined;

/**
 * @param file Beside the page's script.
 * @param loaded Called once the script has run. Never called if it cannot be loaded.
 */
export function loadScript(file: string, loaded: () => void): void {
  if (pageScript === undefined) return;
  const script = element('script', { src: new URL(file, pageScript.src).href });
  script.nonce = pageScript.nonce;
  script.addEventListener('load', loaded);
  document.head.append(script);
}
