/** Attributes as written in markup; `undefined` and `false` leave one out, `true` writes it empty. */
export type Attributes = Record<string, string | number | boolean | undefined>;

export type Child = Node | string | undefined;

/** Builds one element. Never takes markup: a string is text. */
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

/** A codicon; drawn for the eye only, its meaning is said by the text or label beside it. */
export function icon(name: string): HTMLElement {
  return element('span', { class: `codicon codicon-${name}`, 'aria-hidden': 'true' });
}

/** A button with words. `quiet` looks like a link and suits a line of text. */
export function textButton(label: string, onClick: () => void, look: 'primary' | 'secondary' | 'quiet' = 'secondary'): HTMLButtonElement {
  const button = element('button', { type: 'button', class: `text-button ${look}` }, label);
  button.addEventListener('click', onClick);
  return button;
}

/** A button that is only an icon; the label is its name and its tooltip. */
export function iconButton(name: string, label: string, onClick: () => void): HTMLButtonElement {
  const button = element('button', { type: 'button', class: 'icon-button', title: label, 'aria-label': label }, icon(name));
  button.addEventListener('click', onClick);
  return button;
}

/** Shows for a moment that a copy was taken, without moving anything. */
export function copyButton(label: string, copy: () => void): HTMLButtonElement {
  const button = iconButton('copy', label, () => {
    copy();
    button.firstElementChild?.classList.replace('codicon-copy', 'codicon-check');
    setTimeout(() => button.firstElementChild?.classList.replace('codicon-check', 'codicon-copy'), 1500);
  });
  return button;
}

/** Writes text only when it differs, so that nothing is laid out again or announced twice. */
export function setText(node: Node, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}
