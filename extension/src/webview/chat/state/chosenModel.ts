// Provider and model of a chat.
import * as l10n from '@vscode/l10n';
import type { CodexSummary, ModelChoice, ProviderSummary } from '../../../protocol/protocol.generated';
import { choiceText } from '../../shared/modelPicker';

/** Recently used models and the defaults. */
export interface KnownChoices {
  recent: readonly ModelChoice[];
  large?: ModelChoice;
  small?: ModelChoice;
}

/** Returns the name of the selected provider, even if it was deleted, and the model: "Anthropic / claude-sonnet". */
export function chosenText(codex: CodexSummary, providers: ProviderSummary[]): string {
  const choice = chosenChoice(codex, providers);
  return choice === undefined ? l10n.t('Choose a provider') : choiceText(choice, providers);
}

export function chosenProvider(codex: CodexSummary | undefined, providers: ProviderSummary[]): ProviderSummary | undefined {
  return codex?.providerId === undefined
    ? providers.find((provider) => provider.isDefault)
    : providers.find((provider) => provider.id === codex.providerId);
}

/** True if no connected provider could respond. The tour is used then; a chat for which the user selected the tour has its name as title. */
export function isUnconnected(codex: CodexSummary, providers: ProviderSummary[]): boolean {
  const provider = chosenProvider(codex, providers);
  return provider === undefined || (provider.kind === 'tour' && codex.title !== provider.name);
}

/** An empty model means the provider's default. */
export function chosenChoice(codex: CodexSummary, providers: ProviderSummary[]): ModelChoice | undefined {
  const providerId = codex.providerId ?? chosenProvider(codex, providers)?.id;
  if (providerId === undefined) return undefined;
  return { providerId, ...(codex.model === undefined || codex.model === '' ? {} : { model: codex.model }) };
}
