import * as v from 'valibot';
import * as vscode from 'vscode';

/** Settings from the environment of VS Code. */
export interface LaunchSettings {
  /** PLUE_SERVER_PATH: path of the sidecar to use. */
  serverPath?: string;
  /** PLUE_OPEN_CHAT=1: have a chat ready when the window is. */
  openChat: boolean;
}

const environment = v.object({
  PLUE_SERVER_PATH: v.optional(v.string()),
  PLUE_OPEN_CHAT: v.optional(v.string()),
});

export function readLaunchSettings(env: unknown): LaunchSettings {
  const parsed = v.safeParse(environment, env);
  if (!parsed.success) return { openChat: false };
  const serverPath = parsed.output.PLUE_SERVER_PATH?.trim();
  return { ...(serverPath ? { serverPath } : {}), openChat: parsed.output.PLUE_OPEN_CHAT === '1' };
}

/** The user's setting `plue.chat.location`. */
export function chatsOpenInSideBar(): boolean {
  return vscode.workspace.getConfiguration('plue').get('chat.location') !== 'editor';
}
