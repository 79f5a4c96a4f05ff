// Files that a page loads later: other scripts, and the font of the icons.
import { element } from './element';

/** The page's own script, whose nonce also allows others. */
const pageScript = document.currentScript instanceof HTMLScriptElement ? document.currentScript : undefined;

/**
 * Loads another script of the page when it is first needed.
 * @param file A script in the folder of the pages.
 * @param loaded Called once the script has run. Never called if it cannot be loaded.
 */
export function loadScript(file: string, loaded: () => void): void {
  const src = addressOf(file);
  if (pageScript === undefined || src === undefined) return;
  const script = element('script', { src });
  script.nonce = pageScript.nonce;
  script.addEventListener('load', loaded);
  document.head.append(script);
}

/** Loads the icons after the page. A font that is loaded with the page delays it, because VS Code shows a page when all its files have been loaded. */
export function loadIcons(): void {
  const address = addressOf('codicon.ttf');
  if (address === undefined) return;
  window.addEventListener('load', () => document.fonts.add(new FontFace('codicon', `url("${address}")`, { display: 'block' })));
}

function addressOf(file: string): string | undefined {
  const folder = pageScript?.dataset['folder'];
  return folder === undefined ? undefined : new URL(file, folder).href;
}
