// Lines of a plan that can be commented, their comments, and the box in which one is written.
import * as l10n from '@vscode/l10n';
import type { PlanCommentView } from '../../protocol/protocol.generated';
import { element, icon, iconButton, textButton, type Child } from '../shared/element';
import { visibleText } from '../../common/visibleText';

/** What a comment is about: a line, a step, or the whole plan. */
export interface Place {
  step: string | undefined;
  line: string | undefined;
}

export interface CommentActions {
  canComment(): boolean;
  /** Opens the box. */
  begin(place: Place): void;
  add(place: Place, text: string): void;
  cancel(): void;
  typed(): void;
  remove(comment: PlanCommentView): void;
}

export class Comments {
  private readonly box: HTMLElement;
  private readonly text: HTMLTextAreaElement;
  private place: Place | undefined;
  private all: readonly PlanCommentView[] = [];

  constructor(private readonly actions: CommentActions) {
    this.text = element('textarea', {
      class: 'text-input',
      rows: 2,
      'data-key': 'comment-text',
      placeholder: l10n.t('What should change?'),
      'aria-label': l10n.t('Comment'),
    });
    this.text.addEventListener('input', () => actions.typed());
    this.text.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) this.add();
      else if (event.key === 'Escape') this.cancel();
      else return;
      event.preventDefault();
    });
    this.box = element(
      'div',
      { class: 'plan-comment-box' },
      this.text,
      element(
        'div',
        { class: 'plan-buttons' },
        textButton(l10n.t('Add Comment'), () => this.add(), 'primary'),
        textButton(l10n.t('Cancel'), () => this.cancel()),
      ),
    );
  }

  /** The comment that is being written. */
  get writing(): (Place & { text: string }) | undefined {
    return this.place && { ...this.place, text: this.text.value };
  }

  show(comments: readonly PlanCommentView[]): void {
    this.all = comments;
  }

  /** Comments without a place in the given steps: of the whole plan, and of steps that are gone. */
  outside(titles: readonly string[]): PlanCommentView[] {
    return this.all.filter(({ step }) => step === undefined || !titles.includes(step));
  }

  open(place: Place, text = ''): void {
    this.place = place;
    this.text.value = text;
  }

  focus(): void {
    this.text.focus();
  }

  /** Part of the data by which a section knows that it changed. */
  key(step: string | undefined): unknown {
    return [this.all.filter((comment) => comment.step === step), this.place?.step === step ? this.place : undefined];
  }

  /** A line with a button that comments it, and its comments below. */
  line(place: Place, about: string, ...content: Child[]): HTMLElement {
    return element(
      'div',
      { class: 'plan-line' },
      element('div', { class: 'plan-text' }, ...content),
      this.button(place, about),
      ...this.of(place),
    );
  }

  button(place: Place, about: string): HTMLElement | undefined {
    if (!this.actions.canComment()) return undefined;
    const button = iconButton('comment', l10n.t('Comment on “{0}”', visibleText(about)), () => this.actions.begin(place));
    button.dataset['key'] = `comment-${place.step ?? ''}-${place.line ?? ''}`;
    return button;
  }

  /** The comments of a place, and the box if one is being written there. */
  of({ step, line }: Place): HTMLElement[] {
    return [
      ...this.all.filter((comment) => comment.step === step && comment.line === line).map((comment) => this.one(comment, false)),
      ...(this.place !== undefined && this.place.step === step && this.place.line === line ? [this.box] : []),
    ];
  }

  /** Comments of a step whose line was changed since. */
  lost(step: string, lines: readonly string[]): HTMLElement[] {
    return this.all
      .filter((comment) => comment.step === step && comment.line !== undefined && !lines.includes(comment.line))
      .map((comment) => this.one(comment, true));
  }

  /** @param isQuoting True if the place is not shown above the comment. */
  one(comment: PlanCommentView, isQuoting: boolean): HTMLElement {
    const about = comment.line ?? comment.step;
    const remove = iconButton('close', l10n.t('Remove Comment'), () => this.actions.remove(comment));
    return element(
      'div',
      { class: 'plan-comment' },
      icon('comment'),
      element(
        'div',
        { class: 'plan-comment-text' },
        ...(isQuoting && about !== undefined ? [element('span', { class: 'quiet' }, `“${visibleText(about)}” `)] : []),
        visibleText(comment.text),
      ),
      this.actions.canComment() ? remove : undefined,
    );
  }

  close(): void {
    this.place = undefined;
    this.text.value = '';
  }

  private add(): void {
    const text = this.text.value.trim();
    const { place } = this;
    if (place === undefined || text === '') return this.text.focus();
    this.actions.add(place, text);
  }

  private cancel(): void {
    this.close();
    this.actions.cancel();
  }
}
