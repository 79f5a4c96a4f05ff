// Content of an empty chat: how to connect a model; later examples, the current model, and how to change it.
import * as l10n from '@vscode/l10n';
import type { CodexSummary, ProviderSummary } from '../../../protocol/protocol.generated';
import { element, icon, textButton } from '../../shared/element';
import type { ProviderCard } from '../../../common/providerCards';
import { visibleText } from '../../../common/visibleText';
import { cardList } from '../../shared/providerCards';
import { withParts } from '../../shared/withParts';
import { chosenProvider, chosenText, isUnconnected } from '../state/chosenModel';

export interface EmptyChatActions {
  /** Inserts a question into the composer, where the user can change and send it. */
  suggest(question: string): void;
  pick(): void;
  connect(card: ProviderCard): void;
  /** Opens the list of all providers. */
  add(): void;
  takeTour(): void;
}

/** Returns examples: the tour has recordings, and agents work on an open folder. */
function suggestionsFor(kind: string | undefined, hasFolder: boolean): string[] {
  if (kind === 'tour') return ['What is Plue?', 'Show me some code', 'How do I connect a provider?'];
  if (hasFolder)
    return [
      l10n.t('Explain how this workspace is organized'),
      l10n.t('Review my uncommitted changes'),
      l10n.t('Add a test that is missing'),
    ];
  return [
    l10n.t('Explain a race condition with a small example'),
    l10n.t('Write a function that parses a date and rejects days that do not exist'),
    l10n.t('What should I check before I merge a change?'),
  ];
}

export class EmptyChat {
  readonly node = element('section', { class: 'empty-chat', 'aria-label': l10n.t('Getting started'), hidden: true });
  private shown = '';

  constructor(private readonly actions: EmptyChatActions) {}

  /** @param hasFolder True if agents can read a folder. */
  show(codex: CodexSummary, providers: ProviderSummary[], hasFolder: boolean): void {
    const provider = chosenProvider(codex, providers);
    const words = chosenText(codex, providers);
    const isConnected = !isUnconnected(codex, providers);
    const key = JSON.stringify([provider?.kind, words, isConnected, hasFolder]);
    this.node.hidden = false;
    if (key === this.shown) return;
    this.shown = key;
    if (isConnected && provider !== undefined) this.showExamples(provider, words, suggestionsFor(provider.kind, hasFolder));
    else this.showCards(true);
  }

  private showExamples(provider: ProviderSummary, words: string, suggestions: readonly string[]): void {
    this.node.replaceChildren(
      element('h2', {}, l10n.t('Examples')),
      element('ul', { class: 'suggestions' }, ...suggestions.map((question) => element('li', {}, this.suggestion(question)))),
      this.answeredBy(provider, words),
    );
  }

  private showCards(offersTour: boolean): void {
    this.node.replaceChildren(
      element('h2', {}, l10n.t('Connect a model')),
      element('p', { class: 'provider-line' }, l10n.t('Plue uses your own subscription, API key, or local model.')),
      cardList((card) => this.actions.connect(card)),
      element(
        'div',
        { class: 'buttons' },
        textButton(l10n.t('More Providers…'), () => this.actions.add()),
        ...(offersTour ? [textButton(l10n.t('Take the Tour'), () => this.actions.takeTour())] : []),
      ),
      ...(offersTour
        ? [
            element(
              'p',
              { class: 'provider-line tour-note' },
              l10n.t('The tour replays recorded chats. It needs no key and sends nothing.'),
            ),
          ]
        : []),
    );
  }

  hide(): void {
    this.node.hidden = true;
  }

  private suggestion(question: string): HTMLElement {
    const button = element('button', { type: 'button', class: 'suggestion' }, icon('comment'), element('span', {}, question));
    button.addEventListener('click', () => this.actions.suggest(question));
    return button;
  }

  private answeredBy(provider: ProviderSummary, words: string): HTMLElement {
    if (provider.kind === 'tour') {
      return element(
        'div',
        { class: 'provider-line' },
        element('p', {}, l10n.t('This is the tour. Responses are replayed from a recording; no model is called and nothing is sent.')),
        element(
          'div',
          { class: 'buttons' },
          textButton(l10n.t('Connect a Model'), () => this.showCards(false), 'primary'),
        ),
      );
    }
    const change = textButton(l10n.t('Change'), () => this.actions.pick(), 'quiet');
    return element(
      'p',
      { class: 'provider-line' },
      ...withParts(l10n.t('Responses come from {0}. {1}'), element('strong', {}, visibleText(words)), change),
    );
  }
}
