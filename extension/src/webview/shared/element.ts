/** Attributes as in HTML; `undefined` and `false` omit an attribute, `true` sets it without a value. */
export type Attributes = Record<string, string | number | boolean | undefined>;

export type Child = Node | string | undefined;

/** Creates an element. Strings are always text, never HTML. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    node.setAttribute(name, value === true ? '' : String(value));
  }
  append(node, children);
  return node;
}

export function append(parent: Node, children: Child[]): void {
  for (const child of children) {
    if (child === undefined) continue;
    parent.appendChild(typeof child === 'string' ? document.createTextNode(child) : child);
  }
}

/** Creates a decorative codicon; its meaning is in adjacent text. */
export function icon(name: string): HTMLElement {
  return element('span', { class: `codicon codicon-${name}`, 'aria-hidden': 'true' });
}

/** Creates a text button. `quiet` looks like a link. */
export function textButton(label: string, onClick: () => void, look: 'primary' | 'secondary' | 'quiet' = 'secondary'): HTMLButtonElement {
  const button = element('button', { type: 'button', class: `text-button ${look}` }, label);
  button.addEventListener('click', onClick);
  return button;
}

/** Creates an icon button; the label is its accessible name and tooltip. */
export function iconButton(name: string, label: string, onClick: () => void): HTMLButtonElement {
  const button = element('button', { type: 'button', class: 'icon-button', title: label, 'aria-label': label }, icon(name));
  button.addEventListener('click', onClick);
  return button;
}

/** Creates a button that shows for a moment that text was copied. */
export function copyButton(label: string, copy: () => void): HTMLButtonElement {
  const button = iconButton('copy', label, () => {
    copy();
    button.firstElementChild?.classList.replace('codicon-copy', 'codicon-check');
    setTimeout(() => button.firstElementChild?.classList.replace('codicon-check', 'codicon-copy'), 1500);
  });
  return button;
}

/** Sets text only if it differs, to avoid layout and repeated announcements. */
export function setText(node: Node, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}
