import * as v from 'valibot';
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { runWithErrorHandling } from '../../infrastructure/errors';
import { chatsOpenInSideBar } from '../../infrastructure/settings';
import type { ApprovalList } from '../../server/approvalList';
import { isShownByFeature } from '../../server/backgroundChat';
import type { Sidecar } from '../../server/client';
import type { ProviderList } from '../../server/providerList';
import type { SystemNotifications } from '../../server/systemNotifications';
import type { TaskList } from '../../server/taskList';
import { chosenFiles, chosenSelection } from './addToChat';
import { ApplyCode } from './applyCode';
import { registerImages } from './attachedFiles';
import { notifyNearBudget } from './budgetNotification';
import type { ChatPanel } from './chatPanel';
import { focusView } from './chatHost';
import { ChatPanels, untitled, viewType } from './chatPanels';
import { commands } from './commands';
import { notifyWhenFinished } from './finished';
import { conversationPattern } from '../../common/messages/fields';
import { EditorContext } from './editorContext';
import { LastEditor } from './insertCode';
import { pickChat } from './pickChat';
import { RecentModels } from '../../server/recentModels';
import { SavedChats } from './savedChats';
import { TextSources } from './textSources';
import { Transfer } from './transfer';
import { WorkspaceFiles } from './workspaceFiles';

const line = v.pipe(v.number(), v.integer(), v.minValue(1));
/** A message that another feature sends. */
const question = v.object({
  text: v.string(),
  files: v.array(v.object({ path: v.string(), range: v.optional(v.object({ start: line, end: line })) })),
});

const viewShownKey = 'plue.chatViewShown';

/** `openAtStart`: opens a chat unless VS Code restores one. */
export function activateChat(
  context: vscode.ExtensionContext,
  sidecar: Sidecar,
  {
    providers,
    approvals,
    tasks,
    systemNotifications,
  }: { providers: ProviderList; approvals: ApprovalList; tasks: TaskList; systemNotifications: SystemNotifications },
  log: vscode.LogOutputChannel,
  openAtStart: boolean,
): vscode.Disposable {
  const disposables = new Disposables();
  const lastEditor = disposables.add(new LastEditor());
  const files = disposables.add(new WorkspaceFiles(lastEditor));
  const applyCode = disposables.add(new ApplyCode(lastEditor));
  const panels = disposables.add(
    new ChatPanels(
      {
        sidecar,
        providers,
        approvals,
        tasks,
        log,
        recent: new RecentModels(context.globalState),
        saved: disposables.add(new SavedChats(context.workspaceState)),
        lastEditor,
        sources: disposables.add(new TextSources(sidecar, files)),
        editorContext: disposables.add(new EditorContext(sidecar, files, lastEditor, context.workspaceState)),
        files,
        applyCode,
        pages: vscode.Uri.joinPath(context.extensionUri, 'extension', 'out', 'webview'),
        icon: {
          light: vscode.Uri.joinPath(context.extensionUri, 'extension', 'media', 'plue-light.svg'),
          dark: vscode.Uri.joinPath(context.extensionUri, 'extension', 'media', 'plue-dark.svg'),
        },
      },
      context.workspaceState,
    ),
  );
  disposables.add(
    notifyWhenFinished({
      sidecar,
      log,
      systemNotifications,
      isVisible: (codexId) => panels.isVisible(codexId) || isShownByFeature(codexId),
      open: (uri, title) => void runWithErrorHandling(log, () => panels.open({ uri, title })),
    }),
  );
  disposables.add(
    notifyNearBudget({
      sidecar,
      tasks,
      log,
      systemNotifications,
      open: (uri, title) => void runWithErrorHandling(log, () => panels.open({ uri, title })),
    }),
  );
  const register = (id: string, action: (...given: unknown[]) => Promise<unknown>): void => {
    disposables.add(vscode.commands.registerCommand(id, (...given: unknown[]) => runWithErrorHandling(log, () => action(...given))));
  };
  register(commands.newChat, () => panels.create());
  register(commands.openChat, async (uri, messageId) => {
    if (typeof uri !== 'string' || !conversationPattern.test(uri)) await panels.openLast();
    else {
      const chat = await panels.open(untitled(uri));
      if (typeof messageId === 'string') chat.goTo(messageId);
    }
  });
  register(commands.reload, async (uri) => (typeof uri === 'string' ? panels.of(uri)?.reload() : undefined));
  register(commands.showChats, async () => {
    const chosen = await pickChat(sidecar);
    if (chosen !== undefined) await panels.open(chosen);
  });
  register(commands.focusChat, async () => {
    // The context key of the key binding that returns focus to the editor can lag behind.
    if (panels.isFocused) await vscode.commands.executeCommand('workbench.action.focusActiveEditorGroup');
    else if (files.selection() === undefined) await panels.focus();
    else await panels.attach(chosenSelection(files));
  });
  register(commands.focusComposer, () => panels.focus());
  register(commands.stop, async () => panels.active?.stop());
  register(commands.addFileToChat, async (clicked, chosen) => panels.attach(await chosenFiles(files, clicked, chosen)));
  register(commands.addSelectionToChat, () => panels.attach(chosenSelection(files)));
  register(commands.askInChat, async (given) => {
    const { text, files: places } = v.parse(question, given);
    await panels.ask(text, places);
  });
  register(commands.acceptCode, (right) => applyCode.accept(right instanceof vscode.Uri ? right : undefined));
  register(commands.discardCode, (right) => applyCode.discard(right instanceof vscode.Uri ? right : undefined));
  /** A webview menu passes its chat; otherwise the active one is used. */
  const registerForChat = (
    id: string,
    action: (chat: ChatPanel) => Promise<void>,
    other = (): ChatPanel | undefined => panels.active,
  ): void => {
    register(id, async (uri) => {
      const chat = typeof uri === 'string' ? panels.of(uri) : other();
      if (chat !== undefined) await action(chat);
    });
  };
  // A button above the view or a tab applies to the chat below it, even if another chat has focus.
  const inView = (): ChatPanel | undefined => (panels.inView?.host.visible === true ? panels.inView : panels.active);
  registerForChat(commands.openInEditor, (chat) => Promise.resolve(void panels.moveToEditor(chat)), inView);
  registerForChat(
    commands.openInNewWindow,
    async (chat) => {
      panels.moveToEditor(chat);
      await vscode.commands.executeCommand('workbench.action.moveEditorToNewWindow');
    },
    inView,
  );
  registerForChat(
    commands.openInSideBar,
    async (chat) => void (await panels.moveToView(chat)),
    () => panels.inActiveTab,
  );
  registerForChat(commands.undo, (chat) => chat.undo());
  registerForChat(commands.redo, (chat) => chat.session.redo());
  registerForChat(commands.find, (chat) => Promise.resolve(chat.find()));
  registerForChat(commands.jump, (chat) => chat.messages.jump());
  registerForChat(commands.compact, (chat) => chat.compact());
  registerForChat(commands.runAsTask, (chat) => chat.runAsTask());
  registerForChat(commands.continueAsChat, (chat) => chat.continueAsChat());
  registerForChat(commands.pinFiles, (chat) => chat.composer.pickPins());
  registerForChat(commands.settings, async ({ codexId }) => vscode.commands.executeCommand('plue.openItem', codexId));
  // A webview passes its chat, a tree row the whole row; the Command Palette uses the active chat.
  const row = v.object({ type: v.literal('codex'), uri: v.string() });
  register(commands.export, async (given) => {
    const uri = typeof given === 'string' ? given : v.is(row, given) ? given.uri : panels.active?.codexId;
    if (uri !== undefined) await new Transfer(sidecar).export(uri);
  });
  register(commands.importChats, () => new Transfer(sidecar).import());
  disposables.add(registerImages(sidecar));
  disposables.add(vscode.window.registerWebviewPanelSerializer(viewType, panels));

  // VS Code does not show a new view on its own.
  if (!openAtStart && chatsOpenInSideBar() && context.globalState.get(viewShownKey) !== true) {
    void context.globalState.update(viewShownKey, true);
    void vscode.commands.executeCommand(focusView, { preserveFocus: true });
  }
  if (openAtStart && !hasChatTab()) void runWithErrorHandling(log, () => panels.openLast());
  return disposables;
}

/** VS Code adds a prefix to the type of a panel. */
function hasChatTab(): boolean {
  return vscode.window.tabGroups.all
    .flatMap((group) => group.tabs)
    .some((tab) => tab.input instanceof vscode.TabInputWebview && tab.input.viewType.endsWith(viewType));
}
