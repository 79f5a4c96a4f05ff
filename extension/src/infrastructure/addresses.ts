// Opens addresses in a browser.
import * as vscode from 'vscode';
import { visibleText } from '../common/visibleText';
import * as l10n from './localizedText';
import { showWarningMessage } from './window';

/** VS Code also accepts an address as a string, and only then keeps its percent-encoding. */
interface Browser {
  openExternal(address: string | vscode.Uri): Thenable<boolean>;
}

/** Opens the address exactly as written; warns first if it is misleading. Returns false if it was not opened. */
export async function openAddress(address: string): Promise<boolean> {
  if (isMisleading(address) && !(await confirm(address))) return false;
  const browser: Browser = vscode.env;
  return browser.openExternal(address);
}

export async function openInBrowser(file: vscode.Uri): Promise<boolean> {
  return vscode.env.openExternal(file);
}

/** True if the address has a user name, hidden characters, or a host that browsers read differently than users do. */
export function isMisleading(address: string): boolean {
  const decoded = decode(address);
  if (visibleText(address) !== address || visibleText(decoded) !== decoded || /[\t\n\r]/.test(decoded)) return true;
  if (!URL.canParse(address)) return true;
  const { protocol, host, username, password } = new URL(address);
  if (protocol === 'mailto:') return false;
  const written = /^[a-z]+:\/\/([^/?#]*)/i.exec(address)?.[1]?.toLowerCase() ?? '';
  return username !== '' || password !== '' || written.replace(/:(?:80|443)?$/, '') !== host;
}

async function confirm(address: string): Promise<boolean> {
  const open = l10n.t('Open Link');
  const host = URL.canParse(address) ? new URL(address).host : '';
  const decoded = decode(address);
  const chosen = await showWarningMessage(
    host === '' ? l10n.t('This link may be misleading. Open it?') : l10n.t('Open the link to {0}?', host),
    { modal: true, detail: decoded === address ? address : `${address}\n\n${decoded}` },
    open,
  );
  return chosen === open;
}

function decode(address: string): string {
  try {
    return decodeURIComponent(address);
  } catch {
    return address;
  }
}
