// Actions on one provider, for the webview and the Command Palette.
import * as l10n from '../../infrastructure/localizedText';
import type { LocalizedText } from '../../infrastructure/localizedText';
import * as v from 'valibot';
import * as vscode from 'vscode';
import { FailureError, UserCancelledError } from '../../infrastructure/errors';
import { showInputBox, showWarningMessage } from '../../infrastructure/window';
import type { ProviderDetail, ProviderSummary, ProviderUses } from '../../protocol/protocol.generated';
import {
  codexCreate,
  providerConfigure,
  providerDelete,
  providerGet,
  providerMoveKey,
  providerSetEnabled,
  providerTest,
} from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import type { ProviderList } from '../../server/providerList';
import { formatChatCount } from '../../common/counts';
import { formatList } from '../../common/formatList';
import { otherCommands } from './commands';

/** As in the provider's file, which may have more fields. */
const modelPrices = v.record(v.string(), v.looseObject({ input: v.optional(v.number()), output: v.optional(v.number()) }));

export class ProviderActions {
  constructor(
    private readonly sidecar: Pick<Sidecar, 'request'>,
    private readonly providers: ProviderList,
  ) {}

  /** Returns a provider from the last list; throws a FailureError if it is missing. */
  find(id: string): ProviderSummary {
    const found = this.providers.items.find((provider) => provider.id === id);
    if (found === undefined) throw new FailureError('notFound', l10n.t('The provider {0} no longer exists.', id));
    return found;
  }

  /** Opens a chat with the tour, regardless of the default provider. */
  async takeTour(): Promise<void> {
    const tour = (await this.providers.refresh()).find(({ source }) => source === 'tour');
    if (tour === undefined) throw new FailureError('notFound', l10n.t('The provider {0} no longer exists.', 'tour'));
    if (this.providers.default === undefined) await this.makeDefault(tour.id);
    const { uri } = await this.sidecar.request(codexCreate, { templateId: 'ai-chat', providerId: tour.id, title: tour.name });
    await vscode.commands.executeCommand(otherCommands.openChat, uri);
  }

  /** Resolves to the test result; throws only if the test could not run. */
  async test(id: string): Promise<ProviderSummary> {
    return this.listed(await this.sidecar.request(providerTest, { id }));
  }

  /** Asks for confirmation before disabling a provider in use. */
  async setEnabled(id: string, enabled: boolean): Promise<ProviderSummary> {
    if (!enabled) await this.confirmOff(this.find(id));
    return this.listed(await this.sidecar.request(providerSetEnabled, { id, enabled }));
  }

  async makeDefault(id: string): Promise<ProviderSummary> {
    const { name, kind } = this.find(id);
    return this.listed(await this.sidecar.request(providerConfigure, { id, name, kind, makeDefault: true }));
  }

  async makeDefaultSmall(id: string): Promise<ProviderSummary> {
    const { name, kind } = this.find(id);
    return this.listed(await this.sidecar.request(providerConfigure, { id, name, kind, makeDefaultSmall: true }));
  }

  /** Asks for the user's own price of a model; empty input removes it. */
  async setPrice(id: string, modelId: string): Promise<void> {
    const { configuration } = await this.sidecar.request(providerGet, { id });
    const { [modelId]: current, ...others } = v.parse(v.optional(modelPrices, {}), configuration['model_prices']);
    const input = await askForPrice(l10n.t('Price of {0} (input)', modelId), current?.input, true);
    const output = input === undefined ? undefined : await askForPrice(l10n.t('Price of {0} (output)', modelId), current?.output, false);
    const prices = input === undefined ? others : { ...others, [modelId]: { ...current, input, output } };
    const { name, kind } = this.find(id);
    const fields = { model_prices: Object.keys(prices).length === 0 ? null : prices };
    await this.listed(await this.sidecar.request(providerConfigure, { id, name, kind, fields }));
  }

  async moveKey(id: string): Promise<ProviderSummary> {
    await this.saveFile(id);
    await vscode.commands.executeCommand(otherCommands.unlockVault);
    return this.listed(await this.sidecar.request(providerMoveKey, { id }));
  }

  /** Saves the open file first, because changing it on disk would conflict with the editor's unsaved changes. */
  private async saveFile(id: string): Promise<void> {
    const { file, fault } = this.find(id);
    const path = fault?.path ?? file;
    const document = vscode.workspace.textDocuments.find((one) => one.uri.scheme === 'file' && one.uri.fsPath === path && one.isDirty);
    if (document !== undefined && !(await document.save())) {
      throw new FailureError('conflict', l10n.t('The provider’s file has unsaved changes that could not be saved. Save the file first.'));
    }
  }

  async openFile(id: string): Promise<void> {
    const { name, file, fault } = this.find(id);
    const path = fault?.path ?? file;
    if (path === undefined)
      throw new FailureError('notFound', l10n.t('{0} has no file yet. It is created when you change a setting.', name));
    const line = Math.max(0, (fault?.line ?? 1) - 1);
    const column = Math.max(0, (fault?.column ?? 1) - 1);
    await vscode.window.showTextDocument(vscode.Uri.file(path), { selection: new vscode.Range(line, column, line, column) });
  }

  /** Shows where the provider is used, and asks whether to delete its key. */
  async delete(id: string): Promise<void> {
    const provider = this.find(id);
    const detail = await this.detailOf(id);
    const hasKey = detail?.key !== undefined || (provider.hasCredential && provider.keyReference?.startsWith('vault://') === true);
    const keep = l10n.t('Delete, Keep Key');
    const both = l10n.t('Delete with Key');
    const others = detail?.key?.usedBy.filter((one) => one !== id) ?? [];
    const lines = [
      usesSentence(detail?.uses),
      l10n.t('Its chats are kept and ask you to choose another provider.'),
      hasKey && others.length > 0 ? l10n.t('The key is kept because {0} also uses it.', formatList(others)) : '',
    ];
    const answer = await showWarningMessage(
      l10n.t('Delete the provider “{0}”?', provider.name),
      { modal: true, detail: lines.filter((line) => line !== '').join('\n') },
      ...(hasKey ? [keep, both] : [l10n.t('Delete')]),
    );
    if (answer === undefined) throw new UserCancelledError();
    await this.sidecar.request(providerDelete, { id, deleteKey: answer === both });
    await this.providers.refresh();
  }

  private async confirmOff(provider: ProviderSummary): Promise<void> {
    const uses = (await this.detailOf(provider.id))?.uses;
    if (uses === undefined || (uses.chatCount === 0 && uses.templates.length === 0 && uses.settings.length === 0)) return;
    const answer = await showWarningMessage(
      l10n.t('Disable the provider “{0}”?', provider.name),
      {
        modal: true,
        detail: `${usesSentence(uses)}\n${l10n.t('Nothing is deleted. Its chats can continue when you enable the provider or choose another one.')}`,
      },
      l10n.t('Disable'),
    );
    if (answer !== l10n.t('Disable')) throw new UserCancelledError();
  }

  /** A provider with an unreadable file has no details but can be deleted. */
  private async detailOf(id: string): Promise<ProviderDetail | undefined> {
    try {
      return await this.sidecar.request(providerGet, { id });
    } catch (error) {
      if (error instanceof FailureError && error.kind === 'sidecarStopped') throw error;
      return undefined;
    }
  }

  private async listed(summary: ProviderSummary): Promise<ProviderSummary> {
    await this.providers.refresh();
    return summary;
  }
}

/** Undefined for empty input. */
async function askForPrice(title: LocalizedText, current: number | undefined, isOptional: boolean): Promise<number | undefined> {
  const typed = await showInputBox({
    title,
    prompt: isOptional
      ? l10n.t('USD per million tokens. Leave empty to use the price of the provider or the catalog.')
      : l10n.t('USD per million tokens'),
    value: current === undefined ? '' : String(current),
    placeHolder: l10n.verbatim('0.25'),
    ignoreFocusOut: true,
    validateInput: (text) =>
      (isOptional && text.trim() === '') || /^\d{1,6}(?:\.\d+)?$/.test(text.trim()) ? undefined : l10n.t('Enter a price such as 0.25.'),
  });
  if (typed === undefined) throw new UserCancelledError();
  return typed.trim() === '' ? undefined : Number(typed.trim());
}

/** Returns "Used by 2 chats, the template reviewer, and the setting default_provider." */
export function usesSentence(uses: ProviderUses | undefined): string {
  if (uses === undefined) return l10n.t('Its uses are unknown.');
  const { chatCount, templates, settings } = uses;
  const users = [
    ...(chatCount === 0 ? [] : [formatChatCount(chatCount)]),
    ...templates.map((template) => l10n.t('the template {0}', template)),
    ...settings.map((setting) => l10n.t('the setting {0}', setting)),
  ];
  if (users.length === 0) return l10n.t('Not used.');
  return users.length === 1 && chatCount <= 1 ? l10n.t('Used by {0}.', formatList(users)) : l10n.t('Used by {0}.', formatList(users));
}
