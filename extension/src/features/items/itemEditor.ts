// The page of one item, seen from the extension host.
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { FailureError } from '../../infrastructure/errors';
import { SinglePage } from '../../infrastructure/singlePage';
import { codexCreate, codexGet, codexUpdate, templateGet } from '../../protocol/protocol.generated';
import type { CodexSummary } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import type { FromItemPage, ItemTarget, ToItemPage } from '../../webview/item/messages';
import type { Documents } from './documents';
import { readFromItemPage } from './fromPage';
import type { History } from './history';

export const viewType = 'plue.item';

export interface ItemHouse {
  sidecar: Sidecar;
  documents: Documents;
  history: History;
  extensionUri: vscode.Uri;
  log: vscode.LogOutputChannel;
}

export class ItemEditor implements vscode.Disposable {
  private readonly disposables = new Disposables();
  private readonly page: SinglePage<FromItemPage, ToItemPage>;
  private target: ItemTarget | undefined;
  private codex: CodexSummary | undefined;
  /** Changes of our own are no news to the page. */
  private isSaving = false;

  constructor(private readonly house: ItemHouse) {
    this.page = this.disposables.add(
      new SinglePage<FromItemPage, ToItemPage>({
        name: 'item',
        title: 'Plue Item',
        viewType,
        extensionUri: house.extensionUri,
        log: house.log,
        read: readFromItemPage,
        act: (message) => this.act(message),
        refuse: (error) => ({ type: 'refused', error }),
      }),
    );
    this.disposables.add(
      house.sidecar.onCodexChanged(({ uri, codex }) => {
        if (uri !== this.codex?.uri || this.isSaving || codex?.version === this.codex.version) return;
        this.page.post({ type: 'changed', isGone: codex === undefined });
      }),
    );
  }

  async open(target: ItemTarget): Promise<void> {
    this.target = target;
    const wasOpen = this.page.isOpen;
    this.page.reveal();
    // A page that comes up asks itself.
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
      case 'history':
        return this.house.history.show(this.opened());
      case 'openFile': {
        const { document } = await this.house.sidecar.request(codexGet, { uri: this.opened().uri });
        if (document?.path !== undefined) await vscode.window.showTextDocument(vscode.Uri.file(document.path));
        return;
      }
      case 'delete':
        return this.house.documents.delete(this.opened());
    }
  }

  private async show(): Promise<void> {
    const { target } = this;
    const { sidecar } = this.house;
    if (target === undefined) throw new FailureError('notFound', 'No item is chosen. Open one with Plue: Open Item.');
    this.codex = undefined;
    if ('templateId' in target) {
      const template = await sidecar.request(templateGet, { id: target.templateId });
      this.page.entitle(`New ${template.name}`);
      this.page.post({ type: 'form', target, template, values: {} });
      return;
    }
    const { codex, document, readOnlyReason } = await sidecar.request(codexGet, { uri: target.uri });
    const template = await sidecar.request(templateGet, { id: codex.templateId });
    this.codex = codex;
    this.page.entitle(codex.title);
    const values = document?.values ?? {};
    this.page.post({ type: 'form', target, template, codex, values, ...(readOnlyReason === undefined ? {} : { readOnlyReason }) });
  }

  private async save(title: string | undefined, values: Record<string, unknown>, expectedVersion: number | undefined): Promise<void> {
    const { target } = this;
    const { sidecar } = this.house;
    if (target === undefined) return;
    this.isSaving = true;
    try {
      this.codex =
        'templateId' in target
          ? await sidecar.request(codexCreate, { templateId: target.templateId, ...(title === undefined ? {} : { title }), values })
          : await sidecar.request(codexUpdate, {
              uri: target.uri,
              set: values,
              ...(expectedVersion === undefined ? {} : { expectedVersion }),
            });
      const { uri } = this.codex;
      this.target = { uri };
      const { document } = await sidecar.request(codexGet, { uri });
      this.page.entitle(this.codex.title);
      this.page.post({ type: 'saved', codex: this.codex, values: document?.values ?? {} });
    } finally {
      this.isSaving = false;
    }
  }

  private opened(): CodexSummary {
    if (this.codex === undefined) throw new FailureError('notFound', 'Save it first.');
    return this.codex;
  }
}
