import type * as vscode from 'vscode';
import type { ApprovalList } from '../../server/approvalList';
import type { Sidecar } from '../../server/client';
import type { ProviderList } from '../../server/providerList';
import type { RecentModels } from '../../server/recentModels';
import type { TaskList } from '../../server/taskList';
import type { ApplyCode } from './applyCode';
import type { EditorContext } from './editorContext';
import type { LastEditor } from './insertCode';
import type { SavedChats } from './savedChats';
import type { TextSources } from './textSources';
import type { WorkspaceFiles } from './workspaceFiles';

/** Services that a panel uses. */
export interface ChatServices {
  sidecar: Sidecar;
  providers: ProviderList;
  approvals: ApprovalList;
  tasks: TaskList;
  lastEditor: LastEditor;
  editorContext: EditorContext;
  sources: TextSources;
  files: WorkspaceFiles;
  applyCode: ApplyCode;
  log: vscode.LogOutputChannel;
  recent: RecentModels;
  saved: SavedChats;
  /** extension/out/webview */
  pages: vscode.Uri;
  icon: { light: vscode.Uri; dark: vscode.Uri };
}
