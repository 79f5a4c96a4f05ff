// Renders formulas, in a separate script because few responses need it.
import katex from 'katex';

/** Commands cannot set addresses, classes, or styles (`trust`), and expansion is limited. */
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
