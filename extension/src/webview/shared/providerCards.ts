// Cards of the first providers, in an empty chat and on the Providers page.
import * as l10n from '@vscode/l10n';
import { providerCards, type ProviderCard } from '../../common/providerCards';
import { element, icon } from './element';

const cards: Record<ProviderCard, { icon: string; name: string; about: string }> = {
  'claude-code': { icon: 'terminal', name: 'Claude Code', about: l10n.t('Your Claude subscription') },
  anthropic: { icon: 'key', name: 'Anthropic', about: l10n.t('Claude models, with an API key') },
  openai: { icon: 'key', name: 'OpenAI', about: l10n.t('GPT models, with an API key') },
  openrouter: { icon: 'key', name: 'OpenRouter', about: l10n.t('Many vendors, with one key') },
  ollama: { icon: 'device-desktop', name: 'Ollama', about: l10n.t('Local models') },
  'openai-compatible': {
    icon: 'server',
    name: l10n.t('OpenAI-compatible server'),
    about: l10n.t('LM Studio, vLLM, gateways'),
  },
};

/** @param mark A status next to the name, such as "Detected". */
export function cardList(
  choose: (card: ProviderCard) => void,
  mark: (card: ProviderCard) => string | undefined = () => undefined,
): HTMLElement {
  return element(
    'ul',
    { class: 'provider-cards', 'aria-label': l10n.t('Providers') },
    ...providerCards.map((card) => {
      const { name, about, icon: iconName } = cards[card];
      const status = mark(card);
      const button = element(
        'button',
        {
          type: 'button',
          class: 'provider-card',
          'data-key': `card:${card}`,
        },
        icon(iconName),
        element(
          'span',
          { class: 'provider-card-text' },
          // The button's accessible name is its content, so that it contains all visible words.
          element('span', { class: 'visually-hidden' }, l10n.t('Choose {0}', name)),
          element(
            'span',
            { class: 'provider-card-name' },
            element('span', { 'aria-hidden': 'true' }, name),
            status === undefined ? undefined : element('span', { class: 'provider-card-status' }, status),
          ),
          element('span', { class: 'provider-card-about' }, about),
        ),
      );
      button.addEventListener('click', () => choose(card));
      return element('li', {}, button);
    }),
  );
}
