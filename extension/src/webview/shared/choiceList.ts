// A fallback chain: an ordered list of providers and models that can be changed, moved, and removed.
import * as l10n from '@vscode/l10n';
import type { ModelChoice, ProviderSummary } from '../../protocol/protocol.generated';
import { element, iconButton } from './element';
import type { ModelLists } from './modelLists';
import { savedChoiceText, ModelPicker } from './modelPicker';
import { visibleText } from '../../common/visibleText';

export interface ChoiceListOptions {
  id: string;
  /** Label for screen readers. */
  label: string;
  lists: ModelLists;
  onChange: (choices: ModelChoice[]) => void;
}

type Control = 'picker' | 'up' | 'down' | 'remove';

export class ChoiceList {
  readonly node: HTMLElement;
  private readonly items = element('ol', { class: 'choice-list' });
  private readonly add: ModelPicker;
  private choices: readonly ModelChoice[] = [];
  private providers: readonly ProviderSummary[] = [];
  private shown = '';

  constructor(private readonly options: ChoiceListOptions) {
    const { id, label, lists } = options;
    this.items.setAttribute('aria-label', label);
    this.add = new ModelPicker({
      id: `${id}-add`,
      label: l10n.t('Add to {0}', label),
      lists,
      choose: (choice) => {
        if (choice !== undefined) this.change([...this.choices, choice]);
        this.add.button.focus();
      },
    });
    this.node = element('div', { class: 'choices', role: 'group', 'aria-label': label }, this.items, this.add.node);
  }

  show(choices: readonly ModelChoice[], providers: readonly ProviderSummary[]): void {
    const key = JSON.stringify([
      choices,
      providers.map(({ id, name, model, enabled, isDefault }) => [id, name, model, enabled, isDefault]),
    ]);
    if (key === this.shown) return;
    this.shown = key;
    this.choices = choices;
    this.providers = providers;
    this.draw();
  }

  focus(): void {
    this.add.button.focus();
  }

  private draw(): void {
    const { choices, providers } = this;
    this.items.hidden = choices.length === 0;
    this.items.replaceChildren(...choices.map((choice, at) => this.item(choice, at)));
    this.add.show({ words: choices.length === 0 ? l10n.t('Add…') : l10n.t('Add Another…'), providers, chosen: undefined });
  }

  private item(choice: ModelChoice, at: number): HTMLElement {
    const words = visibleText(savedChoiceText(choice, this.providers));
    const picker = new ModelPicker({
      id: `${this.options.id}-${at}`,
      label: l10n.t('Number {0}', at + 1),
      lists: this.options.lists,
      choose: (chosen) => {
        if (chosen !== undefined) this.change(this.choices.with(at, chosen), at, 'picker');
      },
    });
    picker.show({ words, providers: this.providers, chosen: choice });
    const up = iconButton('arrow-up', l10n.t('Move {0} up', words), () => this.move(at, at - 1, 'up'));
    const down = iconButton('arrow-down', l10n.t('Move {0} down', words), () => this.move(at, at + 1, 'down'));
    up.disabled = at === 0;
    down.disabled = at === this.choices.length - 1;
    const remove = iconButton('close', l10n.t('Remove {0}', words), () =>
      this.change(
        this.choices.filter((_, index) => index !== at),
        Math.min(at, this.choices.length - 2),
        'remove',
      ),
    );
    [up, down, remove].forEach((button, index) => (button.dataset['control'] = ['up', 'down', 'remove'][index]));
    picker.button.dataset['control'] = 'picker';
    return element('li', { class: 'choice' }, picker.node, up, down, remove);
  }

  private move(from: number, to: number, control: Control): void {
    const moved = this.choices[from];
    if (moved === undefined || to < 0 || to >= this.choices.length) return;
    const rest = this.choices.filter((_, index) => index !== from);
    this.change([...rest.slice(0, to), moved, ...rest.slice(to)], to, control);
  }

  /** Shows the change immediately; the owner updates the list after saving. Focus follows the moved item. */
  private change(choices: ModelChoice[], at?: number, control?: Control): void {
    this.show(choices, this.providers);
    this.focusOn(at, control);
    this.options.onChange(choices);
  }

  private focusOn(at: number | undefined, control: Control | undefined): void {
    if (at === undefined || control === undefined) return;
    const item = this.items.children[at];
    const wanted = item?.querySelector<HTMLButtonElement>(`[data-control="${control}"]`);
    // At an end of the list, the button that was used becomes disabled.
    const button = wanted?.disabled === false ? wanted : item?.querySelector<HTMLButtonElement>('[data-control="picker"]');
    (button ?? this.add.button).focus();
  }
}
