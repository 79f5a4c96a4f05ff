// A setting with a provider and model, or a fallback chain.
import * as l10n from '@vscode/l10n';
import type { FieldView, ModelChoice, ProviderSummary } from '../../protocol/protocol.generated';
import { readChoice, writeChoice } from '../../protocol/settingValues';
import { ChoiceList } from '../shared/choiceList';
import { element, setText, textButton } from '../shared/element';
import type { ModelLists } from '../shared/modelLists';
import { savedChoiceText, ModelPicker } from '../shared/modelPicker';
import { visibleText } from '../../common/visibleText';

export interface ChoiceRowOptions {
  field: FieldView;
  label: string;
  lists: ModelLists;
  /** Undefined removes the setting from the file. */
  onChange: (value: unknown) => void;
  connect: () => void;
  /** Returns the text of the default. */
  defaultText: (providers: readonly ProviderSummary[]) => string;
}

/** Returns whether a field selects one or several models; undefined for other fields. */
export function choiceKind(field: FieldView): 'one' | 'several' | undefined {
  if (isProvider(field)) return 'one';
  return field.type === 'array' && field.items !== undefined && isProvider(field.items) ? 'several' : undefined;
}

function isProvider({ type, templateFilter }: FieldView): boolean {
  return type === 'codexReference' && templateFilter === 'llm-provider';
}

export class ChoiceRow {
  readonly node: HTMLElement;
  readonly field: FieldView;
  private readonly reset: HTMLButtonElement;
  private readonly problem: HTMLElement;
  private readonly picker: ModelPicker | undefined;
  private readonly list: ChoiceList | undefined;
  private readonly unsetText = element('div', { class: 'field-help' });

  constructor(private readonly options: ChoiceRowOptions) {
    const { field, label, lists, onChange } = options;
    this.field = field;
    const id = `setting-${field.name}`;
    if (choiceKind(field) === 'one') {
      this.picker = new ModelPicker({
        id,
        label,
        lists,
        unset: l10n.t('Default'),
        connect: options.connect,
        choose: (choice) => onChange(choice === undefined ? undefined : writeChoice(choice)),
      });
    } else {
      this.list = new ChoiceList({
        id,
        label,
        lists,
        onChange: (choices) => onChange(choices.length === 0 ? undefined : choices.map(writeChoice)),
      });
    }
    this.reset = textButton(l10n.t('Use Default'), () => this.useDefault(), 'quiet');
    this.reset.setAttribute('aria-label', l10n.t('Use default for {0}', label));
    this.problem = element('div', { class: 'field-problem', id: `${id}-problem`, hidden: true });
    this.picker?.button.setAttribute('aria-describedby', `${id}-help ${id}-problem`);
    this.node = element(
      'div',
      { class: 'field choice-field', 'data-field': field.name },
      element('div', { class: 'field-head' }, element('div', { class: 'field-label' }, label), this.reset),
      element('div', { class: 'field-help', id: `${id}-help` }, visibleText(field.description ?? '')),
      this.picker?.node ?? this.list?.node,
      this.list === undefined ? undefined : this.unsetText,
      this.problem,
    );
  }

  private useDefault(): void {
    this.options.onChange(undefined);
    (this.picker?.button ?? this.list)?.focus();
  }

  show(value: unknown, providers: ProviderSummary[]): void {
    const { defaultText } = this.options;
    const unset = l10n.t('Default: {0}', defaultText(providers));
    if (this.picker !== undefined) {
      const chosen = readChoice(value);
      this.picker.show({ words: chosen === undefined ? unset : savedChoiceText(chosen, providers), providers, chosen });
      this.reset.hidden = chosen === undefined;
    }
    if (this.list !== undefined) {
      const chosen = Array.isArray(value) ? value.map(readChoice).filter((choice): choice is ModelChoice => choice !== undefined) : [];
      this.list.show(chosen, providers);
      this.reset.hidden = chosen.length === 0;
      this.unsetText.hidden = chosen.length > 0;
      setText(this.unsetText, visibleText(unset));
    }
  }

  showProblem(problem: string | undefined): void {
    this.problem.hidden = problem === undefined;
    setText(this.problem, visibleText(problem ?? ''));
  }
}
