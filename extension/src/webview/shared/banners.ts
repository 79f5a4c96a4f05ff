// Banners that show a state until it changes or is dismissed.
import * as l10n from '@vscode/l10n';
import { element, icon, iconButton } from './element';
import { withCode } from './withCode';

export type BannerKind = 'info' | 'warning' | 'error';

/** Holds at most one banner per place, and announces each text once. */
export class Banners {
  readonly node = element('div', { class: 'banners' });
  private readonly shown = new Map<string, { words: string; node: HTMLElement }>();

  /** @param words Undefined removes the banner. */
  set(place: string, words: string | undefined, look: BannerKind = 'info', buttons: HTMLElement[] = [], onDismiss?: () => void): void {
    const before = this.shown.get(place);
    if (before?.words === words) return;
    before?.node.remove();
    this.shown.delete(place);
    if (words === undefined) return;
    const node = element(
      'div',
      { class: `banner ${look}` },
      icon(look),
      element('span', { class: 'banner-text' }, ...withCode(words)),
      ...(buttons.length === 0 ? [] : [element('span', { class: 'buttons' }, ...buttons)]),
      onDismiss === undefined ? undefined : iconButton('close', l10n.t('Dismiss'), onDismiss),
    );
    this.shown.set(place, { words, node });
    this.node.append(node);
  }
}
