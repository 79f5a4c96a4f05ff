// Formulas in an answer. The library that sets them is large, so it comes with the first one; until then, and where
// the formula is not well written, its source stands there.
import DOMPurify from 'dompurify';
import { element } from '../../shared/element';

/** Sets a formula as MathML markup. Throws where it cannot be read. */
export type SetFormula = (source: string, isDisplay: boolean) => string;

declare global {
  interface Window {
    /** Put there by the script formulas.js when it has come. */
    plueSetFormula?: SetFormula;
  }
}

const maxFormulaLength = 4000;
/** Setting takes about a millisecond; a formula seen before costs nothing, also while its block grows. */
const remembered = new Map<string, DocumentFragment | undefined>();
const maxRemembered = 500;
const waiting = new Set<{ node: HTMLElement; source: string; isDisplay: boolean }>();
let isAsked = false;

/** Shows a formula in `node`, whose text is its source with the marks round it. */
export function showFormula(node: HTMLElement): void {
  const written = node.textContent ?? '';
  const isDisplay = node.classList.contains('display');
  const source = sourceOf(written);
  if (source.length > maxFormulaLength) return;
  if (window.plueSetFormula === undefined) {
    waiting.add({ node, source, isDisplay });
    askForLibrary();
  } else set(node, source, isDisplay);
}

/** What stands between `$`, `$$`, `\(` and `\)`, `\[` and `\]`. */
function sourceOf(written: string): string {
  const trimmed = written.trim();
  const marks = /^(?:\$\$|\\\(|\\\[)/.test(trimmed) ? 2 : 1;
  return trimmed.slice(marks, -marks).trim();
}

function set(node: HTMLElement, source: string, isDisplay: boolean): void {
  const key = `${isDisplay ? 'display' : 'inline'} ${source}`;
  if (!remembered.has(key)) {
    if (remembered.size >= maxRemembered) remembered.clear();
    remembered.set(key, markup(source, isDisplay));
  }
  const formula = remembered.get(key)?.cloneNode(true);
  if (formula === undefined) node.classList.add('unset');
  else node.replaceChildren(formula);
}

function markup(source: string, isDisplay: boolean): DocumentFragment | undefined {
  try {
    const clean = DOMPurify.sanitize(window.plueSetFormula?.(source, isDisplay) ?? '', allowed);
    return clean.querySelector('math') === null ? undefined : clean;
  } catch {
    return undefined;
  }
}

/** MathML that only draws: nothing with an address, an id, a handler or a style. */
const allowed = {
  RETURN_DOM_FRAGMENT: true as const,
  ALLOWED_TAGS: [
    ...['math', 'mrow', 'mi', 'mn', 'mo', 'ms', 'mtext', 'mspace', 'mstyle', 'mpadded', 'mphantom', 'menclose', 'merror'],
    ...['mfrac', 'msqrt', 'mroot', 'msub', 'msup', 'msubsup', 'munder', 'mover', 'munderover', 'mmultiscripts', 'mprescripts'],
    ...['mtable', 'mtr', 'mtd', 'semantics', '#text'],
  ],
  ALLOWED_ATTR: [
    ...['display', 'mathvariant', 'mathcolor', 'mathsize', 'stretchy', 'fence', 'separator', 'accent', 'accentunder', 'lspace', 'rspace'],
    ...['minsize', 'maxsize', 'symmetric', 'largeop', 'movablelimits', 'linethickness', 'width', 'height', 'depth', 'voffset', 'notation'],
    ...['displaystyle', 'scriptlevel', 'columnalign', 'rowspacing', 'columnspacing', 'columnlines', 'rowlines', 'frame', 'framespacing'],
  ],
  // The source comes along as an annotation; it is not to be read twice.
  FORBID_CONTENTS: ['annotation', 'annotation-xml', 'script', 'style', 'template', 'noscript', 'iframe', 'svg', 'title'],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
};

/** The page's own script carries the nonce that lets another one in. */
const pageScript = document.currentScript instanceof HTMLScriptElement ? document.currentScript : undefined;

function askForLibrary(): void {
  if (isAsked || pageScript === undefined) return;
  isAsked = true;
  const script = element('script', { src: new URL('formulas.js', pageScript.src).href });
  script.nonce = pageScript.nonce;
  script.addEventListener('load', setWaiting);
  document.head.append(script);
}

function setWaiting(): void {
  for (const { node, source, isDisplay } of waiting) if (node.isConnected) set(node, source, isDisplay);
  waiting.clear();
}
