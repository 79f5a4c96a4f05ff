// Model picker of the chat.
import * as l10n from '@vscode/l10n';
import type { CodexSummary, ModelChoice, ProviderSummary } from '../../../protocol/protocol.generated';
import type { ModelLists } from '../../shared/modelLists';
import { ModelPicker } from '../../shared/modelPicker';
import { chosenChoice, chosenText, type KnownChoices } from '../state/chosenModel';

export interface ModelPickerActions {
  choose(providerId: string, model: string | undefined): void;
  connect(): void;
}

export class ChatModelPicker {
  readonly node: HTMLElement;
  private readonly picker: ModelPicker;
  /** Takes the next choice instead of the chat. */
  private once: ((choice: ModelChoice) => void) | undefined;

  constructor(lists: ModelLists, actions: ModelPickerActions) {
    this.picker = new ModelPicker({
      id: 'picker',
      label: l10n.t('Provider and model'),
      lists,
      choose: (choice) => {
        const { once } = this;
        this.once = undefined;
        if (choice === undefined) return;
        if (once === undefined) actions.choose(choice.providerId, choice.model);
        else once(choice);
      },
      connect: () => actions.connect(),
    });
    this.node = this.picker.node;
    // Opened by the user, it changes the model of the chat.
    this.picker.button.addEventListener('click', () => (this.once = undefined), { capture: true });
  }

  /** @param tokens Of the next message with its context, if known. */
  show(codex: CodexSummary, providers: ProviderSummary[], known: KnownChoices, tokens?: number): void {
    const chosen = chosenChoice(codex, providers);
    const model = chosen?.model ?? providers.find(({ id }) => id === chosen?.providerId)?.model;
    this.picker.show({
      ...known,
      ...(tokens === undefined ? {} : { tokens }),
      ...(model === undefined ? {} : { shortText: model }),
      words: chosenText(codex, providers),
      providers,
      chosen,
    });
  }

  open(): void {
    this.once = undefined;
    this.picker.open();
  }

  /** Selects a model for one response; the model of the chat does not change. */
  ask(choose: (choice: ModelChoice) => void): void {
    this.once = choose;
    this.picker.open();
  }
}
