// What is sent with the draft: attached files, the active editor, and pinned files.
import type { Attachment } from '../../../protocol/protocol.generated';
import type { FilePlace } from '../../../common/messages/chatComposer';
import { element } from '../../shared/element';
import type { ChatContext } from '../state/chatContext';
import { AttachedFiles, type AttachedFile } from './attachedFiles';
import { AttachmentChips } from './attachmentChips';
import { EditorChip } from './editorChip';
import { PinnedFiles } from './pinnedFiles';

export class DraftAttachments {
  readonly files: AttachedFiles;
  readonly editor: EditorChip;
  readonly pinned: PinnedFiles;
  readonly node: HTMLElement;
  private readonly chips: AttachmentChips;

  constructor(
    private readonly context: ChatContext,
    changed: () => void,
  ) {
    const { panel } = context;
    this.files = new AttachedFiles(context, changed);
    this.editor = new EditorChip({ changed, keep: (choice) => panel.post({ type: 'keepEditorChoice', choice }) });
    this.pinned = new PinnedFiles((paths) => panel.post({ type: 'pin', paths }));
    this.chips = new AttachmentChips({
      remove: (id) => this.remove(id),
      allowOutside: (id) => this.files.allowOutside(id),
      sendAs: (id, how) => this.files.sendAs(id, how),
      pin: (id) => this.pin(id),
      open: ({ name, source }) => panel.post({ type: 'openText', name, text: source?.text ?? '' }),
    });
    this.node = element('div', { class: 'composer-attachments' }, this.editor.node, this.chips.node);
  }

  /** Attachments of the message, with the file of the editor if it is shown as sent. */
  get sent(): Attachment[] {
    return [...this.files.attachments, ...this.editor.sent.map(({ attachment }) => attachment)];
  }

  /** @param imageWarning The reason why the model cannot see images. */
  show(isReadOnly: boolean, imageWarning: string | undefined): void {
    this.pinned.allowChanges(!isReadOnly);
    this.editor.show(isReadOnly, (place) => this.isCovered(place));
    this.chips.show(this.files.all, { imageWarning, pinned: this.pinned.paths });
  }

  /** Removes and returns all attachments when the message is sent. */
  take(): readonly AttachedFile[] {
    // Before the files are taken, which may cover the place of the editor.
    const { sent } = this.editor;
    return [...this.files.take(), ...sent];
  }

  addDropped(files: readonly File[]): void {
    for (const file of files) void this.files.addDropped(file);
    this.context.actions.focusComposer();
  }

  /** True if the whole file is sent. */
  isAttached(path: string): boolean {
    const isWhole = ({ attachment }: AttachedFile) => attachment.path === path && attachment.range === undefined;
    return this.pinned.paths.includes(path) || this.files.all.some(isWhole);
  }

  /** A file that is sent anyway needs no suggestion. */
  private isCovered({ path, range }: FilePlace): boolean {
    const isSame = ({ attachment }: AttachedFile) => attachment.path === path && JSON.stringify(attachment.range) === JSON.stringify(range);
    return this.isAttached(path) || this.files.all.some(isSame);
  }

  private remove(id: string): void {
    this.files.remove(id);
    if (this.files.all.length === 0) this.context.actions.focusComposer();
  }

  private pin(id: string): void {
    const path = this.files.all.find((file) => file.id === id)?.attachment.path;
    if (path === undefined) return;
    this.files.remove(id);
    this.pinned.pin(path);
    this.context.actions.focusComposer();
  }
}
