// Attachments of the next message: files, lines of files, and images. The sidecar checks each before it is sent.
import * as l10n from '@vscode/l10n';
import type { Attachment, AttachmentMode, AttachmentQuestion, AttachmentView, LineRange } from '../../../protocol/protocol.generated';
import type { ComposerToPage, FilePlace, TextSource } from '../../../common/messages/chatComposer';
import type { AttachedText } from '../../../common/messages/savedState';
import type { ChatContext } from '../state/chatContext';
import { nameOf } from './fileMentions';
import { blobOf, scaleImage, type ScaledImage } from './imageScaler';

export interface AttachedFile {
  readonly id: string;
  readonly attachment: Attachment;
  readonly name: string;
  /** Being looked at, scaled or stored. */
  readonly isBusy: boolean;
  readonly view?: AttachmentView;
  /** The reason why it cannot be sent. */
  readonly problem?: string;
  /** Text that is not a file, or is being read; it is sent in the message. */
  readonly source?: { readonly text?: string };
  /** A data address; an image. */
  readonly thumbnail?: string;
  /** "2400 × 1200, scaled to 1568 × 784" */
  readonly scaling?: string;
}

export class AttachedFiles {
  private files: readonly AttachedFile[] = [];
  private lastId = 0;

  constructor(
    private readonly context: Pick<ChatContext, 'panel' | 'blobs'>,
    private readonly changed: () => void,
  ) {}

  get all(): readonly AttachedFile[] {
    return this.files;
  }

  /** For the message. */
  get attachments(): Attachment[] {
    return this.files.filter(({ problem, source }) => problem === undefined && source === undefined).map(({ attachment }) => attachment);
  }

  /** Texts for the message. */
  get texts(): AttachedText[] {
    return textsOf(this.files);
  }

  get hasImage(): boolean {
    return this.files.some(isImage);
  }

  /** The reason why the message cannot be sent until a question about a file is answered. */
  get blocked(): string | undefined {
    for (const file of this.files) {
      if (file.problem !== undefined) return l10n.t('Remove {0}, which can’t be sent', file.name);
      if (openQuestions(file).length > 0) return l10n.t('Answer the question about {0} first', file.name);
      if (file.isBusy) return l10n.t('Reading {0}', file.name);
    }
    return undefined;
  }

  /** Duplicates are ignored. */
  add({ path, range }: FilePlace): void {
    const isKnown = this.files.some(
      ({ attachment }) => attachment.path === path && JSON.stringify(attachment.range) === JSON.stringify(range),
    );
    if (!isKnown) this.inspect(this.begin({ path, ...(range === undefined ? {} : { range }) }, nameOf(path)));
  }

  /** Reads text that is not a file. The same source is read again. @param of The path of a folder, or the address of a page. */
  addSource(source: TextSource, of?: string): void {
    const name = sourceName(source, of ?? '');
    this.set(this.files.filter((file) => file.source === undefined || file.name !== name));
    const { id } = this.begin({ name }, name, {});
    this.context.panel.post({ type: 'readSource', chipId: id, source, ...(of === undefined ? {} : { of }) });
  }

  /** Texts restored after a reload. */
  restoreTexts(texts: readonly AttachedText[]): void {
    for (const { name, text } of texts) this.change(this.begin({ name }, name, { text }).id, { isBusy: false });
  }

  /** From the clipboard or from outside of VS Code, so without a path. */
  async addDropped(dropped: File): Promise<void> {
    const name = dropped.name === '' ? 'image' : dropped.name;
    const file = this.begin({ name, mediaType: dropped.type }, name);
    if (dropped.type.startsWith('image/') && dropped.type !== 'image/svg+xml') return this.scale(file, dropped);
    const problem = l10n.t('Only images can be dropped from outside VS Code. Use Add File… in the menu next to the draft.');
    this.change(file.id, { isBusy: false, problem });
  }

  /** Attachments restored after a reload. */
  restore(attachments: readonly Attachment[]): void {
    for (const attachment of attachments) {
      const name = attachment.name ?? nameOf(attachment.path ?? 'image');
      const file = this.begin(attachment, nameOf(name));
      if (attachment.blob === undefined) this.inspect(file);
      else this.showStored(file, attachment.blob);
    }
  }

  remove(id: string): void {
    this.set(this.files.filter((file) => file.id !== id));
  }

  allowOutside(id: string): void {
    this.change(id, ({ attachment }) => ({ attachment: { ...attachment, allowOutside: true } }));
    const file = this.find(id);
    if (file !== undefined) this.readIfImage(file);
  }

  sendAs(id: string, how: AttachmentMode | LineRange): void {
    this.change(id, ({ attachment }) => ({
      attachment: { ...attachment, ...(typeof how === 'string' ? { mode: how } : { range: how }) },
      isBusy: true,
    }));
    const file = this.find(id);
    if (file !== undefined) this.inspect(file);
  }

  /** Removes and returns all attachments when the message is sent. */
  take(): readonly AttachedFile[] {
    const { files } = this;
    this.set([]);
    return files;
  }

  /** Restores attachments of a rejected message. */
  giveBack(files: readonly AttachedFile[]): void {
    this.set([...files.filter(({ id }) => this.find(id) === undefined), ...this.files]);
  }

  receive(message: Extract<ComposerToPage, { type: 'inspected' | 'image' | 'attach' | 'sourceText' }>): void {
    if (message.type === 'attach') {
      for (const place of message.files) this.add(place);
      return;
    }
    const file = this.find(message.chipId);
    if (file === undefined) return;
    if (message.type === 'sourceText') this.sourceRead(file, message);
    else if (message.type === 'inspected') this.inspected(file, message.view, message.error);
    else void this.scale(file, blobOf(message.data, message.mediaType));
  }

  private sourceRead({ id }: AttachedFile, { name, text, error }: { name?: string; text?: string; error?: string }): void {
    if (error !== undefined) return this.change(id, { isBusy: false, problem: error });
    if (text === undefined) return this.remove(id);
    this.change(id, { isBusy: false, source: { text }, ...(name === undefined ? {} : { name, attachment: { name } }) });
  }

  private inspected(file: AttachedFile, view: AttachmentView | undefined, error: string | undefined): void {
    const problem = error ?? view?.problem;
    const isStored = file.attachment.path === undefined;
    const stored = isStored && view?.blob !== undefined ? { blob: view.blob, mediaType: view.mediaType ?? file.attachment.mediaType } : {};
    const attachment = withoutNothing({ ...file.attachment, ...stored });
    this.change(file.id, {
      isBusy: false,
      attachment,
      ...(view === undefined ? {} : { view }),
      ...(problem === undefined ? {} : { problem }),
    });
    const now = this.find(file.id);
    if (now !== undefined && !isStored) this.readIfImage(now);
  }

  private readIfImage(file: AttachedFile): void {
    const { path, allowOutside } = file.attachment;
    const isReady = file.view?.kind === 'image' && file.problem === undefined && openQuestions(file).length === 0;
    if (path === undefined || !isReady) return;
    this.change(file.id, { isBusy: true });
    this.context.panel.post({ type: 'readImage', chipId: file.id, path, ...(allowOutside === true ? { allowOutside } : {}) });
  }

  private showStored({ id }: AttachedFile, blob: string): void {
    this.context.blobs.read(blob, (address) =>
      this.change(id, {
        isBusy: false,
        ...(address === undefined ? { problem: l10n.t('The image no longer exists.') } : { thumbnail: address }),
      }),
    );
  }

  private async scale(file: AttachedFile, image: Blob): Promise<void> {
    try {
      const scaled = await scaleImage(image, file.name);
      const name = file.attachment.path ?? file.name;
      this.change(file.id, {
        attachment: { name, mediaType: scaled.mediaType },
        thumbnail: scaled.thumbnail,
        scaling: scalingText(scaled),
      });
      if (this.find(file.id) === undefined) return;
      this.context.panel.post({ type: 'storeImage', chipId: file.id, name: nameOf(name), mediaType: scaled.mediaType, data: scaled.data });
    } catch (error) {
      this.change(file.id, { isBusy: false, problem: error instanceof Error ? error.message : l10n.t('The image could not be read.') });
    }
  }

  private begin(attachment: Attachment, name: string, source?: AttachedFile['source']): AttachedFile {
    const file: AttachedFile = { id: `file-${++this.lastId}`, attachment, name, isBusy: true, ...(source === undefined ? {} : { source }) };
    this.set([...this.files, file]);
    return file;
  }

  private inspect({ id, attachment }: AttachedFile): void {
    this.context.panel.post({ type: 'inspect', chipId: id, attachment });
  }

  private find(id: string): AttachedFile | undefined {
    return this.files.find((file) => file.id === id);
  }

  private change(id: string, change: Partial<AttachedFile> | ((file: AttachedFile) => Partial<AttachedFile>)): void {
    this.set(this.files.map((file) => (file.id === id ? { ...file, ...(typeof change === 'function' ? change(file) : change) } : file)));
  }

  private set(files: readonly AttachedFile[]): void {
    this.files = files;
    this.changed();
  }
}

function sourceName(source: TextSource, of: string): string {
  if (source === 'url') return `@${of}`;
  return source === 'folder' ? `@${of}/` : `@${source}`;
}

function textsOf(files: readonly AttachedFile[]): AttachedText[] {
  return files.flatMap(({ name, source, problem }) =>
    source?.text === undefined || problem !== undefined ? [] : [{ name, text: source.text }],
  );
}

/** Attachments with an open question. */
export function openQuestions({ attachment, view }: AttachedFile): AttachmentQuestion[] {
  return (view?.questions ?? []).filter((question) =>
    question === 'outsideWorkspace' ? attachment.allowOutside !== true : attachment.mode === undefined,
  );
}

export function isImage(file: AttachedFile): boolean {
  return file.thumbnail !== undefined || file.view?.kind === 'image';
}

function scalingText({ size, from }: ScaledImage): string {
  const words = (one: { width: number; height: number }): string => `${one.width} × ${one.height}`;
  return from === undefined ? words(size) : l10n.t('{0}, scaled to {1}', words(from), words(size));
}

function withoutNothing({ mediaType, ...rest }: Omit<Attachment, 'mediaType'> & { mediaType?: string | undefined }): Attachment {
  return { ...rest, ...(mediaType === undefined ? {} : { mediaType }) };
}
