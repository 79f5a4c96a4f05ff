// Host side of the form for an item, a new task or chat, or the settings of an existing one.
import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { FailureError, toFailureError } from '../../infrastructure/errors';
import { SinglePage } from '../../infrastructure/singlePage';
import {
  codexChangeTemplate,
  codexCreate,
  codexGet,
  codexList,
  codexUpdate,
  providerModels,
  templateGet,
} from '../../protocol/protocol.generated';
import type { CodexGetResult, CodexSummary, TemplateView } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import type { ProviderList } from '../../server/providerList';
import { type FromItemPage, fromItemPage, type ItemTarget, type NewTarget, type ToItemPage } from '../../common/messages/item';
import { visibleText } from '../../common/visibleText';
import type { Documents } from './documents';
import type { History } from './history';
import { spawnParams, startTask } from './startTask';

export const viewType = 'plue.item';

export interface ItemServices {
  sidecar: Sidecar;
  providers: ProviderList;
  documents: Documents;
  history: History;
  extensionUri: vscode.Uri;
  log: vscode.LogOutputChannel;
}

export class ItemEditor implements vscode.Disposable {
  private readonly disposables = new Disposables();
  private readonly page: SinglePage<FromItemPage, ToItemPage>;
  private target: ItemTarget | undefined;
  private template: TemplateView | undefined;
  private codex: CodexSummary | undefined;
  /** The values shown in the webview. */
  private values: Record<string, unknown> = {};
  /** True while this form saves, so that its own changes cause no update. */
  private isSaving = false;
  private isLooking = false;

  constructor(private readonly services: ItemServices) {
    this.page = this.disposables.add(
      new SinglePage<FromItemPage, ToItemPage>({
        name: 'item',
        title: l10n.t('Plue Item'),
        viewType,
        extensionUri: services.extensionUri,
        log: services.log,
        schema: fromItemPage,
        act: (message) => this.act(message),
        refuse: (error) => ({ type: 'refused', error }),
      }),
    );
    this.disposables.add(
      services.sidecar.onCodexChanged(({ uri, codex }) => {
        if (uri !== this.codex?.uri || this.isSaving || codex?.version === this.codex.version) return;
        if (codex === undefined) this.page.post({ type: 'changed', isGone: true });
        else if (isFile(codex)) this.page.post({ type: 'changed', isGone: false });
        else void this.reload(codex);
      }),
    );
    this.disposables.add(services.providers.onDidChange((providers) => this.page.post({ type: 'providers', providers })));
  }

  async open(target: ItemTarget): Promise<void> {
    this.target = target;
    const wasOpen = this.page.isOpen;
    this.page.reveal();
    // A new webview requests its data itself.
    if (wasOpen) await this.show();
  }

  dispose(): void {
    this.disposables.dispose();
  }

  private async act(message: FromItemPage): Promise<void> {
    switch (message.type) {
      case 'ready':
        this.target ??= message.target;
        return this.show();
      case 'reload':
        return this.show();
      case 'save':
        return this.save(message.title, message.values, message.expectedVersion);
      case 'listModels':
        return this.listModels(message.providerId);
      case 'connect':
        await vscode.commands.executeCommand('plue.manageProviders');
        return;
      case 'history':
        return this.services.history.show(this.opened());
      case 'editWithPlue':
        await vscode.commands.executeCommand('plue.editWithPlue', this.opened().uri);
        return;
      case 'openFile': {
        const { document } = await this.services.sidecar.request(codexGet, { uri: this.opened().uri });
        if (document?.path !== undefined) await vscode.window.showTextDocument(vscode.Uri.file(document.path));
        return;
      }
      case 'delete':
        return this.services.documents.delete(this.opened());
    }
  }

  private async show(): Promise<void> {
    const { target } = this;
    const { sidecar } = this.services;
    if (target === undefined) throw new FailureError('notFound', l10n.t('No item is selected. Run Plue: Open Item to open one.'));
    this.codex = undefined;
    const found = 'uri' in target ? await this.get(target.uri) : undefined;
    const templateId = 'uri' in target ? (found?.codex.templateId ?? '') : target.templateId;
    if (found !== undefined && templateId === '') {
      const words = l10n.t('The file of {0} contains errors, so the form can’t be shown. Open the file and fix them.', found.codex.title);
      throw new FailureError('validationFailed', words);
    }
    const template = await sidecar.request(templateGet, { id: templateId });
    const offers = await this.offersFor(template);
    // Another form was opened meanwhile.
    if (this.target !== target) return;
    this.template = template;
    this.codex = found?.codex;
    this.values = found === undefined ? {} : valuesOf(found);
    const title = found === undefined ? l10n.t('New {0}', template.name) : found.codex.title;
    this.page.setTitle(visibleText(found === undefined || isFile(found.codex) ? title : l10n.t('Settings: {0}', title)));
    this.page.post({ type: 'providers', providers: this.services.providers.items });
    this.page.post({
      type: 'form',
      target,
      template,
      ...(found === undefined ? {} : { codex: found.codex }),
      values: 'uri' in target ? this.values : (target.values ?? {}),
      offers,
      ...(found?.readOnlyReason === undefined ? {} : { readOnlyReason: found.readOnlyReason }),
      ...(found?.hookFailures === undefined ? {} : { hookFailures: found.hookFailures }),
    });
    if (this.services.providers.items.length === 0) await this.services.providers.refresh();
  }

  private async save(title: string | undefined, values: Record<string, unknown>, expectedVersion: number | undefined): Promise<void> {
    const { target, template } = this;
    if (target === undefined || template === undefined) return;
    this.isSaving = true;
    try {
      if ('templateId' in target) await this.create(template, title, values, target);
      else await this.change(target.uri, values, expectedVersion);
    } finally {
      this.isSaving = false;
    }
  }

  /** An item stays open after it was created; a chat or task opens in its panel. */
  private async create(
    template: TemplateView,
    title: string | undefined,
    values: Record<string, unknown>,
    { parentId, chat }: NewTarget,
  ): Promise<void> {
    const { sidecar, providers } = this.services;
    const { collection } = template;
    const isFiled = collection === undefined || collection === 'items';
    if (!isFiled) await providers.ensureDefault();
    if (collection === 'tasks') return this.leaveFor(await startTask(sidecar, spawnParams(template.id, title, values, parentId)));
    const given = { ...(title === undefined ? {} : { title }), values };
    if (chat !== undefined) {
      const changed = await sidecar.request(codexChangeTemplate, { uri: chat, templateId: template.id, ...given });
      return this.leaveFor(changed.uri);
    }
    const codex = await sidecar.request(codexCreate, { templateId: template.id, ...(isFiled ? {} : { collection }), ...given });
    return isFiled ? this.showSaved(codex) : this.leaveFor(codex.uri);
  }

  private async leaveFor(uri: string): Promise<void> {
    this.page.close();
    await vscode.commands.executeCommand('plue.openChat', uri);
  }

  private async change(uri: string, set: Record<string, unknown>, expectedVersion: number | undefined): Promise<void> {
    const { sidecar } = this.services;
    if (this.codex !== undefined && !isFile(this.codex)) {
      // Each message creates a newer version of a chat; only changes of the form's values matter.
      const { codex, values } = await this.get(uri);
      if (!isSame(values ?? {}, this.values))
        throw new FailureError('conflict', l10n.t('The settings of “{0}” were changed elsewhere.', codex.title));
      await this.showSaved(await sidecar.request(codexUpdate, { uri, set }));
    } else {
      await this.showSaved(await sidecar.request(codexUpdate, { uri, set, ...(expectedVersion === undefined ? {} : { expectedVersion }) }));
    }
  }

  private async showSaved(codex: CodexSummary): Promise<void> {
    const { uri } = codex;
    this.codex = codex;
    this.target = { uri };
    const found = await this.get(uri);
    this.values = valuesOf(found);
    if (isFile(codex)) this.page.setTitle(visibleText(codex.title));
    this.page.post({
      type: 'saved',
      codex,
      values: this.values,
      ...(found.hookFailures === undefined ? {} : { hookFailures: found.hookFailures }),
    });
  }

  /** A chat changes with every message, but its settings rarely do. */
  private async reload(codex: CodexSummary): Promise<void> {
    if (this.isLooking || codex.status === 'running') return;
    this.isLooking = true;
    try {
      const found = await this.get(codex.uri);
      if (found.codex.uri !== this.codex?.uri || this.isSaving) return;
      this.codex = found.codex;
      if (!isSame(valuesOf(found), this.values)) this.page.post({ type: 'changed', isGone: false });
    } catch (error) {
      this.services.log.warn(`The settings of ${codex.uri} could not be read: ${toFailureError(error).message}`);
    } finally {
      this.isLooking = false;
    }
  }

  private get(uri: string): Promise<CodexGetResult> {
    return this.services.sidecar.request(codexGet, { uri, limit: 1 });
  }

  /** Returns suggestions for references. Without them the user types the URI. */
  private async offersFor({ fields }: TemplateView): Promise<Record<string, string[]>> {
    const { sidecar, log } = this.services;
    const wanted = fields.filter(({ type, templateFilter }) => type === 'codexReference' && templateFilter !== undefined);
    const lists = wanted.map(async ({ name, templateFilter }): Promise<[string, string[]]> => {
      const collection = templateFilter === 'markdown' ? 'prompts' : templateFilter === 'llm-provider' ? 'providers' : 'items';
      const only = collection === 'items' && templateFilter !== undefined ? { templateId: templateFilter } : {};
      const { items } = await sidecar.request(codexList, { collection, ...only });
      return [name, items.map(({ uri }) => uri)];
    });
    try {
      return Object.fromEntries(await Promise.all(lists));
    } catch (error) {
      log.warn(`Nothing can be offered for ${wanted.map(({ name }) => name).join(', ')}: ${toFailureError(error).message}`);
      return {};
    }
  }

  private async listModels(providerId: string): Promise<void> {
    try {
      const { models, error } = await this.services.sidecar.request(providerModels, { id: providerId });
      this.page.post({ type: 'models', providerId, models, ...(error === undefined ? {} : { error: error.message }) });
    } catch (error) {
      this.page.post({ type: 'models', providerId, models: [], error: toFailureError(error).message });
    }
  }

  private opened(): CodexSummary {
    if (this.codex === undefined) throw new FailureError('notFound', l10n.t('Save the file first.'));
    return this.codex;
  }
}

/** Chats and tasks have no layer. */
function isFile({ layer }: CodexSummary): boolean {
  return layer !== undefined;
}

function valuesOf({ document, values }: CodexGetResult): Record<string, unknown> {
  return document?.values ?? values ?? {};
}

function isSame(one: Record<string, unknown>, other: Record<string, unknown>): boolean {
  const text = (values: Record<string, unknown>): string => JSON.stringify(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)));
  return text(one) === text(other);
}
