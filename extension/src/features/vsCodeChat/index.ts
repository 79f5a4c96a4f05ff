import * as v from 'valibot';
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import type { ApprovalList } from '../../server/approvalList';
import type { Sidecar } from '../../server/client';
import type { ProviderList } from '../../server/providerList';
import { RecentModels } from '../../server/recentModels';
import type { SidecarCommand } from '../../server/sidecar';
import { HomeServer, homeServerId } from './homeServer';
import { PlueModels } from './modelProvider';
import { Participant, participantId } from './participant';
import { PlueTool, plueTools } from './plueTool';

const section = 'plue.vsCodeChat';

/** Integrates Plue into VS Code's own chat. Disabled parts are not registered with VS Code. */
export function activateVsCodeChat(
  context: vscode.ExtensionContext,
  sidecar: Sidecar,
  { providers, approvals, find }: { providers: ProviderList; approvals: ApprovalList; find: () => Promise<SidecarCommand> },
): vscode.Disposable {
  const disposables = new Disposables();
  const recent = new RecentModels(context.globalState);
  const parts: Record<string, () => vscode.Disposable> = {
    models: () => {
      const models = new PlueModels(sidecar, () => recent.items);
      return vscode.Disposable.from(vscode.lm.registerLanguageModelChatProvider('plue', models), models);
    },
    participant: () => {
      const plue = new Participant(sidecar, providers, approvals);
      const participant = vscode.chat.createChatParticipant(participantId, (...asked) => plue.respond(...asked));
      participant.iconPath = {
        light: vscode.Uri.joinPath(context.extensionUri, 'extension', 'media', 'plue-light.svg'),
        dark: vscode.Uri.joinPath(context.extensionUri, 'extension', 'media', 'plue-dark.svg'),
      };
      return participant;
    },
    mcp: () => vscode.lm.registerMcpServerDefinitionProvider(homeServerId, new HomeServer(find, versionOf(context))),
    tools: () =>
      vscode.Disposable.from(
        ...Object.entries(plueTools).map(([name, served]) => vscode.lm.registerTool(name, new PlueTool(sidecar, served))),
      ),
  };
  const registered = new Map<string, vscode.Disposable>();
  const register = (): void => {
    const configuration = vscode.workspace.getConfiguration(section);
    for (const [name, begin] of Object.entries(parts)) {
      const isOn = configuration.get(name) === true;
      if (isOn && !registered.has(name)) registered.set(name, begin());
      else if (!isOn) {
        registered.get(name)?.dispose();
        registered.delete(name);
      }
    }
  };
  // Editors based on VS Code may lack these APIs.
  if (Reflect.get(vscode, 'lm') === undefined || Reflect.get(vscode, 'chat') === undefined) return disposables;
  register();
  disposables.add(vscode.workspace.onDidChangeConfiguration((change) => (change.affectsConfiguration(section) ? register() : undefined)));
  disposables.add({ dispose: () => void vscode.Disposable.from(...registered.values()).dispose() });
  return disposables;
}

function versionOf({ extension }: vscode.ExtensionContext): string {
  return v.parse(v.fallback(v.object({ version: v.string() }), { version: '' }), extension.packageJSON).version;
}
