// Attachments of the draft as chips. Questions about a file are shown in its chip.
import * as l10n from '@vscode/l10n';
import type { AttachmentMode, AttachmentView, LineRange } from '../../../protocol/protocol.generated';
import { element, icon, iconButton, textButton } from '../../shared/element';
import { formatBytes, formatInteger, formatTokens } from '../../../common/format';
import { visibleText } from '../../../common/visibleText';
import { type AttachedFile, isImage, openQuestions } from './attachedFiles';
import { linesText, textIcon } from './fileMentions';
import { readRange } from './mention';

export interface ChipActions {
  remove(id: string): void;
  allowOutside(id: string): void;
  sendAs(id: string, how: AttachmentMode | LineRange): void;
  pin(id: string): void;
  /** Shows a text that is not a file. */
  open(file: AttachedFile): void;
}

export interface ChipContext {
  /** The reason why the model cannot see images; undefined if it can, or if unknown. */
  imageWarning: string | undefined;
  pinned: readonly string[];
}

export class AttachmentChips {
  readonly node = element('div', { class: 'chips', role: 'group', 'aria-label': l10n.t('Attachments of the next message'), hidden: true });
  private shown = '';
  private last: { files: readonly AttachedFile[]; context: ChipContext } | undefined;
  /** The chip whose lines are being asked for. */
  private lineQuestionId: string | undefined;

  constructor(private readonly actions: ChipActions) {}

  show(files: readonly AttachedFile[], context: ChipContext): void {
    this.last = { files, context };
    const key = JSON.stringify([files, context, this.lineQuestionId]);
    if (key === this.shown) return;
    this.shown = key;
    this.node.hidden = files.length === 0;
    const focused = this.node.contains(document.activeElement) ? document.activeElement?.getAttribute('data-key') : undefined;
    this.node.replaceChildren(...files.map((file) => this.chip(file, context)));
    if (focused !== null && focused !== undefined) this.focus(focused);
  }

  private focus(key: string): void {
    const buttons = [...this.node.querySelectorAll<HTMLElement>('[data-key]')];
    (buttons.find((one) => one.dataset['key'] === key) ?? buttons[0])?.focus();
  }

  private chip(file: AttachedFile, context: ChipContext): HTMLElement {
    const questions = openQuestions(file);
    const note = file.problem === undefined && questions.length === 0 ? file.view?.note : undefined;
    const isWide = file.problem !== undefined || questions.length > 0 || note !== undefined;
    const warning = isImage(file) && file.problem === undefined ? context.imageWarning : undefined;
    const head = element(
      'span',
      { class: 'chip-head' },
      file.thumbnail === undefined ? chipIcon(file) : element('img', { class: 'chip-picture', src: file.thumbnail, alt: '' }),
      element('span', { class: 'chip-name' }, visibleText(file.name)),
      element('span', { class: 'chip-detail' }, detailOf(file)),
      warning === undefined ? undefined : element('span', { class: 'chip-warning' }, icon('warning'), visibleText(warning)),
    );
    const buttons = [
      ...(file.source?.text === undefined ? [] : [this.open(file)]),
      ...(this.canPin(file, context) ? [this.pin(file)] : []),
      this.remove(file),
    ];
    return element(
      'div',
      { class: `context-chip${isWide ? ' wide' : ''}`, title: titleOf(file), 'data-chip': file.id },
      head,
      ...(file.problem === undefined ? questions.slice(0, 1).map((question) => this.question(file, question)) : [problem(file.problem)]),
      note === undefined ? undefined : element('span', { class: 'chip-problem' }, visibleText(note)),
      element('span', { class: 'chip-buttons' }, ...buttons),
    );
  }

  private question(file: AttachedFile, question: AttachedFileQuestion): HTMLElement {
    const button = (label: string, run: () => void): HTMLElement => keyed(textButton(label, run), `${file.id} ${label}`);
    if (question === 'outsideWorkspace') {
      return element(
        'span',
        { class: 'chip-question' },
        l10n.t('Outside the workspace folder.'),
        button(l10n.t('Send Anyway'), () => this.actions.allowOutside(file.id)),
      );
    }
    if (this.lineQuestionId === file.id) return this.lines(file);
    return element(
      'span',
      { class: 'chip-question' },
      l10n.t('Large file: {0}.', sizeText(file.view)),
      button(l10n.t('Full text'), () => this.actions.sendAs(file.id, 'whole')),
      button(l10n.t('Lines…'), () => this.askLines(file)),
      button(l10n.t('Summary'), () => this.actions.sendAs(file.id, 'summary')),
    );
  }

  private lines(file: AttachedFile): HTMLElement {
    const input = element('input', {
      type: 'text',
      class: 'lines-input',
      'aria-label': l10n.t('Lines of {0}, such as 12-40', file.name),
      placeholder: '12-40',
      'data-key': `${file.id} lines`,
    });
    const take = (): void => {
      const range = readRange(input.value);
      input.setAttribute('aria-invalid', String(range === undefined));
      if (range === undefined) return;
      this.lineQuestionId = undefined;
      this.actions.sendAs(file.id, range);
    };
    input.addEventListener('keydown', (event) => {
      if (event.isComposing || (event.key !== 'Enter' && event.key !== 'Escape')) return;
      event.preventDefault();
      event.stopPropagation();
      if (event.key === 'Enter') return take();
      this.lineQuestionId = undefined;
      this.redraw();
    });
    return element('span', { class: 'chip-question' }, l10n.t('Lines'), input, keyed(textButton(l10n.t('Apply'), take), `${file.id} take`));
  }

  private askLines(file: AttachedFile): void {
    this.lineQuestionId = file.id;
    this.redraw();
    this.focus(`${file.id} lines`);
  }

  private redraw(): void {
    if (this.last !== undefined) this.show(this.last.files, this.last.context);
  }

  /** Whole files of the open folder. */
  private canPin({ attachment, view, problem: reason }: AttachedFile, { pinned }: ChipContext): boolean {
    const { path, range } = attachment;
    const isOutside = view?.questions.includes('outsideWorkspace') === true;
    return path !== undefined && range === undefined && reason === undefined && !isOutside && !pinned.includes(path);
  }

  private open(file: AttachedFile): HTMLElement {
    const label = l10n.t('Open {0}', file.name);
    return keyed(
      iconButton('go-to-file', label, () => this.actions.open(file)),
      `${file.id} open`,
    );
  }

  private pin(file: AttachedFile): HTMLElement {
    const label = l10n.t('Pin {0}: send with every message', file.name);
    return keyed(
      iconButton('pin', label, () => this.actions.pin(file.id)),
      `${file.id} pin`,
    );
  }

  private remove(file: AttachedFile): HTMLElement {
    const label = l10n.t('Remove {0}', file.name);
    const run = (): void => this.actions.remove(file.id);
    return keyed(file.problem === undefined ? iconButton('close', label, run) : textButton(l10n.t('Remove'), run), `${file.id} remove`);
  }
}

type AttachedFileQuestion = ReturnType<typeof openQuestions>[number];

function chipIcon({ isBusy, problem: reason, attachment, name, source }: AttachedFile): HTMLElement {
  if (reason !== undefined) return icon('error');
  if (isBusy) return icon('loading codicon-modifier-spin');
  if (source !== undefined) return icon(textIcon(name));
  return icon(attachment.range === undefined ? 'file' : 'selection');
}

function problem(words: string): HTMLElement {
  return element('span', { class: 'chip-problem' }, visibleText(words));
}

/** Questions include the size. */
function detailOf(file: AttachedFile): string {
  const { attachment, view, problem: reason, scaling, source } = file;
  if (reason !== undefined || openQuestions(file).length > 0) return '';
  if (source !== undefined) return source.text === undefined ? '' : l10n.t('{0} characters', formatInteger(source.text.length));
  const { range, mode } = attachment;
  const tokens = view?.tokens === undefined ? undefined : l10n.t('{0} tokens', formatTokens(view.tokens));
  return [range === undefined ? undefined : linesText(range), mode === 'summary' ? l10n.t('summary') : undefined, scaling, tokens]
    .filter((word) => word !== undefined)
    .join(' · ');
}

function titleOf({ attachment, view }: AttachedFile): string {
  const path = attachment.path ?? attachment.name ?? '';
  return visibleText([path, view?.size === undefined ? undefined : sizeText(view)].filter((word) => word !== undefined).join(', '));
}

/** "3.2 MB, 81k tokens" */
function sizeText(view: AttachmentView | undefined): string {
  const { size, tokens } = view ?? {};
  return [
    size === undefined ? undefined : formatBytes(size),
    tokens === undefined ? undefined : l10n.t('about {0} tokens', formatTokens(tokens)),
  ]
    .filter((word) => word !== undefined)
    .join(', ');
}

function keyed(node: HTMLButtonElement, key: string): HTMLButtonElement {
  node.dataset['key'] = key;
  return node;
}
