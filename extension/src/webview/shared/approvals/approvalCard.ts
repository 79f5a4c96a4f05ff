// An approval: agent, action, reason, location, and the buttons.
import * as l10n from '@vscode/l10n';
import type { ApprovalAnswerParams, ApprovalView } from '../../../protocol/protocol.generated';
import { element, icon, setText, textButton } from '../element';
import { countExact, exactText } from '../exactText';
import { formatInteger } from '../../../common/format';
import { countHidden, visibleText } from '../../../common/visibleText';
import { withParts } from '../withParts';
import { pathOf, shortPathOf, questionOf, type ApprovalGroup } from './groups';
import { diffLines, ApprovalText } from './approvalText';
import { QuestionForm } from './questionForm';

export interface CardActions {
  /** True in the chat or task that requested it. */
  isHere: boolean;
  answer(answer: ApprovalAnswerParams): void;
  /** Opens the chat or task that requested it. */
  open(codexId: string): void;
  /** Opens the proposed change of an approval in a diff editor. */
  openDiff(id: string): void;
  /** Called when elements may have moved under the pointer. */
  changed(): void;
  /** False shortly after an element appeared or moved. */
  mayAnswer(): boolean;
  /** Announces text to screen readers. */
  announce(words: string): void;
}

type Mode = 'asking' | 'rule' | 'deny' | 'sent';

export class ApprovalCard {
  readonly node: HTMLElement;
  private readonly equal = element('p', { class: 'approval-equal', hidden: true });
  private readonly foot = element('div', { class: 'approval-foot' });
  private readonly texts: readonly ApprovalText[];
  private readonly form: QuestionForm | undefined;
  private readonly unread = element('span', { class: 'quiet' });
  private readonly showNext = textButton(l10n.t('Show Next Lines'), () => this.showUnread());
  private readonly reason = element('input', {
    type: 'text',
    class: 'approval-reason',
    placeholder: l10n.t('Message to the model (optional)'),
    'aria-label': l10n.t('Reason for denying (optional)'),
    maxlength: 2000,
  });
  private mode: Mode = 'asking';
  private group: ApprovalGroup;
  private canAnswer = true;
  private drawn = '';

  constructor(
    group: ApprovalGroup,
    private readonly actions: CardActions,
  ) {
    this.group = group;
    const { first } = group;
    const label = l10n.t('{0}, requested by {1}', questionOf(first), pathOf(first));
    this.node = element('li', {
      class: first.question === undefined ? 'approval' : 'approval is-question',
      tabindex: -1,
      'aria-label': label,
      'aria-keyshortcuts': ['y', ...(first.rule === undefined ? [] : ['a']), 'n', ...(first.hasContent === true ? ['d'] : [])].join(' '),
    });
    this.texts = textsOf(first);
    this.form = first.question === undefined ? undefined : new QuestionForm(first.question, first.id);
    this.node.append(
      ...this.head(first),
      ...this.texts.map(({ node }) => node),
      ...(this.form === undefined ? [] : [this.form.node]),
      facts(first),
      this.equal,
      this.foot,
    );
    this.node.addEventListener('keydown', (event) => this.pressed(event));
    this.draw();
  }

  get id(): string {
    return this.group.first.id;
  }

  update(group: ApprovalGroup, canAnswer: boolean): void {
    this.group = group;
    this.canAnswer = canAnswer;
    const others = group.all.slice(1);
    this.equal.hidden = others.length === 0;
    setText(this.equal, others.length === 0 ? '' : l10n.t('Also requested by: {0}', [...new Set(others.map(pathOf))].join(', ')));
    this.draw();
  }

  /** Enables the buttons again after an answer was rejected. */
  askAgain(): void {
    if (this.mode === 'sent') this.turn('asking');
  }

  /** Called after scrolling or resizing. Allowing is possible only after every line was in view. */
  look(): void {
    for (const text of this.texts) text.look(this.foot);
    this.draw();
  }

  private get isRead(): boolean {
    return this.texts.every((text) => text.isRead);
  }

  private get unreadLines(): number {
    return this.texts.reduce((sum, text) => sum + text.unreadLines, 0);
  }

  private showUnread(): void {
    this.texts.find((text) => !text.isRead)?.showNext(this.foot);
    this.look();
    this.actions.announce(this.isRead ? l10n.t('All lines viewed.') : unreadText(this.unreadLines));
  }

  private head(first: ApprovalView): HTMLElement[] {
    const open = textButton(shortPathOf(first), () => this.actions.open(first.codexId), 'quiet');
    open.classList.add('approval-path');
    open.title = l10n.t('Open {0}', pathOf(first));
    const hidden = (showsActionText(first) ? countExact(first.actionText) : 0) + countHidden(first.diff ?? '');
    const warning =
      hidden === 0
        ? []
        : [
            element(
              'p',
              { class: 'approval-hidden' },
              icon('warning'),
              hidden === 1 ? l10n.t('1 hidden character, drawn as ⟨U+…⟩.') : l10n.t('{0} hidden characters, drawn as ⟨U+…⟩.', hidden),
            ),
          ];
    return [
      element(
        'div',
        { class: 'approval-head' },
        icon('question'),
        element('span', { class: 'approval-wish' }, questionOf(first)),
        ...(this.actions.isHere ? [] : [open]),
        ...(first.hasContent === true ? [this.diffLink(first.id)] : []),
      ),
      ...warning,
    ];
  }

  private diffLink(id: string): HTMLElement {
    const link = textButton(l10n.t('Open Diff'), () => this.actions.openDiff(id), 'quiet');
    link.classList.add('approval-diff');
    link.title = l10n.t('Show the whole change in a diff editor (d)');
    return link;
  }

  private turn(mode: Mode): void {
    const hadFocus = this.node.contains(document.activeElement);
    this.mode = mode;
    this.actions.changed();
    this.draw();
    if (!hadFocus) return;
    if (mode === 'deny') this.reason.focus({ preventScroll: true });
    else this.node.focus({ preventScroll: true });
  }

  private draw(): void {
    const { first, all } = this.group;
    const unread = this.mode === 'deny' || this.mode === 'sent' ? 0 : this.unreadLines;
    setText(this.unread, unread === 0 ? '' : unreadText(unread));
    const key = JSON.stringify([this.mode, all.length, this.canAnswer, unread === 0]);
    if (key === this.drawn) return;
    this.drawn = key;
    const hadFocus = this.foot.contains(document.activeElement);
    // Keeps the typed text and the cursor.
    this.foot.replaceChildren(...(unread === 0 ? [] : [this.unreadRow]), ...this.footOf(first, all.length));
    for (const button of this.foot.querySelectorAll('button'))
      button.disabled = !this.canAnswer || this.mode === 'sent' || (unread > 0 && button.classList.contains('allows'));
    this.showNext.disabled = false;
    // The focused button is removed once the last line was in view.
    if (hadFocus && (this.mode === 'asking' || this.mode === 'rule') && !this.foot.contains(document.activeElement))
      this.node.focus({ preventScroll: true });
  }

  private get unreadRow(): HTMLElement {
    return element('div', { class: 'approval-unread' }, icon('eye'), this.unread, this.showNext);
  }

  private footOf(first: ApprovalView, count: number): Node[] {
    const cancel = textButton(l10n.t('Cancel'), () => this.turn('asking'));
    switch (this.mode) {
      case 'asking': {
        if (first.question !== undefined) return this.questionFoot(first.question.url !== undefined);
        const once = textButton(first.kind === 'hook' ? l10n.t('Allow') : l10n.t('Allow Once'), () => this.allow(false), 'primary');
        const all = count < 2 ? [] : [textButton(l10n.t('All {0}', count), () => this.allow(true))];
        const always = first.rule === undefined ? [] : [textButton(l10n.t('Always Allow…'), () => this.showRule())];
        for (const button of [once, ...all]) button.classList.add('allows');
        const deny = textButton(l10n.t('Deny'), () => this.startDeny());
        once.title = first.kind === 'hook' ? l10n.t('Allow (y)') : l10n.t('Allow Once (y)');
        deny.title = l10n.t('Deny (n)');
        for (const button of always) button.title = l10n.t('Review the rule first (a)');
        for (const button of all) button.title = l10n.t('Allow all {0} identical requests once', count);
        return [once, ...all, ...always, deny];
      }
      case 'rule': {
        const store = textButton(l10n.t('Always Allow'), () => this.always(), 'primary');
        store.classList.add('allows');
        return [ruleText(first), element('div', { class: 'approval-buttons' }, store, cancel)];
      }
      case 'deny': {
        const deny = textButton(l10n.t('Deny'), () => this.deny(false), 'primary');
        const all = count < 2 ? [] : [textButton(l10n.t('Deny all {0}', count), () => this.deny(true))];
        return [this.reason, element('div', { class: 'approval-buttons' }, deny, ...all, cancel)];
      }
      case 'sent':
        return [element('span', { class: 'quiet' }, l10n.t('Sending…'))];
    }
  }

  private questionFoot(isAddress: boolean): Node[] {
    const answer = textButton(isAddress ? l10n.t('Open in Browser') : l10n.t('Send Answer'), () => this.allow(false), 'primary');
    answer.classList.add('allows');
    const decline = textButton(l10n.t('Decline'), () => this.deny(false));
    decline.title = l10n.t('Decline (n)');
    return [answer, decline];
  }

  private pressed(event: KeyboardEvent): void {
    if (event.isComposing || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    // Typed text is not a shortcut.
    if (this.form?.contains(event.target) === true) {
      if (event.key !== 'Enter' || !(event.target instanceof HTMLInputElement)) return;
      this.allow(false);
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    if (event.key === 'Escape' && (this.mode === 'rule' || this.mode === 'deny')) this.turn('asking');
    else if (event.target === this.reason) {
      if (event.key !== 'Enter') return;
      this.deny(false);
    } else if (!this.pressedKey(event)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  private pressedKey(event: KeyboardEvent): boolean {
    const isButton = event.target instanceof HTMLButtonElement;
    switch (event.key.toLowerCase()) {
      case 'y':
        if (this.mode === 'asking') this.allow(false);
        return true;
      case 'a':
        if (this.mode === 'rule') this.always();
        else if (this.mode === 'asking') this.showRule();
        return true;
      case 'n':
        if (this.mode === 'asking' && this.canAnswer) this.startDeny();
        return true;
      case 'd':
        if (this.group.first.hasContent === true) this.actions.openDiff(this.id);
        return this.group.first.hasContent === true;
      case 'enter':
        if (this.mode !== 'rule' || isButton) return false;
        this.always();
        return true;
      default:
        return false;
    }
  }

  private allow(includeEqual: boolean): void {
    if (this.form?.check() === false) return;
    this.send({
      decision: 'once',
      ...(includeEqual ? { includeEqual } : {}),
      ...(this.form === undefined ? {} : { values: this.form.values }),
    });
  }

  private showRule(): void {
    if (this.canAnswer && this.group.first.rule !== undefined) this.turn('rule');
  }

  /** Creates a permission rule, which also applies to identical requests. */
  private always(): void {
    const { rule } = this.group.first;
    if (rule !== undefined) this.send({ decision: 'always', rule, ...(this.group.all.length > 1 ? { includeEqual: true } : {}) });
  }

  /** Hooks and questions have no message for the model, so they are denied immediately. */
  private startDeny(): void {
    if (this.form !== undefined || (this.group.first.kind === 'hook' && this.group.all.length === 1)) this.deny(false);
    else this.turn('deny');
  }

  private deny(includeEqual: boolean): void {
    const reason = this.reason.value.trim();
    this.send({ decision: 'deny', ...(reason === '' ? {} : { reason }), ...(includeEqual ? { includeEqual } : {}) });
  }

  private send(answer: Omit<ApprovalAnswerParams, 'id' | 'fingerprint'>): void {
    if (!this.canAnswer || this.mode === 'sent' || !this.actions.mayAnswer()) return;
    if (answer.decision !== 'deny' && !this.isRead) {
      this.actions.announce(unreadText(this.unreadLines));
      return;
    }
    const { id, fingerprint } = this.group.first;
    this.turn('sent');
    this.actions.answer({ id, fingerprint, ...answer });
  }
}

/** False if the diff shows everything. */
function showsActionText({ kind, actionText, diff }: ApprovalView): boolean {
  return diff === undefined || diff === '' || (kind !== 'write' && actionText !== diff);
}

function textsOf(approval: ApprovalView): ApprovalText[] {
  const { kind, actionText, diff = '' } = approval;
  // Windows line endings are normal in a file, but not in a command.
  const shown = kind === 'write' || kind === 'edit' ? visibleText(actionText) : exactText(actionText);
  return [
    ...(showsActionText(approval)
      ? [
          new ApprovalText(
            l10n.t('Details'),
            shown.split('\n').map((text) => ({ text })),
          ),
        ]
      : []),
    ...(diff === '' ? [] : [new ApprovalText(l10n.t('Changes'), diffLines(visibleText(diff)))]),
  ];
}

function unreadText(lines: number): string {
  return lines === 1 ? l10n.t('1 line not viewed yet.') : l10n.t('{0} lines not viewed yet.', formatInteger(lines));
}

function facts({ location, relativeLocation = location, reason, sandbox }: ApprovalView): HTMLElement {
  const lines = [
    [l10n.t('Reason'), reason],
    [l10n.t('Location'), relativeLocation, location],
    [l10n.t('Sandbox'), sandbox],
  ].flatMap(([name = '', text, title]) =>
    text === undefined
      ? []
      : [element('dt', {}, name), element('dd', title === undefined ? {} : { title: exactText(title) }, exactText(text))],
  );
  return element('dl', { class: 'approval-facts' }, ...lines);
}

function ruleText({ rule = '', ruleFolder }: ApprovalView): HTMLElement {
  return element(
    'div',
    { class: 'approval-rule' },
    element('span', {}, l10n.t('Always allow:')),
    element('code', {}, exactText(rule)),
    ...(ruleFolder === undefined
      ? [element('span', {}, l10n.t('in every workspace folder'))]
      : withParts(l10n.t('in {0}'), element('code', {}, exactText(ruleFolder))).map((part) =>
          typeof part === 'string' ? element('span', {}, part) : part,
        )),
    element('span', { class: 'quiet' }, l10n.t('To undo, run Plue: Manage Permission Rules.')),
  );
}
