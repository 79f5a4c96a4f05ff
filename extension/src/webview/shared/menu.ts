// A button with a menu.
import { element, icon } from './element';
import { visibleText } from '../../common/visibleText';

export interface MenuItem {
  label: string;
  /** A second line. */
  detail?: string;
  run: () => void;
}

export interface MenuButton {
  /** Label and tooltip of the button. */
  label: string;
  /** Text of the button; an icon if undefined. */
  text?: string;
  /** For a button with a text. */
  tooltip?: string;
  /** Default: three dots. */
  icon?: string;
  /** Key that preserves the focus when the surrounding part is rebuilt. */
  key: string;
  isTabStop?: boolean;
  /** Returns the items when the menu opens. */
  items: () => MenuItem[];
}

/** Only one menu is open. It is a child of the page, so that no container clips it. */
let open: (() => void) | undefined;

export function menuButton({ label, text, tooltip, icon: drawn = 'ellipsis', key, isTabStop, items }: MenuButton): HTMLButtonElement {
  const button = element(
    'button',
    {
      type: 'button',
      class: text === undefined ? 'icon-button' : 'text-button secondary',
      'aria-label': label,
      title: text === undefined ? label : tooltip,
      'aria-haspopup': 'menu',
      'aria-expanded': 'false',
      'data-key': key,
      tabindex: isTabStop === false ? '-1' : undefined,
    },
    ...(text === undefined ? [icon(drawn)] : [element('span', { class: 'menu-text' }, text), icon('chevron-down')]),
  );
  button.addEventListener('click', () => show(button, label, items()));
  button.addEventListener('keydown', (event) => {
    if (event.key !== 'ArrowDown') return;
    event.preventDefault();
    event.stopPropagation();
    show(button, label, items());
  });
  return button;
}

/** Opens a menu at the pointer; the focus returns to `owner`. */
export function openMenuAt(point: { x: number; y: number }, owner: HTMLElement, label: string, items: MenuItem[]): void {
  show(owner, label, items, point);
}

function show(button: HTMLElement, label: string, items: MenuItem[], point?: { x: number; y: number }): void {
  open?.();
  const rows = items.map(({ label: words, detail, run }) => {
    const row = element('button', { type: 'button', class: 'menu-item', role: 'menuitem', tabindex: '-1' }, visibleText(words));
    if (detail !== undefined) row.append(element('span', { class: 'menu-detail' }, visibleText(detail)));
    row.addEventListener('click', () => {
      close(true);
      run();
    });
    return row;
  });
  const menu = element('div', { class: 'menu', role: 'menu', 'aria-label': label }, ...rows);
  const key = button.dataset['key'];
  const close = (refocus: boolean): void => {
    if (!menu.isConnected) return;
    open = undefined;
    menu.remove();
    document.removeEventListener('mousedown', outside, true);
    window.removeEventListener('resize', leave);
    // The part around the button may have been built anew meanwhile.
    const now = button.isConnected
      ? button
      : [...document.querySelectorAll('[data-key]')].find((one) => one.getAttribute('data-key') === key);
    if (point === undefined) now?.setAttribute('aria-expanded', 'false');
    if (refocus && now instanceof HTMLElement) now.focus({ preventScroll: true });
  };
  const leave = (): void => close(false);
  const outside = (event: MouseEvent): void => {
    if (!(event.target instanceof Node && menu.contains(event.target))) close(false);
  };
  menu.addEventListener('keydown', (event) => {
    const at = rows.findIndex((row) => row === document.activeElement);
    const moves: Record<string, number> = {
      ArrowDown: (at + 1) % rows.length,
      ArrowUp: (at - 1 + rows.length) % rows.length,
      Home: 0,
      End: rows.length - 1,
    };
    const to = moves[event.key];
    if (to !== undefined) rows[to]?.focus();
    else if (event.key === 'Escape') close(true);
    else if (event.key === 'Tab') return close(true);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  (document.querySelector('main') ?? document.body).append(menu);
  place(menu, point === undefined ? button.getBoundingClientRect() : { right: -1, left: point.x, top: point.y, bottom: point.y });
  document.addEventListener('mousedown', outside, true);
  window.addEventListener('resize', leave);
  if (point === undefined) button.setAttribute('aria-expanded', 'true');
  open = leave;
  rows[0]?.focus({ preventScroll: true });
}

function place(menu: HTMLElement, at: { left: number; right: number; top: number; bottom: number }): void {
  const size = menu.getBoundingClientRect();
  const wanted = at.right < 0 ? at.left : at.right - size.width;
  const left = Math.max(4, Math.min(wanted, document.documentElement.clientWidth - size.width - 4));
  const below = at.bottom + 2;
  const fits = below + size.height <= document.documentElement.clientHeight - 4;
  menu.style.left = `${left}px`;
  menu.style.top = `${fits ? below : Math.max(4, at.top - size.height - 2)}px`;
}
