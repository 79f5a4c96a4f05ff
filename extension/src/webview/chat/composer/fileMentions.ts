// File mentions with @: completion list of workspace files; selected files are attached.
import * as l10n from '@vscode/l10n';
import { type FileHit, textSources } from '../../../common/messages/chatComposer';
import type { Panel } from '../../shared/panel';
import type { Composer } from './composer';
import type { DraftAttachments } from './draftAttachments';
import { mentionAt, type Token, urlOf, writePlace } from './mention';

export class FileMentions {
  private token: Token | undefined;
  private files: FileHit[] = [];
  private asked: string | undefined;

  constructor(
    private readonly composer: Composer,
    private readonly attachments: DraftAttachments,
    private readonly panel: Panel,
  ) {}

  /** True while the cursor is in a mention. */
  follow(text: string, cursor: number): boolean {
    const before = this.token;
    this.token = mentionAt(text, cursor);
    if (this.token === undefined) {
      this.acceptTyped(before, text, cursor);
      this.asked = undefined;
      return false;
    }
    if (urlOf(this.token.query) !== undefined) {
      this.asked = undefined;
      this.showPage(this.token);
    } else if (this.token.query === this.asked) this.show(undefined);
    else this.panel.post({ type: 'findFiles', text: (this.asked = this.token.query) });
    return true;
  }

  receive(text: string, files: FileHit[], note: string | undefined): void {
    if (text !== this.asked || this.token === undefined) return;
    this.files = files;
    this.show(note);
  }

  private showPage(token: Token): void {
    const url = urlOf(token.query) ?? '';
    const pick = (): void => {
      this.token = undefined;
      this.composer.completions.close();
      this.composer.replace(token, `@${url}${token.query.slice(url.length)} `);
      this.attachments.files.addSource('url', url);
    };
    this.composer.completions.show({
      label: l10n.t('Files'),
      rows: [{ icon: textIcon(`@${url}`), label: url, detail: l10n.t('Web page as text'), pick }],
    });
  }

  private show(note: string | undefined): void {
    const { token } = this;
    if (token === undefined) return;
    // Enter after a complete mention sends the message.
    if (token.range === undefined && this.attachments.isAttached(token.query)) return this.composer.completions.close();
    const rows = this.files.map((file) => ({
      icon: iconOf(file),
      label: labelOf(file),
      detail: detailOf(file, token),
      pick: () => this.pick(token, file),
    }));
    this.composer.completions.show({ label: l10n.t('Files'), rows, ...(note === undefined ? {} : { note }) });
  }

  private pick(token: Token, file: FileHit): void {
    const range = file.range ?? token.range;
    this.token = undefined;
    this.composer.completions.close();
    if (file.kind === 'source' || file.kind === 'folder') {
      this.composer.replace(token, `@${file.path}${file.kind === 'folder' ? '/' : ''} `);
      this.attachText(file);
      return;
    }
    this.composer.replace(token, `@${writePlace(file.path, range)} `);
    this.attachments.files.add({ path: file.path, ...(range === undefined ? {} : { range }) });
  }

  private attachText({ kind, path }: FileHit): void {
    const source = textSources.find((one) => one === path);
    if (kind === 'folder') this.attachments.files.addSource('folder', path);
    else if (source !== undefined) this.attachments.files.addSource(source);
  }

  /** A complete mention followed by a space. */
  private acceptTyped(before: Token | undefined, text: string, cursor: number): void {
    if (before === undefined || cursor !== before.end + 1 || !/\s/u.test(text.charAt(before.end))) return;
    const url = urlOf(before.query);
    if (url !== undefined) return this.attachments.files.addSource('url', url);
    const file =
      before.query === 'selection'
        ? this.files.find(({ kind }) => kind === 'selection')
        : this.files.find(({ path, kind }) => path === before.query && kind !== 'selection' && kind !== 'symbol');
    if (file === undefined) return;
    if (file.kind === 'source' || file.kind === 'folder') return this.attachText(file);
    const range = file.range ?? before.range;
    this.attachments.files.add({ path: file.path, ...(range === undefined ? {} : { range }) });
  }
}

/** @param name Such as "@problems", "@src/", "@chat: Title" or "@https://example.com/". */
export function textIcon(name: string): string {
  const [keyword = ''] = name.split(':');
  const icons: Record<string, string> = {
    '@problems': 'warning',
    '@changes': 'git-compare',
    '@terminal': 'terminal',
    '@chat': 'comment-discussion',
    '@http': 'globe',
    '@https': 'globe',
  };
  return icons[keyword] ?? (name.endsWith('/') ? 'folder' : 'file');
}

function iconOf({ kind, path }: FileHit): string {
  if (kind === 'source') return textIcon(`@${path}`);
  return { selection: 'selection', folder: 'folder', symbol: 'symbol-method', open: 'file', file: 'file' }[kind];
}

function labelOf({ kind, path, name }: FileHit): string {
  if (kind === 'selection') return '@selection';
  if (kind === 'source') return `@${path}`;
  return name ?? `${nameOf(path)}${kind === 'folder' ? '/' : ''}`;
}

/** Descriptions of the sources. */
const descriptions: Record<string, string> = {
  problems: l10n.t('Errors and warnings of the workspace'),
  changes: l10n.t('Uncommitted changes in Git'),
  terminal: l10n.t('Last command of the terminal and its output'),
  chat: l10n.t('Last messages of another chat'),
};

export function nameOf(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}

function detailOf(file: FileHit, token: Token): string {
  if (file.kind === 'source') return descriptions[file.path] ?? '';
  const range = file.kind === 'folder' ? undefined : (file.range ?? token.range);
  const lines = range === undefined ? undefined : linesText(range);
  const folder = file.kind === 'selection' || file.kind === 'symbol' ? file.path : file.path.slice(0, -nameOf(file.path).length - 1);
  const state = file.isUnsaved === true ? l10n.t('unsaved changes') : file.kind === 'open' ? l10n.t('open') : undefined;
  return [folder, lines, state].filter((word) => word !== undefined && word !== '').join(' · ');
}

export function linesText({ start, end }: { start: number; end: number }): string {
  return start === end ? l10n.t('line {0}', start) : l10n.t('lines {0}-{1}', start, end);
}
