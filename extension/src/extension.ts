import './infrastructure/localization';
import * as vscode from 'vscode';
import { activateApprovals } from './features/approvals';
import { activateChannels } from './features/channels';
import { activateChat } from './features/chat';
import { activateCompletions } from './features/completions';
import { activateEdits } from './features/edits';
import { activateHealth } from './features/health';
import { activateInline } from './features/inline';
import { activateItems } from './features/items';
import { activateLanguage } from './features/language';
import { activateCompare } from './features/compare';
import { activatePlans } from './features/plans';
import { activateProviders } from './features/providers';
import { activateReviews } from './features/reviews';
import { activateSearch } from './features/search';
import { activateServers } from './features/servers';
import { activateSettings } from './features/settings';
import { activateSkills } from './features/skills';
import { activateProgramImport } from './features/programImport';
import { activateSourceControl } from './features/sourceControl';
import { activateStart } from './features/start';
import { activateTemplates } from './features/templates';
import { activateTerminal } from './features/terminal';
import { activateTools } from './features/tools';
import { activateTriggers } from './features/triggers';
import { activateUsage } from './features/usage';
import { activateVault } from './features/vault';
import { activateVsCodeChat } from './features/vsCodeChat';
import { activateWorktrees } from './features/worktrees';
import { runWithErrorHandling } from './infrastructure/errors';
import { proxyVariables, readLaunchSettings } from './infrastructure/settings';
import { workspaceFolders } from './infrastructure/workspaceFolders';
import { ApprovalList } from './server/approvalList';
import { SidecarClient } from './server/client';
import { DotnetRuntime, runtimeMachine } from './server/dotnetRuntime';
import { ProviderList } from './server/providerList';
import { findSidecar, thisMachine, type SidecarCommand } from './server/sidecar';
import { SystemNotifications } from './server/systemNotifications';
import { TaskList } from './server/taskList';
import { setLocale } from './common/locale';

export const commands = {
  showLog: 'plue.showLog',
  restartServer: 'plue.restartServer',
} as const;

let sidecar: SidecarClient | undefined;

/** Awaits nothing: the sidecar starts in parallel with VS Code, and requests wait for it. */
export function activate(context: vscode.ExtensionContext): void {
  const begun = performance.now();
  setLocale(vscode.env.language);
  const launch = readLaunchSettings(process.env);
  const log = vscode.window.createOutputChannel('Plue', { log: true });
  const runtime = new DotnetRuntime(context.extension.id, runtimeMachine);
  const find = (): Promise<SidecarCommand> =>
    findSidecar({
      extensionPath: context.extensionPath,
      machine: thisMachine,
      runtime: () => runtime.find(),
      ...(launch.serverPath === undefined ? {} : { serverPath: launch.serverPath }),
    });
  const client = new SidecarClient({
    log,
    variables: proxyVariables,
    find,
    workspace: () => {
      const folders = workspaceFolders();
      return {
        workspaceFolder: folders[0]?.path,
        ...(folders.length > 1 ? { workspaceFolders: folders } : {}),
        trusted: vscode.workspace.isTrusted,
        keepsRunning: true,
      };
    },
  });
  sidecar = client;
  client.start();
  const providers = new ProviderList(client, log);
  const approvals = new ApprovalList(client, log);
  const tasks = new TaskList(client, log);
  const systemNotifications = new SystemNotifications(client, log);
  context.subscriptions.push(
    log,
    client,
    runtime,
    runtime.onDidAppear(() => runWithErrorHandling(log, () => client.restart())),
    providers,
    approvals,
    tasks,
    vscode.commands.registerCommand(commands.showLog, () => log.show()),
    vscode.commands.registerCommand(commands.restartServer, () => runWithErrorHandling(log, () => client.restart())),
    activateVault(context, client, providers, log),
    activateProviders(context, client, providers, log, launch.openChat),
    activateApprovals(context, client, approvals, systemNotifications, log),
    activateChannels(context, client, tasks, approvals, log),
    activateChat(context, client, { providers, tasks, approvals, systemNotifications }, log, launch.openChat),
    activateEdits(client, log),
    activateWorktrees(client, tasks, log),
    activateReviews(client, log),
    activateInline(client, providers, log),
    activateCompletions(client, log),
    activateSourceControl(client, providers, log),
    activateTerminal(client, log),
    activateSettings(context, client, providers, log),
    activateItems(context, client, providers, log),
    activatePlans(context, client, log),
    activateTriggers(context, client, log),
    activateCompare(context, client, log),
    activateTemplates(context, client, log),
    activateLanguage(client, log),
    activateSearch(context, client, providers, log),
    activateUsage(context, client, log),
    activateServers(client, log, vscode.Uri.joinPath(context.globalStorageUri, '..', '..').fsPath),
    activateTools(client, log),
    activateSkills(client, log),
    activateProgramImport(client, log, vscode.Uri.joinPath(context.globalStorageUri, '..', '..').fsPath),
    activateHealth(context, client, log),
    activateStart(context, client, providers, log),
    activateVsCodeChat(context, client, { providers, approvals, find }),
  );
  log.info(`Activated in ${Math.round(performance.now() - begun)} ms.`);
}

/** VS Code awaits this: the sidecar flushes its data and ends its child processes. */
export async function deactivate(): Promise<void> {
  await sidecar?.stop();
  sidecar = undefined;
}
