// The active file or its selection, offered beside the attachments. A click turns it on and off.
import * as l10n from '@vscode/l10n';
import type { EditorPlace, FilePlace } from '../../../common/messages/chatComposer';
import type { EditorChoice } from '../../../common/messages/savedState';
import { formatTokens } from '../../../common/format';
import { visibleText } from '../../../common/visibleText';
import { element, icon } from '../../shared/element';
import type { AttachedFile } from './attachedFiles';
import { linesText, nameOf } from './fileMentions';

export interface EditorChipActions {
  /** What is sent changed. */
  changed(): void;
  /** For new chats. */
  keep(choice: EditorChoice): void;
}

export class EditorChip {
  readonly node = element('div', { class: 'editor-context', role: 'group', 'aria-label': l10n.t('From the editor'), hidden: true });
  private readonly button = element('button', { type: 'button', class: 'editor-chip' });
  private place: EditorPlace | undefined;
  /** For chats in which the user chose nothing. */
  private ofNewChats: EditorChoice | undefined;
  private ofChat: EditorChoice | undefined;
  private shown = '';

  constructor(private readonly actions: EditorChipActions) {
    this.button.addEventListener('click', () => this.toggle());
    this.node.append(this.button);
  }

  /** What the user chose in this chat. */
  get choice(): EditorChoice | undefined {
    return this.ofChat;
  }

  /** As an attachment, if it is shown and on. */
  get sent(): AttachedFile[] {
    if (this.place === undefined || this.node.hidden || !this.isOn(this.place)) return [];
    const { path, range } = this.place;
    const attachment = { path, ...(range === undefined ? {} : { range }) };
    return [{ id: `editor ${JSON.stringify(attachment)}`, attachment, name: nameOf(path), isBusy: false }];
  }

  restore(choice: EditorChoice | undefined): void {
    this.ofChat = choice;
  }

  receive(place: EditorPlace | undefined, choice: EditorChoice): void {
    this.place = place;
    this.ofNewChats = choice;
    this.actions.changed();
  }

  /** @param isCovered True if the place is sent anyway. */
  show(isReadOnly: boolean, isCovered: (place: FilePlace) => boolean): void {
    const { place } = this;
    this.node.hidden = place === undefined || isReadOnly || isCovered(place);
    if (place === undefined || this.node.hidden) return;
    const isOn = this.isOn(place);
    const key = JSON.stringify([place, isOn]);
    if (key === this.shown) return;
    this.shown = key;
    const { path, range, tokens } = place;
    const lines = range === undefined ? undefined : linesText(range);
    const size = tokens === undefined || !isOn ? undefined : l10n.t('{0} tokens', formatTokens(tokens));
    this.button.setAttribute('aria-pressed', String(isOn));
    this.button.title = visibleText(
      isOn
        ? l10n.t('{0} is sent with the message. Select to leave it out.', path)
        : l10n.t('{0} is not sent. Select to send it with the message.', path),
    );
    this.button.replaceChildren(
      icon(range === undefined ? 'file' : 'selection'),
      element('span', { class: 'chip-name' }, visibleText(nameOf(path))),
      element('span', { class: 'chip-detail' }, [lines, size].filter((word) => word !== undefined).join(' · ')),
      icon(isOn ? 'eye' : 'eye-closed'),
    );
  }

  private isOn({ range }: FilePlace): boolean {
    const choice = this.ofChat ?? this.ofNewChats;
    return choice?.[range === undefined ? 'file' : 'selection'] === true;
  }

  private toggle(): void {
    const { place } = this;
    const before = this.ofChat ?? this.ofNewChats;
    if (place === undefined || before === undefined) return;
    this.ofChat = { ...before, [place.range === undefined ? 'file' : 'selection']: !this.isOn(place) };
    this.actions.keep(this.ofChat);
    this.actions.changed();
  }
}
