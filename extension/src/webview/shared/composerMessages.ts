// What the composer and the panel say to each other: files, images, the queue, prompts and the context meter.
import type { Attachment, AttachmentView, LineRange, MessageContextResult, PromptArgumentView } from '../../protocol/protocol.generated';

/** Panel to page. */
export type ComposerToPage =
  /** For what was typed after the @. Sent again when more of a large folder was read. */
  | { type: 'files'; text: string; files: FileHit[]; note?: string }
  /** A file as it would be sent, or why it could not be looked at. */
  | { type: 'inspected'; chipId: string; view?: AttachmentView; error?: string }
  /** Base64 of an image of the workspace, to be scaled here. */
  | { type: 'image'; chipId: string; mediaType: string; data: string }
  /** To be put beside the draft: from a command, a drop or a dialog. */
  | { type: 'attach'; files: FilePlace[] }
  /** The pinned files at their current content. */
  | { type: 'contextFiles'; files: AttachmentView[] }
  /** How full the window is; nothing where it is not known. `costLimit` in USD. */
  | { type: 'context'; context?: MessageContextResult; costLimit?: number }
  | { type: 'prompts'; prompts: PromptView[] }
  /** To be put into the composer, where the arguments that stand in it as {{name}} are filled in. */
  | { type: 'promptText'; text: string; args: PromptArgumentView[] };

/** Page to panel. */
export type ComposerFromPage =
  | { type: 'findFiles'; text: string }
  | { type: 'inspect'; chipId: string; attachment: Attachment }
  | { type: 'readImage'; chipId: string; path: string; allowOutside?: boolean }
  | { type: 'storeImage'; chipId: string; name: string; mediaType: string; data: string }
  | { type: 'dropped'; uris: string[] }
  | { type: 'pickFiles' }
  | { type: 'attachSelection' }
  | { type: 'steer'; queuedId?: string; text?: string; attachments?: Attachment[] }
  | { type: 'unqueue'; queuedId: string }
  /** Replaces the list of pinned files. */
  | { type: 'pin'; paths: string[] }
  | { type: 'pickPin' }
  | { type: 'measureContext'; draft: string; attachments: Attachment[] }
  | { type: 'listPrompts' }
  | { type: 'readPrompt'; uri: string };

/** `path` is relative to the open folder where it lies inside, else absolute. */
export interface FilePlace {
  path: string;
  range?: LineRange;
}

export interface FileHit extends FilePlace {
  kind: 'selection' | 'open' | 'file';
  /** It has changes that are not on the disk, which is what is sent. */
  isUnsaved?: boolean;
}

export interface PromptView {
  uri: string;
  title: string;
  description?: string;
}
