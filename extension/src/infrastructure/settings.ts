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

/** VS Code's own proxy as variables of the sidecar. Only the user's settings count, because an opened folder must not choose a proxy. */
export function proxyVariables(): Record<string, string> {
  const settings = vscode.workspace.getConfiguration('http');
  const proxy = settings.inspect<unknown>('proxy')?.globalValue;
  if (typeof proxy !== 'string' || proxy.trim() === '') return {};
  const bypassed = v.safeParse(v.array(v.string()), settings.inspect<unknown>('noProxy')?.globalValue);
  const hosts = bypassed.success ? bypassed.output.join(',') : '';
  const variables: Record<string, string> = {};
  // Programs read either spelling; on Windows both are the same variable.
  for (const spelling of [(name: string) => name, (name: string) => name.toLowerCase()]) {
    variables[spelling('HTTP_PROXY')] = proxy.trim();
    variables[spelling('HTTPS_PROXY')] = proxy.trim();
    if (hosts !== '') variables[spelling('NO_PROXY')] = hosts;
  }
  return variables;
}
