// An attachment of a message: its name and sent lines, or a small image.
import * as l10n from '@vscode/l10n';
import type { MessagePart } from '../../../protocol/protocol.generated';
import { element, icon } from '../../shared/element';
import { formatBytes } from '../../../common/format';
import { visibleText } from '../../../common/visibleText';
import type { Blobs } from './blobs';

export type FileInMessage = Extract<MessagePart, { kind: 'file' }>;

export interface FileActions {
  blobs: Blobs;
  openFile(file: FileInMessage): void;
}

export class MessageFile {
  readonly node: HTMLElement;
  private readonly button: HTMLButtonElement;
  private shown = '';
  private file: FileInMessage | undefined;

  constructor(private readonly actions: FileActions) {
    this.button = element('button', { type: 'button', class: 'file-chip' });
    this.button.addEventListener('click', () => this.file !== undefined && actions.openFile(this.file));
    this.node = element('div', { class: 'message-file' }, this.button);
  }

  update(file: FileInMessage): void {
    const key = JSON.stringify({ ...file, content: undefined });
    this.file = file;
    if (key === this.shown) return;
    this.shown = key;
    const name = visibleText(file.skill ?? nameOf(file.path));
    const about = file.skill === undefined ? aboutText(file) : l10n.t('Skill');
    this.button.title = visibleText(file.path);
    this.button.replaceChildren(
      icon(isImage(file) ? 'file-media' : file.skill === undefined ? 'file' : 'lightbulb'),
      element('span', { class: 'file-name' }, name),
      element('span', { class: 'file-about' }, visibleText(about)),
      ...(file.hasChanged === true ? [element('span', { class: 'file-changed' }, l10n.t('changed since'))] : []),
    );
    if (isImage(file) && file.blob !== undefined) this.draw(file.blob);
  }

  private draw(blob: string): void {
    this.actions.blobs.read(blob, (address) => {
      if (address === undefined || this.file?.blob !== blob) return;
      this.button.classList.add('has-image');
      this.button.prepend(element('img', { class: 'thumbnail', src: address, alt: '' }));
    });
  }
}

/** Returns "lines 12–40 · TypeScript · 3.2 KB · summary". */
export function aboutText({ range, language, size, isSummary, isUnsaved, mediaType }: FileInMessage): string {
  return [
    range === undefined
      ? undefined
      : range.start === range.end
        ? l10n.t('line {0}', range.start)
        : l10n.t('lines {0}–{1}', range.start, range.end),
    language ?? (mediaType?.startsWith('image/') === true ? mediaType.slice('image/'.length).toUpperCase() : undefined),
    size === undefined ? undefined : formatBytes(size),
    isSummary === true ? l10n.t('summary') : undefined,
    isUnsaved === true ? l10n.t('unsaved changes') : undefined,
  ]
    .filter((words) => words !== undefined)
    .join(' · ');
}

export function isImage({ mediaType, blob }: FileInMessage): boolean {
  return blob !== undefined && mediaType?.startsWith('image/') === true;
}

function nameOf(path: string): string {
  return path.split(/[\\/]/).findLast((part) => part !== '') ?? path;
}
