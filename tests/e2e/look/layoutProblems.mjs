// Finds layout problems of a page automatically: elements that are wider than the page, cut off without an ellipsis, outside the window, covered, or
// scrollable inside a scrollable element.

/**
 * Runs inside the page.
 * @returns {string[]} One sentence for each problem.
 */
export function layoutProblems() {
  /** @type {string[]} */
  const found = [];
  const [wide, high] = [window.innerWidth, window.innerHeight];
  const nameOf = (/** @type {Element} */ node) =>
    `${node.tagName.toLowerCase()}${[...node.classList].map((name) => `.${name}`).join('')} “${(node.textContent ?? '').trim().slice(0, 40)}”`;
  const hasOwnText = (/** @type {Element} */ node) =>
    [...node.childNodes].some((child) => child.nodeType === Node.TEXT_NODE && child.textContent?.trim());
  const scrolls = (/** @type {Element} */ node, /** @type {'overflowX' | 'overflowY'} */ way) =>
    ['auto', 'scroll'].includes(getComputedStyle(node)[way]);
  const above = (/** @type {Element} */ node, /** @type {(one: Element) => boolean} */ is) => {
    for (let one = node.parentElement; one !== null; one = one.parentElement) if (is(one)) return one;
    return undefined;
  };
  const endsInDots = (/** @type {Element} */ node) =>
    getComputedStyle(node).textOverflow === 'ellipsis' && getComputedStyle(node).overflowX === 'hidden';
  /** Floating elements may cover others; elements in the normal flow must not. */
  const floats = (/** @type {Element} */ one) => ['absolute', 'fixed', 'sticky'].includes(getComputedStyle(one).position);
  const covering = (/** @type {Element} */ node) => {
    const words = [...node.childNodes].find((child) => child.nodeType === Node.TEXT_NODE && child.textContent?.trim());
    const range = document.createRange();
    if (words) range.selectNodeContents(words);
    const line = range.getClientRects()[0];
    if (!line || line.width === 0) return undefined;
    const [x, y] = [line.left + Math.min(line.width, node.getBoundingClientRect().width) / 2, line.top + line.height / 2];
    const isShown = (/** @type {Element} */ one) => {
      const box = one.getBoundingClientRect();
      return (
        getComputedStyle(one).overflowY === 'visible' || (x > box.left + 4 && x < box.right - 4 && y > box.top + 4 && y < box.bottom - 4)
      );
    };
    const hit = document.elementFromPoint(x, y);
    if (hit === null || hit.contains(node) || node.contains(hit) || above(node, (one) => !isShown(one)) !== undefined) return undefined;
    for (let one = hit; !one.contains(node) && one.parentElement !== null; one = one.parentElement) if (floats(one)) return undefined;
    return hit;
  };
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth + 1) found.push(`The page is ${root.scrollWidth} px wide in a window of ${root.clientWidth} px.`);
  for (const node of document.body.querySelectorAll('*')) {
    if (!(node instanceof HTMLElement) || node.closest('.visually-hidden, math, svg, .uplot') !== null) continue;
    // The content of closed details has a box.
    if (!node.checkVisibility()) continue;
    const box = node.getBoundingClientRect();
    const style = getComputedStyle(node);
    if (box.width === 0 || box.height === 0 || style.visibility === 'hidden' || style.clipPath !== 'none' || style.opacity === '0')
      continue;
    const role = node.getAttribute('role') ?? '';
    if (style.position === 'fixed' || ['dialog', 'menu', 'listbox'].includes(role)) {
      if (box.left < -1 || box.top < -1 || box.right > wide + 1 || box.bottom > high + 1)
        if (above(node, (one) => scrolls(one, 'overflowY')) === undefined)
          found.push(
            `${nameOf(node)} leaves the window: ${Math.round(box.left)},${Math.round(box.top)} to ${Math.round(box.right)},${Math.round(box.bottom)} of ${wide} × ${high}.`,
          );
    }
    if (
      hasOwnText(node) &&
      (box.right > wide + 1 || box.left < -1) &&
      above(node, (one) => scrolls(one, 'overflowX') || endsInDots(one)) === undefined
    )
      found.push(`${nameOf(node)} goes on beyond the edge of the window.`);
    const cover = hasOwnText(node) ? covering(node) : undefined;
    if (cover) found.push(`${nameOf(node)} lies under ${nameOf(cover)}.`);
    const cutsX = ['hidden', 'clip'].includes(style.overflowX) && node.scrollWidth > node.clientWidth + 1;
    if (hasOwnText(node) && cutsX && style.textOverflow !== 'ellipsis')
      found.push(`${nameOf(node)} is cut off at its side without an ellipsis.`);
    const cutsY = ['hidden', 'clip'].includes(style.overflowY) && node.scrollHeight > node.clientHeight + 3;
    if (hasOwnText(node) && cutsY && style.webkitLineClamp === 'none' && style.textOverflow !== 'ellipsis')
      found.push(`${nameOf(node)} is cut off at its foot.`);
    if (node instanceof HTMLTextAreaElement) continue;
    if (scrolls(node, 'overflowY') && node.scrollHeight > node.clientHeight + 1 && role !== 'listbox' && style.position !== 'fixed') {
      // The list of messages changes while the user reads, so it always scrolls separately.
      const isMessages = node.matches('.messages');
      const outer = above(node, (one) => floats(one) || (scrolls(one, 'overflowY') && one.scrollHeight > one.clientHeight + 1));
      if (outer !== undefined && !floats(outer) && !isMessages)
        found.push(`${nameOf(node)} scrolls inside of ${nameOf(outer)}, which scrolls as well.`);
    }
    const isControl = node.matches('button, a[href], input, select, summary') && !node.hasAttribute('disabled');
    if (isControl && (box.width < 12 || box.height < 12) && style.display !== 'inline')
      found.push(`${nameOf(node)} is only ${Math.round(box.width)} × ${Math.round(box.height)} px.`);
  }
  return [...new Set(found)].slice(0, 40);
}
