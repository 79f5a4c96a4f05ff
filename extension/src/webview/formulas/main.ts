// Renders formulas. A separate script, because few responses need it.
import katex from 'katex';

/** With `trust` off, commands cannot set addresses, classes, or styles; expansion is limited. */
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
