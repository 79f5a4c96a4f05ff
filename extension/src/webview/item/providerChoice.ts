// Provider of a task: one control for the fields `provider_ref` and `model`.
import * as l10n from '@vscode/l10n';
import type { ModelChoice, ProviderSummary } from '../../protocol/protocol.generated';
import { element, setText } from '../shared/element';
import type { ControlOptions, FieldControl } from '../shared/fieldControl';
import type { ModelLists } from '../shared/modelLists';
import { priceText } from '../../common/format';
import { abilityText, savedChoiceText, ModelPicker } from '../shared/modelPicker';
import { visibleText } from '../../common/visibleText';

const prefix = 'codex://providers/';

const statusText = {
  untested: l10n.t('not tested'),
  testing: l10n.t('being tested'),
  connected: l10n.t('connected'),
  error: l10n.t('not working'),
  disabled: l10n.t('disabled'),
} as const satisfies Record<ProviderSummary['status'], string>;

export class ProviderChoice implements FieldControl {
  readonly node: HTMLElement;
  readonly isGroup = true;
  private readonly picker: ModelPicker;
  /** Status of the selected provider. */
  private readonly about = element('p', { class: 'quiet choice-about', role: 'status' });
  private providers: readonly ProviderSummary[] = [];
  /** A fallback chain is kept until a provider is selected. */
  private value: unknown;

  constructor(
    private readonly options: ControlOptions,
    private readonly lists: ModelLists,
    /** The selected model; undefined for the provider's default. */
    private model: string | undefined,
    connect: () => void,
  ) {
    this.picker = new ModelPicker({
      id: options.id,
      label: l10n.t('Provider and model'),
      lists,
      unset: this.unset(),
      connect,
      choose: (choice) => {
        this.value = choice === undefined ? undefined : prefix + choice.providerId;
        this.model = choice?.model;
        this.draw();
        options.onCommit();
      },
    });
    this.node = element('div', { class: 'choice-field' }, this.picker.node, this.about);
    lists.onChange(() => this.describe());
    this.write(options.value);
  }

  get chosenModel(): string | undefined {
    return this.value === undefined ? undefined : this.model;
  }

  show(providers: readonly ProviderSummary[]): void {
    this.providers = providers;
    this.draw();
  }

  read(): unknown {
    return this.value;
  }

  write(value: unknown): void {
    this.value = value ?? undefined;
    this.draw();
  }

  problem(): string | undefined {
    return undefined;
  }

  describedBy(ids: string): void {
    this.picker.button.setAttribute('aria-describedby', ids);
  }

  markInvalid(invalid: boolean): void {
    this.node.classList.toggle('invalid', invalid);
  }

  focus(): void {
    this.picker.button.focus();
  }

  private draw(): void {
    const { providers } = this;
    const chosen = this.choice();
    const words =
      chosen !== undefined ? savedChoiceText(chosen, providers) : this.value === undefined ? this.unset() : l10n.t('Fallback chain');
    this.picker.show({ words, providers, chosen });
    this.describe();
  }

  private describe(): void {
    const chosen = this.choice() ?? this.given();
    const provider = this.providers.find(({ id }) => id === chosen?.providerId);
    if (provider === undefined) return setText(this.about, '');
    if (provider.enabled && provider.kind !== 'tour') this.lists.load(provider.id);
    const id = chosen?.model ?? provider.model;
    const model = this.lists.model(provider.id, id);
    const known = model === undefined ? [] : [priceText(model) ?? l10n.t('price n/a'), abilityText(model)];
    const words = [provider.name, statusText[provider.enabled ? provider.status : 'disabled'], id ?? '', ...known];
    setText(this.about, visibleText(words.filter((part) => part !== '').join(', ')));
  }

  /** Returns the template's provider, if it has exactly one. */
  private given(): ModelChoice | undefined {
    const given = this.value === undefined ? (this.options.field.default ?? prefix) : undefined;
    if (typeof given !== 'string') return undefined;
    const id = given.startsWith(prefix) ? given.slice(prefix.length) : given;
    const isSmall = id === 'default-small';
    const isDefault = isSmall || id === 'default-large' || id === '';
    const provider = this.providers.find((one) => (isDefault ? (isSmall ? one.isDefaultSmall : one.isDefault) : one.id === id));
    return provider === undefined ? undefined : { providerId: provider.id };
  }

  private choice(): ModelChoice | undefined {
    const { value, model } = this;
    if (typeof value !== 'string' || !value.startsWith(prefix)) return undefined;
    return { providerId: value.slice(prefix.length), ...(model === undefined ? {} : { model }) };
  }

  /** Returns the text while nothing is selected: the template's value. */
  private unset(): string {
    const given = this.options.field.default;
    if (typeof given === 'string') {
      const id = given.startsWith(prefix) ? given.slice(prefix.length) : given;
      if (id === 'default-large') return l10n.t('Default provider');
      if (id === 'default-small') return l10n.t('Default small provider');
      return visibleText(l10n.t('From template: {0}', this.providers.find((provider) => provider.id === id)?.name ?? id));
    }
    return given === undefined ? l10n.t('Default provider') : l10n.t('From template: fallback chain');
  }
}
