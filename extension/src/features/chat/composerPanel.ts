// Handles messages of the composer: files, queue, pins, prompts, and context usage.
import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { toFailureError } from '../../infrastructure/errors';
import type { Handlers } from '../../common/handlers';
import { showInformationMessage, showInputBox } from '../../infrastructure/window';
import {
  attachmentInspect,
  attachmentStore,
  codexGet,
  codexList,
  codexUpdate,
  mcpPrompt,
  mcpPrompts,
  messageCommands,
  messageContext,
  messagePrompt,
  messageSteer,
  messageUnqueue,
  settingsGet,
  skillList,
} from '../../protocol/protocol.generated';
import type { Attachment, AttachmentView } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import type { ComposerFromPage, ComposerToPage, FilePlace, TextSource } from '../../common/messages/chatComposer';
import type { EditorContext } from './editorContext';
import type { LastEditor } from './insertCode';
import { findSymbols } from './symbols';
import type { TextSources } from './textSources';
import { promptText } from './promptText';
import type { WorkspaceFiles } from './workspaceFiles';
import { readImage } from './workspaceImage';

export interface ComposerServices {
  sidecar: Sidecar;
  files: WorkspaceFiles;
  lastEditor: LastEditor;
  editorContext: EditorContext;
  sources: TextSources;
  log: vscode.LogOutputChannel;
}

export class ComposerPanel implements vscode.Disposable {
  private readonly disposables = new Disposables();
  /** The last file query of the webview, repeated when more files were found. */
  private asked: string | undefined;

  constructor(
    private readonly codexId: string,
    private readonly services: ComposerServices,
    private readonly post: (message: ComposerToPage) => void,
  ) {
    this.disposables.add(
      services.files.onDidRead(() => {
        if (this.asked !== undefined) void this.findFiles(this.asked);
      }),
    );
    this.disposables.add(services.editorContext.onDidChange(() => this.showEditor()));
  }

  /** Shows the active file or its selection beside the draft. */
  showEditor(): void {
    const { place, choice } = this.services.editorContext;
    this.post({ type: 'editorContext', choice, ...(place === undefined ? {} : { place }) });
  }

  dispose(): void {
    this.disposables.dispose();
  }

  readonly handlers: Handlers<ComposerFromPage> = {
    findFiles: ({ text }) => this.findFiles(text),
    inspect: ({ chipId, attachment }) => this.inspect(chipId, attachment),
    readSource: ({ chipId, source, of }) => this.readSource(chipId, source, of),
    openText: ({ name, text }) => this.services.sources.open(name, text),
    readImage: ({ chipId, path, allowOutside }) => this.readImage(chipId, path, allowOutside === true),
    storeImage: ({ chipId, name, mediaType, data }) =>
      this.look(chipId, () => this.services.sidecar.request(attachmentStore, { name, mediaType, data })),
    dropped: ({ uris }) => this.attach(uris.flatMap(fileUri)),
    pickFiles: async () => this.attach((await this.pick(l10n.t('Add to Message'))) ?? []),
    attachSelection: () => this.attachSelection(),
    steer: async ({ queuedId, text, attachments }) => {
      await this.services.sidecar.request(messageSteer, { codexId: this.codexId, queuedId, text, attachments });
    },
    unqueue: async ({ queuedId }) => {
      await this.services.sidecar.request(messageUnqueue, { codexId: this.codexId, queuedId });
    },
    pin: ({ paths }) => this.pin(paths),
    pickPin: () => this.pickPins(),
    measureContext: ({ draft, attachments }) => this.measure(draft, attachments),
    keepEditorChoice: ({ choice }) => this.services.editorContext.keep(choice),
    listPrompts: async () => {
      await Promise.all([this.listPrompts(), this.listSkills(), this.listServerPrompts()]);
    },
    readPrompt: ({ uri }) => this.readPrompt(uri),
    readServerPrompt: ({ server, name, given }) => this.readServerPrompt(server, name, given),
  };

  private async findFiles(text: string): Promise<void> {
    this.asked = text;
    const found = await this.services.files.find(text);
    if (this.asked !== text) return;
    this.post({ type: 'files', text, ...found });
    // Language servers can be slow, so files are sent first.
    const symbols = await findSymbols(text, this.services.files);
    if (symbols.length === 0 || this.asked !== text) return;
    this.post({ type: 'files', text, ...(await this.services.files.find(text, symbols)) });
  }

  /** Attaches files that the user selected outside the webview. */
  attach(uris: readonly vscode.Uri[]): void {
    const files = uris.map((uri): FilePlace => ({ path: this.services.files.pathOf(uri) }));
    if (files.length > 0) this.post({ type: 'attach', files });
  }

  private attachSelection(): void {
    const selection = this.services.files.selection();
    if (selection === undefined) void showInformationMessage(l10n.t('Nothing is selected in the editor. Select lines and try again.'));
    else this.post({ type: 'attach', files: [selection] });
  }

  private inspect(chipId: string, { path, range, mode }: Attachment): Promise<void> {
    return this.look(chipId, () => this.services.sidecar.request(attachmentInspect, { path: path ?? '', range, mode }));
  }

  private async look(chipId: string, ask: () => Promise<AttachmentView>): Promise<void> {
    try {
      this.post({ type: 'inspected', chipId, view: await ask() });
    } catch (error) {
      this.post({ type: 'inspected', chipId, error: toFailureError(error).message });
    }
  }

  private async readSource(chipId: string, source: TextSource, of: string | undefined): Promise<void> {
    try {
      this.post({ type: 'sourceText', chipId, ...(await this.services.sources.read(source, of)) });
    } catch (error) {
      this.post({ type: 'sourceText', chipId, error: toFailureError(error).message });
    }
  }

  private async readImage(chipId: string, path: string, allowOutside: boolean): Promise<void> {
    try {
      if (!vscode.workspace.isTrusted) throw new Error(l10n.t('This folder isn’t trusted, so Plue won’t open its files.'));
      const { mediaType, data } = await readImage(path, allowOutside);
      this.post({ type: 'image', chipId, mediaType, data: data.toString('base64') });
    } catch (error) {
      this.post({ type: 'inspected', chipId, error: toFailureError(error).message });
    }
  }

  private async pick(title: string): Promise<vscode.Uri[] | undefined> {
    const { folder } = this.services.files;
    return vscode.window.showOpenDialog({
      title,
      openLabel: l10n.t('Add'),
      canSelectMany: true,
      ...(folder === undefined ? {} : { defaultUri: vscode.Uri.file(folder) }),
    });
  }

  /** Lets the user select files to pin. */
  async pickPins(): Promise<void> {
    const picked = (await this.pick(l10n.t('Pin: Send with Every Message'))) ?? [];
    if (picked.length === 0) return;
    const { contextFiles } = await this.services.sidecar.request(codexGet, { uri: this.codexId, limit: 1 });
    const paths = [...contextFiles.map(({ path }) => path), ...picked.map((uri) => this.services.files.pathOf(uri))];
    await this.pin([...new Set(paths)]);
  }

  private async pin(contextFiles: string[]): Promise<void> {
    const { sidecar } = this.services;
    await sidecar.request(codexUpdate, { uri: this.codexId, contextFiles });
    const { contextFiles: files } = await sidecar.request(codexGet, { uri: this.codexId, limit: 1 });
    this.post({ type: 'contextFiles', files });
  }

  /** If this fails, the context meter is hidden. */
  private async measure(draft: string, attachments: Attachment[]): Promise<void> {
    const { sidecar, log } = this.services;
    const quietly = async <T>(ask: Promise<T>): Promise<T | undefined> =>
      ask.catch((error: unknown) => {
        log.debug(`The context was not measured: ${toFailureError(error).message}`);
        return undefined;
      });
    const [context, settings] = await Promise.all([
      quietly(sidecar.request(messageContext, { codexId: this.codexId, draft, attachments })),
      quietly(sidecar.request(settingsGet, {})),
    ]);
    const limit = settings?.values['budget_usd_per_chat'];
    this.post({
      type: 'context',
      ...(context === undefined ? {} : { context }),
      ...(typeof limit === 'number' && limit > 0 ? { costLimit: limit } : {}),
    });
  }

  /** Built-in prompts are omitted: they are instructions for agents. */
  private async listPrompts(): Promise<void> {
    const { sidecar } = this.services;
    const [{ items }, { items: commands }] = await Promise.all([
      sidecar.request(codexList, { collection: 'prompts' }),
      sidecar.request(messageCommands, { codexId: this.codexId }),
    ]);
    const prompts = items
      .filter(({ layer }) => layer !== 'shipped')
      .map(({ uri, title, description }) => ({ uri, title, ...(description === undefined ? {} : { description }) }));
    this.post({ type: 'prompts', prompts, ...(commands.length === 0 ? {} : { commands }) });
  }

  private async listSkills(): Promise<void> {
    const { skills } = await this.services.sidecar.request(skillList, {});
    this.post({
      type: 'skills',
      skills: skills
        .filter(({ state, isForUser }) => state === 'on' && isForUser)
        .map(({ name, description, argumentHint }) => ({ name, description, ...(argumentHint === undefined ? {} : { argumentHint }) })),
    });
  }

  private async listServerPrompts(): Promise<void> {
    const { prompts } = await this.services.sidecar.request(mcpPrompts, {});
    this.post({ type: 'serverPrompts', prompts });
  }

  /** Asks for required arguments that are missing. The text is inserted into the draft, so the user sees it before it is sent. */
  private async readServerPrompt(server: string, name: string, argumentText: string): Promise<void> {
    const { sidecar } = this.services;
    let answer = await sidecar.request(mcpPrompt, { server, name, argumentText, values: [] });
    if (answer.text === undefined) {
      const values = [];
      for (const argument of answer.missing) {
        const value = await showInputBox({
          title: l10n.verbatim(`/${server}.${name}`),
          prompt: l10n.verbatim(argument.description === '' ? argument.name : `${argument.name}: ${argument.description}`),
          ignoreFocusOut: true,
        });
        if (value === undefined) return;
        values.push({ name: argument.name, value });
      }
      answer = await sidecar.request(mcpPrompt, { server, name, argumentText, values });
    }
    if (answer.text !== undefined) this.post({ type: 'promptText', text: answer.text, args: [] });
  }

  private async readPrompt(uri: string): Promise<void> {
    const {
      text,
      placeholders,
      arguments: args,
    } = await this.services.sidecar.request(messagePrompt, { codexId: this.codexId, prompt: uri });
    const editor = this.services.lastEditor.current;
    const selection = editor === undefined || editor.selection.isEmpty ? undefined : editor.document.getText(editor.selection);
    this.post({
      type: 'promptText',
      text: promptText(text, placeholders, {
        ...(selection === undefined ? {} : { selection }),
        ...(editor === undefined ? {} : { file: this.services.files.pathOf(editor.document.uri) }),
      }),
      args,
    });
  }
}

/** Parses a file URI or path. */
function fileUri(address: string): vscode.Uri[] {
  try {
    const uri = vscode.Uri.parse(address, true);
    if (uri.scheme === 'file') return [uri];
    // A VS Code server uses this scheme for files on its machine.
    return uri.scheme === 'vscode-remote' ? [vscode.Uri.file(uri.path)] : [];
  } catch {
    return [];
  }
}
