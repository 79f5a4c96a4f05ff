// Formulas in responses. The library is loaded for the first formula; until then, and for
// invalid formulas, the source is shown.
import DOMPurify from 'dompurify';
import { loadScript } from '../../shared/pageFiles';

/** Renders a formula as MathML markup. Throws if it is invalid. */
export type SetFormula = (source: string, isDisplay: boolean) => string;

declare global {
  interface Window {
    /** Set by formulas.js when it has loaded. */
    plueSetFormula?: SetFormula;
  }
}

const maxFormulaLength = 4000;
/** Rendering takes about a millisecond; results are cached. */
const remembered = new Map<string, DocumentFragment | undefined>();
const maxRemembered = 500;
const waiting = new Set<{ node: HTMLElement; source: string; isDisplay: boolean }>();
let isAsked = false;

/** Shows a formula in `node`, whose text is its source with delimiters. */
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

/** Returns the text between `$`, `$$`, `\(` and `\)`, or `\[` and `\]`. */
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

/** Allows only MathML without addresses, IDs, handlers, or styles. */
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
  // Removes the source annotation, so that screen readers do not read it as well.
  FORBID_CONTENTS: ['annotation', 'annotation-xml', 'script', 'style', 'template', 'noscript', 'iframe', 'svg', 'title'],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
};

function askForLibrary(): void {
  if (isAsked) return;
  isAsked = true;
  loadScript('formulas.js', setWaiting);
}

function setWaiting(): void {
  for (const { node, source, isDisplay } of waiting) if (node.isConnected) set(node, source, isDisplay);
  waiting.clear();
}
