// Lines above the messages or the composer that say what state the chat is in, and stay until it changes or they are dismissed.
import * as l10n from '@vscode/l10n';
import { element, icon, iconButton } from './element';
import { withCode } from './withCode';

export type BannerLook = 'info' | 'warning' | 'error';

/** Holds at most one banner for each place it is asked about; says the same thing only once. */
export class Banners {
  readonly node = element('div', { class: 'banners' });
  private readonly shown = new Map<string, { words: string; node: HTMLElement }>();

  /** @param words Undefined takes the banner away. */
  set(place: string, words: string | undefined, look: BannerLook = 'info', buttons: HTMLElement[] = [], onDismiss?: () => void): void {
    const before = this.shown.get(place);
    if (before?.words === words) return;
    before?.node.remove();
    this.shown.delete(place);
    if (words === undefined) return;
    const node = element(
      'div',
      { class: `banner ${look}` },
      icon(look),
      element('span', { class: 'banner-words' }, ...withCode(words)),
      ...(buttons.length === 0 ? [] : [element('span', { class: 'buttons' }, ...buttons)]),
      onDismiss === undefined ? undefined : iconButton('close', l10n.t('Dismiss'), onDismiss),
    );
    this.shown.set(place, { words, node });
    this.node.append(node);
  }
}
