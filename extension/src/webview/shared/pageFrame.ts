// Frame of a webview: header, banners, scrollable body, and optional footer.
import * as l10n from '@vscode/l10n';
import { Banners } from './banners';
import { element, type Child } from './element';

export interface PageFrameParts {
  /** Beside the heading. */
  header?: Child[];
  /** In place of the line with the heading. */
  headerLines?: Child[];
  body?: Child[];
  footer?: Child;
}

export class PageFrame {
  readonly heading: HTMLHeadingElement;
  readonly banners = new Banners();
  readonly body: HTMLElement;
  /** Read out by screen readers. */
  readonly status = element('span', { class: 'visually-hidden', role: 'status', 'aria-live': 'polite' });

  constructor(root: HTMLElement, title: string, { header = [], headerLines, body = [], footer }: PageFrameParts) {
    this.heading = element('h1', headerLines === undefined ? {} : { class: 'visually-hidden' }, title);
    const lines = headerLines === undefined ? [element('div', { class: 'column header-line' }, this.heading, ...header)] : headerLines;
    this.body = element('div', { class: 'page-body' }, ...body);
    root.append(
      element('header', { class: 'page-header' }, ...(headerLines === undefined ? [] : [this.heading]), ...lines),
      this.banners.node,
      this.body,
      ...(footer === undefined ? [] : [element('footer', { class: 'page-footer' }, footer)]),
      this.status,
    );
  }
}

export function loadingElement(): HTMLElement {
  return element('p', { class: 'quiet' }, l10n.t('Loading…'));
}
