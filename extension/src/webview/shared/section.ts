// A part of a page that is rebuilt only if its data changed.
import { append, element, type Attributes, type Child } from './element';

export class Section {
  readonly node: HTMLElement;
  private shown: string | undefined;

  constructor(tag: 'div' | 'section' | 'nav' = 'div', attributes: Attributes = {}) {
    this.node = element(tag, attributes);
  }

  /**
   * Rebuilds the part if `what` (a JSON value) changed. Focus stays on the control with the same
   * `data-key`, or moves to the part's `data-fallback`.
   */
  show(what: unknown, build: () => Child[]): void {
    const next = JSON.stringify(what);
    if (next === this.shown) return;
    this.shown = next;
    const { activeElement } = document;
    const focused = activeElement instanceof HTMLElement && this.node.contains(activeElement) ? activeElement : undefined;
    const key = focused?.closest('[data-key]')?.getAttribute('data-key') ?? undefined;
    this.node.replaceChildren();
    append(this.node, build());
    if (focused !== undefined) this.refocus(key);
  }

  private refocus(key: string | undefined): void {
    const same =
      key === undefined ? null : [...this.node.querySelectorAll('[data-key]')].find((one) => one.getAttribute('data-key') === key);
    const target = same ?? this.node.querySelector('[data-fallback]');
    if (target instanceof HTMLElement) target.focus({ preventScroll: true });
  }
}
