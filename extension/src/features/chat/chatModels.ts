// Chooses the provider and the model of a chat, and sends what the model picker shows.
import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { toFailureError } from '../../infrastructure/errors';
import { showQuickPick } from '../../infrastructure/window';
import type { Handlers } from '../../common/handlers';
import type { FromChatPage, ToChatPage } from '../../common/messages/chat';
import type { ProviderCard } from '../../common/providerCards';
import { providerModels, settingsGet } from '../../protocol/protocol.generated';
import { readChoice } from '../../protocol/settingValues';
import type { Sidecar } from '../../server/client';
import type { ProviderList } from '../../server/providerList';
import type { RecentModels } from '../../server/recentModels';
import type { ChatSession } from './chatSession';

export interface ModelServices {
  sidecar: Sidecar;
  providers: ProviderList;
  recent: RecentModels;
  log: vscode.LogOutputChannel;
}

export class ChatModels {
  constructor(
    private readonly session: ChatSession,
    private readonly services: ModelServices,
    private readonly post: (message: ToChatPage) => void,
  ) {}

  readonly handlers: Pick<Handlers<FromChatPage>, 'choose' | 'listModels'> = {
    choose: ({ providerId, model }) => this.choose(providerId, model),
    listModels: ({ providerId }) => this.listModels(providerId),
  };

  /** Connecting reports its own errors. @returns False if no provider was connected. */
  async connect(card: ProviderCard): Promise<boolean> {
    const id = await vscode.commands.executeCommand<string | undefined>('plue.connectProvider', card);
    if (id === undefined) return false;
    if (this.services.providers.default?.id !== id || this.session.codex?.providerId !== undefined) await this.choose(id, undefined);
    return true;
  }

  async askForProvider(): Promise<void> {
    const items = await this.services.providers.refresh();
    const providers = items
      .filter((provider) => provider.enabled)
      .map((provider) => ({ label: provider.name, description: provider.model ?? '', id: provider.id }));
    const manage = { label: l10n.t('Manage Providers…'), icon: 'plug', description: '', id: undefined };
    const chosen = await showQuickPick([...providers, manage], { title: l10n.t('Provider for this chat') });
    if (chosen?.id !== undefined) await this.choose(chosen.id, undefined);
    else if (chosen) await vscode.commands.executeCommand('plue.manageProviders');
  }

  /** Puts the model of the chat first in the list. */
  async rememberChosen(): Promise<void> {
    const { codex } = this.session;
    if (codex?.providerId === undefined) return;
    await this.services.recent.use(codex.providerId, codex.model);
    await this.sendChoices();
  }

  /** Marks and order for the model picker; without settings there are no marks. */
  async sendChoices(): Promise<void> {
    const recent = this.services.recent.items;
    try {
      const { values } = await this.services.sidecar.request(settingsGet, {});
      const large = readChoice(values['default_large']);
      const small = readChoice(values['default_small']);
      this.post({ type: 'choices', recent, ...(large === undefined ? {} : { large }), ...(small === undefined ? {} : { small }) });
    } catch (error) {
      this.services.log.warn(`The settings could not be read: ${toFailureError(error).message}`);
      this.post({ type: 'choices', recent });
    }
  }

  /** Without a model the sidecar uses the provider's default. */
  private async choose(providerId: string, model: string | undefined): Promise<void> {
    await this.session.update({ providerId, model });
    await this.rememberChosen();
  }

  private async listModels(providerId: string): Promise<void> {
    try {
      const { models, error } = await this.services.sidecar.request(providerModels, { id: providerId });
      this.post({ type: 'models', providerId, models, ...(error === undefined ? {} : { error: error.message }) });
    } catch (error) {
      this.post({ type: 'models', providerId, models: [], error: toFailureError(error).message });
    }
  }
}
