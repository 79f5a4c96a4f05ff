// Instruction sources in the header: their number, and a popup with the list and its problems.
import * as l10n from '@vscode/l10n';
import type {
  MessageInstructionsResult,
  UsedInstructionView,
  InstructionSourceKind,
  InstructionSourceView,
} from '../../../protocol/protocol.generated';
import { element, icon, setText, textButton } from '../../shared/element';
import { formatTokens } from '../../../common/format';
import { visibleText } from '../../../common/visibleText';
import { changedSince } from '../messages/instructionsChange';

export interface InstructionsActions {
  /** Requests a current list. */
  refresh(): void;
  open(source: InstructionSourceView): void;
  allow(source: InstructionSourceView): void;
  manageTrust(): void;
  /** Ends the document's listeners. */
  closed: AbortSignal;
}

const kinds: Record<InstructionSourceKind, { icon: string; name: string }> = {
  prompt: { icon: 'note', name: l10n.t('Prompt') },
  override: { icon: 'edit', name: l10n.t('Custom text in this chat or its template') },
  rules: { icon: 'law', name: l10n.t('Workspace instructions') },
  template: { icon: 'symbol-structure', name: l10n.t('Template') },
  provider: { icon: 'plug', name: l10n.t('Provider') },
  user: { icon: 'account', name: l10n.t('Your instructions') },
  skill: { icon: 'lightbulb', name: l10n.t('Skill') },
};

export class InstructionsList {
  readonly node: HTMLElement;
  private readonly button: HTMLButtonElement;
  private readonly figure = element('span');
  private readonly heading = element('p');
  private readonly rows = element('ul', { class: 'instructions-rows' });
  private readonly note = element('p', { class: 'context-note' });
  private readonly trust: HTMLButtonElement;
  private readonly popup: HTMLElement;
  private shown = '';

  constructor(private readonly actions: InstructionsActions) {
    this.button = element(
      'button',
      { type: 'button', class: 'instructions-button', 'aria-haspopup': 'dialog', 'aria-expanded': 'false' },
      icon('compass'),
      this.figure,
    );
    this.trust = textButton(l10n.t('Manage Trust'), () => actions.manageTrust());
    this.popup = element(
      'div',
      { class: 'instructions-popup', role: 'dialog', 'aria-label': l10n.t('Instruction sources'), tabindex: -1, hidden: true },
      this.heading,
      this.rows,
      this.note,
    );
    this.node = element('div', { class: 'instructions', hidden: true }, this.button, this.popup);
    this.button.addEventListener('click', () => (this.popup.hidden ? this.open() : this.close()));
    this.node.addEventListener('focusout', (event) => {
      if (event.relatedTarget instanceof Node && !this.node.contains(event.relatedTarget)) this.close();
    });
    document.addEventListener(
      'pointerdown',
      (event) => {
        if (!(event.target instanceof Node && this.node.contains(event.target))) this.close();
      },
      { signal: actions.closed },
    );
    this.node.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || this.popup.hidden) return;
      event.preventDefault();
      event.stopPropagation();
      this.button.focus();
      this.close();
    });
  }

  /** @param last Instructions of the last response. */
  show(instructions: MessageInstructionsResult | undefined, last: readonly UsedInstructionView[] | undefined): void {
    const key = JSON.stringify([instructions, last]);
    if (key === this.shown) return;
    this.shown = key;
    this.node.hidden = instructions === undefined || (instructions.sources.length === 0 && instructions.note === undefined);
    if (instructions === undefined) return;
    const { sources, note } = instructions;
    const used = sources.filter(({ omittedReason }) => omittedReason === undefined);
    const waits = sources.some(needsReview);
    setText(this.figure, String(used.length));
    const titles = used.map(({ title }) => visibleText(title)).join(', ');
    this.button.setAttribute(
      'aria-label',
      waits
        ? l10n.t('{0} instruction sources: {1}. Needs attention', used.length, titles)
        : l10n.t('{0} instruction sources: {1}', used.length, titles),
    );
    this.button.title = waits
      ? l10n.t('{0} instruction sources, needs attention', used.length)
      : l10n.t('{0} instruction sources', used.length);
    this.node.classList.toggle('warning', waits);
    setText(
      this.heading,
      used.length === 0 ? l10n.t('Only the messages of this chat are sent to the model.') : l10n.t('Also sent to the model:'),
    );
    const focused = this.rows.contains(document.activeElement) ? document.activeElement?.getAttribute('data-key') : undefined;
    this.rows.replaceChildren(...sources.map((source, at) => this.row(source, at, changedSince(last, source))));
    if (focused !== undefined && focused !== null) {
      const again = [...this.rows.querySelectorAll<HTMLElement>('[data-key]')].find((node) => node.getAttribute('data-key') === focused);
      (again ?? this.button).focus();
    }
    setText(this.note, note ?? '');
    if (note?.includes('trusted') === true) this.popup.append(this.trust);
    else this.trust.remove();
  }

  private row(source: InstructionSourceView, at: number, isChanged: boolean): HTMLElement {
    const { kind, title, omittedReason, hiddenCharacters, canBeAllowed, appliesTo, tokens } = source;
    const name = visibleText(title);
    const open = textButton(name, () => this.actions.open(source), 'quiet');
    open.setAttribute('data-key', `open-${at}`);
    open.setAttribute('aria-label', l10n.t('{0}: {1}. Open', kinds[kind].name, name));
    const canOpen = kind !== 'override';
    const use = textButton(kind === 'skill' ? l10n.t('Review…') : l10n.t('Use Anyway'), () => this.actions.allow(source));
    use.setAttribute('data-key', `use-${at}`);
    const look = textButton(l10n.t('Show'), () => this.actions.open(source));
    look.setAttribute('data-key', `show-${at}`);
    const hidden =
      hiddenCharacters === undefined || omittedReason !== undefined
        ? undefined
        : hiddenCharacters === 1
          ? l10n.t('Contains 1 hidden character.')
          : l10n.t('Contains {0} hidden characters.', hiddenCharacters);
    return element(
      'li',
      { class: omittedReason === undefined ? 'instructions-row' : 'instructions-row left-out' },
      icon(kinds[kind].icon),
      element(
        'div',
        { class: 'instructions-label' },
        element('span', { class: 'instructions-name' }, canOpen ? open : name),
        element(
          'span',
          { class: 'instructions-kind' },
          source.source === 'skills' ? l10n.t('Names and descriptions of skills') : kinds[kind].name,
        ),
        tokens === undefined || omittedReason !== undefined
          ? undefined
          : element('span', { class: 'instructions-kind' }, l10n.t('about {0} tokens', formatTokens(tokens))),
        appliesTo === undefined
          ? undefined
          : element('span', { class: 'instructions-kind' }, l10n.t('Used for {0}', visibleText(appliesTo))),
        isChanged ? element('span', { class: 'instructions-mark' }, l10n.t('Changed: used from the next response')) : undefined,
        hidden === undefined ? undefined : element('span', { class: 'instructions-warning' }, icon('warning'), hidden),
        omittedReason === undefined
          ? undefined
          : element('span', { class: 'instructions-warning' }, icon('warning'), visibleText(l10n.t('Omitted. {0}', omittedReason))),
        canBeAllowed === true ? element('span', { class: 'instructions-buttons' }, look, use) : undefined,
      ),
    );
  }

  private open(): void {
    this.popup.hidden = false;
    this.button.setAttribute('aria-expanded', 'true');
    this.actions.refresh();
  }

  private close(): void {
    this.popup.hidden = true;
    this.button.setAttribute('aria-expanded', 'false');
  }
}

function needsReview({ omittedReason, hiddenCharacters }: InstructionSourceView): boolean {
  return omittedReason !== undefined || hiddenCharacters !== undefined;
}
