import * as v from 'valibot';
import * as vscode from 'vscode';

/** Settings from environment variables of VS Code. */
export interface LaunchSettings {
  /** PLUE_SERVER_PATH: path of the sidecar to use. */
  serverPath?: string;
  /** PLUE_OPEN_CHAT=1: opens a chat when the window opens. */
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

/** True if `plue.chat.location` selects the side bar. */
export function chatsOpenInSideBar(): boolean {
  return vscode.workspace.getConfiguration('plue').get('chat.location') !== 'editor';
}

/** Returns VS Code's proxy as environment variables for the sidecar. Workspace settings are ignored, so that a folder cannot set a proxy. */
export function proxyVariables(): Record<string, string> {
  const settings = vscode.workspace.getConfiguration('http');
  const proxy = settings.inspect<unknown>('proxy')?.globalValue;
  if (typeof proxy !== 'string' || proxy.trim() === '') return {};
  const bypassed = v.safeParse(v.array(v.string()), settings.inspect<unknown>('noProxy')?.globalValue);
  const hosts = bypassed.success ? bypassed.output.join(',') : '';
  const variables: Record<string, string> = {};
  // Programs read either case; on Windows both are the same variable.
  for (const spelling of [(name: string) => name, (name: string) => name.toLowerCase()]) {
    variables[spelling('HTTP_PROXY')] = proxy.trim();
    variables[spelling('HTTPS_PROXY')] = proxy.trim();
    if (hosts !== '') variables[spelling('NO_PROXY')] = hosts;
  }
  return variables;
}
