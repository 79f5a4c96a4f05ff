// The script that sets formulas, apart from the chat page because only few answers need it.
import katex from 'katex';

/** No command in it may name an address, a class or a style (`trust`), and none may grow without end. */
window.plueSetFormula = (source, isDisplay) =>
  katex.renderToString(source, {
    displayMode: isDisplay,
    output: 'mathml',
    throwOnError: true,
    trust: false,
    strict: false,
    maxExpand: 200,
    maxSize: 20,
  });
