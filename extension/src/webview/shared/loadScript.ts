// Loads another script of the page when it is first needed.
import { element } from './element';

/** The page's own script, whose nonce also allows others. */
const pageScript = document.currentScript instanceof HTMLScriptElement ? document.currentScript : undefined;

/**
 * @param file A script next to the page's own.
 * @param loaded Called once the script has run. Never called if it cannot be loaded.
 */
export function loadScript(file: string, loaded: () => void): void {
  if (pageScript === undefined) return;
  const script = element('script', { src: new URL(file, pageScript.src).href });
  script.nonce = pageScript.nonce;
  script.addEventListener('load', loaded);
  document.head.append(script);
}
