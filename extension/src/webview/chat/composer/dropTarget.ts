// Files dropped on the chat: from VS Code, which names them, or from elsewhere, which hands over their content.
import * as l10n from '@vscode/l10n';
import { element, icon } from '../../shared/element';

export interface DropActions {
  /** Addresses of files. */
  dropped(uris: string[]): void;
  /** Without a path. */
  droppedFiles(files: File[]): void;
}

const namedTypes = ['application/vnd.code.uri-list', 'text/uri-list'];

/** Lets the whole webview accept dropped files and highlights the target. VS Code passes drags to a webview only while Shift is held. */
export function acceptDrops(root: HTMLElement, actions: DropActions): void {
  const veil = element('div', { class: 'drop-veil', hidden: true }, icon('attach'), l10n.t('Drop to add to the message'));
  root.append(veil);
  const isTaken = ({ dataTransfer }: DragEvent): boolean =>
    [...(dataTransfer?.types ?? [])].some((type) => type === 'Files' || namedTypes.includes(type));
  const over = (event: DragEvent): void => {
    if (!isTaken(event)) return;
    event.preventDefault();
    if (event.dataTransfer !== null) event.dataTransfer.dropEffect = 'copy';
    veil.hidden = false;
  };
  root.addEventListener('dragenter', over);
  root.addEventListener('dragover', over);
  root.addEventListener('dragleave', (event) => {
    if (!(event.relatedTarget instanceof Node && root.contains(event.relatedTarget))) veil.hidden = true;
  });
  root.addEventListener('drop', (event) => {
    veil.hidden = true;
    if (!isTaken(event)) return;
    event.preventDefault();
    const uris = namedIn(event.dataTransfer);
    if (uris.length > 0) actions.dropped(uris);
    else actions.droppedFiles([...(event.dataTransfer?.files ?? [])]);
  });
}

/** One address a line; lines with # are comments. */
export function readUriList(text: string): string[] {
  return [...new Set(text.split(/\r?\n/u).map((line) => line.trim()))].filter((line) => line !== '' && !line.startsWith('#'));
}

function namedIn(data: DataTransfer | null): string[] {
  for (const type of namedTypes) {
    const uris = readUriList(data?.getData(type) ?? '').filter((uri) => !/^https?:/iu.test(uri));
    if (uris.length > 0) return uris;
  }
  return [];
}
