import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as vscode from 'vscode';
import { toFailureError } from '../infrastructure/errors';
import type { LocalizedText } from '../infrastructure/localizedText';
import type { Log } from '../infrastructure/logging';
import { settingsGet } from '../protocol/protocol.generated';
import type { Sidecar } from './client';

/** Milliseconds until the program that shows a notification is ended. */
const timeout = 10_000;

const appleScript = `on run argv
  display notification (item 1 of argv) with title "Plue"
end run`;

const toastScript = `
$manager = [Windows.UI.Notifications.ToastNotificationManager, Windows.UI.Notifications, ContentType = WindowsRuntime]
$toast = $manager::GetTemplateContent([Windows.UI.Notifications.ToastTemplateType]::ToastText02)
$lines = $toast.GetElementsByTagName('text')
$null = $lines.Item(0).AppendChild($toast.CreateTextNode('Plue'))
$null = $lines.Item(1).AppendChild($toast.CreateTextNode($env:PLUE_NOTIFICATION))
$manager::CreateToastNotifier('Microsoft.VisualStudioCode').Show([Windows.UI.Notifications.ToastNotification]::new($toast))`;

/**
 * True in the local time of the user's quiet hours, such as `22:00-07:00`. The sidecar validates them and uses them for the webhook.
 */
export function isQuiet(hours: unknown, now: Date): boolean {
  const [from, to] =
    typeof hours === 'string'
      ? hours.split('-').map((time) => {
          const [hour, minute] = time.trim().split(':');
          return Number(hour) * 60 + Number(minute);
        })
      : [];
  if (from === undefined || to === undefined || Number.isNaN(from) || Number.isNaN(to)) return false;
  const minutes = now.getHours() * 60 + now.getMinutes();
  return from <= to ? minutes >= from && minutes < to : minutes >= from || minutes < to;
}

/** Notifications of the operating system, for a user who works in another program. They contain titles only. */
export class SystemNotifications {
  /** @param programs Only in tests: a folder with the program that shows a notification. */
  constructor(
    private readonly sidecar: Pick<Sidecar, 'request'>,
    private readonly log: Pick<Log, 'debug'>,
    private readonly programs?: string,
  ) {}

  /** Does nothing if this window has the focus, or is not on the user's machine. Does not throw. */
  async show(text: LocalizedText): Promise<void> {
    if (vscode.window.state.focused || vscode.env.remoteName !== undefined) return;
    try {
      const { values } = await this.sidecar.request(settingsGet, {});
      if (values['system_notifications'] === false || isQuiet(values['quiet_hours'], new Date())) return;
      const [program, ...parameters] = this.command(text);
      await promisify(execFile)(program, parameters, { timeout, windowsHide: true, env: { ...process.env, PLUE_NOTIFICATION: text } });
    } catch (error) {
      // A system without such a program is usual.
      this.log.debug(`No system notification: ${toFailureError(error).message}`);
    }
  }

  /** Programs of the system only: a workspace must not provide one through PATH. */
  private command(text: string): [string, ...string[]] {
    const system = process.env['SystemRoot'] ?? 'C:\\Windows';
    switch (process.platform) {
      case 'darwin':
        return [join(this.programs ?? '/usr/bin', 'osascript'), '-e', appleScript, text];
      case 'win32':
        return [
          join(this.programs ?? join(system, 'System32', 'WindowsPowerShell', 'v1.0'), 'powershell.exe'),
          '-NoProfile',
          '-NonInteractive',
          '-Command',
          toastScript,
        ];
      default:
        return [join(this.programs ?? '/usr/bin', 'notify-send'), '--app-name=Visual Studio Code', '--', 'Plue', text];
    }
  }
}
