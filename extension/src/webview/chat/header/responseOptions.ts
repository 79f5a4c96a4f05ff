// Response options of a chat: a button next to the model picker, with a form.
import * as l10n from '@vscode/l10n';
import type { ChatOptions, CodexSummary, FieldView, ModelChoice, ModelView, ProviderSummary } from '../../../protocol/protocol.generated';
import { ChoiceList } from '../../shared/choiceList';
import { element, icon, textButton } from '../../shared/element';
import { Form } from '../../shared/form';
import type { ModelLists } from '../../shared/modelLists';
import { withParts } from '../../shared/withParts';
import { chosenChoice, chosenProvider } from '../state/chosenModel';

export interface ResponseOptionsActions {
  setOptions(options: ChatOptions): void;
  setFallbacks(fallbacks: ModelChoice[]): void;
  openSettings(): void;
  /** Ends the document's listeners. */
  closed: AbortSignal;
}

const allLevels = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'];
const providersDefault = l10n.t('Provider default');

export class ResponseOptions {
  readonly node: HTMLElement;
  private readonly button: HTMLButtonElement;
  private readonly popup: HTMLElement;
  private readonly formPlace = element('div');
  private readonly fallbacks: ChoiceList;
  private form: Form | undefined;
  private formKey = '';
  private shown: { codex: CodexSummary; providers: ProviderSummary[] } | undefined;

  constructor(
    private readonly lists: ModelLists,
    private readonly actions: ResponseOptionsActions,
  ) {
    this.button = element(
      'button',
      { type: 'button', class: 'icon-button options-button', 'aria-haspopup': 'dialog', 'aria-expanded': 'false' },
      icon('settings'),
      element('span', { class: 'options-mark', 'aria-hidden': 'true' }),
    );
    this.button.addEventListener('click', () => (this.isOpen ? this.close() : this.open()));
    this.fallbacks = new ChoiceList({
      id: 'chat-fallbacks',
      label: l10n.t('Fallbacks'),
      lists,
      onChange: (choices) => actions.setFallbacks(choices),
    });
    this.popup = this.createPopup();
    this.closeWhenFocusLeaves();
    this.node = element('div', { class: 'response-options', hidden: true }, this.button, this.popup);
    lists.onChange(() => this.draw());
  }

  private createPopup(): HTMLElement {
    return element(
      'div',
      { class: 'options-popup', role: 'dialog', 'aria-label': l10n.t('Response options'), tabindex: '-1', hidden: true },
      this.formPlace,
      element(
        'div',
        { class: 'field' },
        element('div', { class: 'field-label' }, l10n.t('Fallbacks')),
        element(
          'div',
          { class: 'field-help' },
          ...withParts(
            l10n.t('Used in order. If empty, the fallbacks in {0} apply.'),
            textButton(l10n.t('settings'), () => this.actions.openSettings(), 'quiet'),
          ),
        ),
        this.fallbacks.node,
      ),
    );
  }

  /** Closes the form on Escape, or when focus or pointer leave it. */
  private closeWhenFocusLeaves(): void {
    this.popup.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || event.isComposing) return;
      event.preventDefault();
      event.stopPropagation();
      this.close();
    });
    this.popup.addEventListener('focusout', (event) => {
      // Redrawn controls lose focus without a new target, so only another target closes the form.
      if (event.relatedTarget instanceof Node && !this.node.contains(event.relatedTarget)) this.close(false);
    });
    document.addEventListener(
      'pointerdown',
      (event) => {
        if (this.isOpen && event.target instanceof Node && !this.node.contains(event.target)) this.close(false);
      },
      { signal: this.actions.closed },
    );
  }

  get isOpen(): boolean {
    return !this.popup.hidden;
  }

  /** @param canChange False if the chat is read-only. */
  show(codex: CodexSummary, providers: ProviderSummary[], canChange: boolean): void {
    this.shown = { codex, providers };
    // The tour is a recording, so it has no options.
    this.node.hidden = !canChange || chosenProvider(codex, providers)?.kind === 'tour';
    const isChanged = codex.fallbacks.length > 0 || Object.values(codex.options).some((value) => value !== undefined);
    const label = isChanged ? l10n.t('Response options, changed for this chat') : l10n.t('Response options');
    this.button.classList.toggle('is-changed', isChanged);
    this.button.title = label;
    this.button.setAttribute('aria-label', label);
    if (this.isOpen) this.draw();
  }

  open(): void {
    this.popup.hidden = false;
    this.button.setAttribute('aria-expanded', 'true');
    const provider = this.shown === undefined ? undefined : chosenProvider(this.shown.codex, this.shown.providers);
    if (provider?.enabled === true) this.lists.load(provider.id);
    this.draw();
    const first = this.popup.querySelector<HTMLElement>('input:not([hidden]), select, button');
    (first ?? this.popup).focus();
  }

  close(refocus = true): void {
    if (!this.isOpen) return;
    this.popup.hidden = true;
    this.button.setAttribute('aria-expanded', 'false');
    if (refocus) this.button.focus();
  }

  private draw(): void {
    if (this.shown === undefined || !this.isOpen) return;
    const { codex, providers } = this.shown;
    const provider = chosenProvider(codex, providers);
    const model = this.lists.model(provider?.id ?? '', chosenChoice(codex, providers)?.model ?? provider?.model);
    const fields = fieldsFor(provider?.kind, model);
    const key = JSON.stringify(fields);
    if (key !== this.formKey) {
      this.formKey = key;
      this.form = this.newForm(fields, codex.options);
      const hadFocus = this.formPlace.contains(document.activeElement) ? document.activeElement?.id : undefined;
      this.formPlace.replaceChildren(this.form.node);
      if (hadFocus !== undefined) document.getElementById(hadFocus)?.focus();
    } else {
      this.form?.update({ ...codex.options });
    }
    this.fallbacks.show(codex.fallbacks, providers);
  }

  private newForm(fields: FieldView[], options: ChatOptions): Form {
    return new Form({
      id: 'answer',
      fields,
      values: { ...options },
      labels: {
        reasoningLevel: l10n.t('Reasoning'),
        temperature: l10n.t('Temperature'),
        maxTokens: l10n.t('Max output tokens'),
        stopSequences: l10n.t('Stop sequences'),
      },
      onChange: (name, value) => {
        const before = this.shown?.codex.options ?? {};
        this.actions.setOptions(changed(before, name, value));
      },
    });
  }
}

function changed(before: ChatOptions, name: string, value: unknown): ChatOptions {
  const options: ChatOptions = { ...before };
  switch (name) {
    case 'temperature':
    case 'maxTokens':
      if (typeof value === 'number') options[name] = value;
      else delete options[name];
      break;
    case 'reasoningLevel':
      if (typeof value === 'string') options.reasoningLevel = value;
      else delete options.reasoningLevel;
      break;
    case 'stopSequences':
      if (Array.isArray(value)) options.stopSequences = value.filter((item) => typeof item === 'string');
      else delete options.stopSequences;
      break;
  }
  return options;
}

/** Returns the options that the model supports; all if unknown. */
export function fieldsFor(kind: string | undefined, model: ModelView | undefined): FieldView[] {
  const levels =
    model?.reasoningLevels ?? (model?.canReason === true || model === undefined || model.canReason === undefined ? allLevels : []);
  const usual = model?.defaultReasoningLevel;
  const fields: FieldView[] = [];
  if (model?.canReason !== false && levels.length > 0) {
    fields.push(
      field('reasoningLevel', {
        type: 'select',
        options: levels,
        placeholder: usual === undefined ? providersDefault : l10n.t('Provider default ({0})', usual),
      }),
    );
  }
  // Claude Code does not support the other options.
  if (kind === 'claude-code') return fields;
  const max = model?.maxOutput === undefined ? 200_000 : Math.min(model.maxOutput, 200_000);
  return [
    ...fields,
    field('temperature', { type: 'number', min: 0, max: 2, step: 0.1, placeholder: providersDefault }),
    field('maxTokens', { type: 'number', min: 1, max, step: 1, placeholder: providersDefault }),
    field('stopSequences', {
      type: 'array',
      description: l10n.t('The response stops before any of these texts.'),
      items: field('stop', { type: 'text' }),
    }),
  ];
}

function field(name: string, change: Partial<FieldView>): FieldView {
  return { name, type: 'text', required: false, options: [], properties: [], ...change };
}
