// Gives the text of approvals a layout, which jsdom does not have: lines of 18 pixels in a scrollable box.
const lineHeight = 18;

/** @param lines Number of lines that are in view at once. */
export function layOut(lines = 1_000_000): void {
  window.innerHeight = 1_000_000_000;
  Element.prototype.getBoundingClientRect = function (): DOMRect {
    if (this.classList.contains('exact-text')) return rect(0, lines * lineHeight);
    if (this.classList.contains('approval-foot')) return rect(window.innerHeight, lineHeight);
    const box = this.closest('.exact-text');
    return box === null ? rect(0, window.innerHeight) : rect(indexOf(this, box) * lineHeight - box.scrollTop, lineHeight);
  };
}

/** Scrolls a text so that this line is the first in view. */
export function scrollTo(box: Element, line: number): void {
  box.scrollTop = line * lineHeight;
  box.dispatchEvent(new Event('scroll'));
}

function indexOf(piece: Element, box: Element): number {
  return [...box.querySelectorAll('.text-line')].findIndex((line) => line.contains(piece));
}

function rect(top: number, height: number): DOMRect {
  return { x: 0, y: top, left: 0, top, width: 100, height, right: 100, bottom: top + height, toJSON: () => undefined };
}
