// Locates the .NET runtime for the portable sidecar, or installs it with Microsoft's .NET Install Tool extension.
import { execFile } from 'node:child_process';
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import * as l10n from '../infrastructure/localizedText';
import * as v from 'valibot';
import * as vscode from 'vscode';
import { FailureError, toFailureError } from '../infrastructure/errors';
import { isInside } from '../infrastructure/insideFolder';
import { withProgress } from '../infrastructure/window';

const wanted = '10.0';
export const installTool = 'ms-dotnettools.vscode-dotnet-runtime';

/** Properties of the machine for the search. */
export interface RuntimeMachine {
  platform: string;
  env: Record<string, string | undefined>;
  /** Default install locations. */
  usualPlaces: string[];
  /** Workspace folders; programs in them are not run. */
  folders: string[];
}

export function runtimeMachine(): RuntimeMachine {
  const folders = vscode.workspace.workspaceFolders ?? [];
  return {
    platform: process.platform,
    env: process.env,
    usualPlaces: usualPlaces(process.platform, process.env, homedir()),
    folders: folders.flatMap(({ uri }) => (uri.scheme === 'file' ? [uri.fsPath] : [])),
  };
}

const acquired = v.object({ dotnetPath: v.pipe(v.string(), v.minLength(1)) });

/** Finds or installs a runtime; one installation at a time. */
export class DotnetRuntime implements vscode.Disposable {
  private readonly appeared = new vscode.EventEmitter<void>();
  private watching: vscode.Disposable | undefined;
  private acquiring: Promise<string> | undefined;

  /** Fires if the Install Tool was installed after a failed search, so another start may succeed. */
  readonly onDidAppear = this.appeared.event;

  constructor(
    private readonly extensionId: string,
    private readonly machine: () => RuntimeMachine,
  ) {}

  /** Returns the path of a `dotnet` that can run the sidecar. Rejects with a FailureError `runtimeMissing` or `runtimeNotAcquired`. */
  async find(): Promise<string> {
    const found = await installedRuntime(this.machine());
    if (found !== undefined) return found;
    if (vscode.extensions.getExtension(installTool) === undefined) {
      this.watch();
      throw new FailureError(
        'runtimeMissing',
        l10n.t(
          'This Plue package needs the .NET {0} runtime, which was not found. Install the .NET Install Tool extension, which installs it for Plue only, or install .NET yourself.',
          wanted,
        ),
      );
    }
    this.acquiring ??= this.acquire().finally(() => (this.acquiring = undefined));
    return this.acquiring;
  }

  dispose(): void {
    this.watching?.dispose();
    this.appeared.dispose();
  }

  private async acquire(): Promise<string> {
    const title = l10n.t('Installing the .NET {0} runtime for Plue…', wanted);
    try {
      const request = { version: wanted, requestingExtensionId: this.extensionId, mode: 'runtime' };
      const answer: unknown = await withProgress({ location: vscode.ProgressLocation.Notification, title }, () =>
        vscode.commands.executeCommand<unknown>('dotnet.acquire', request),
      );
      return v.parse(acquired, answer).dotnetPath;
    } catch (error) {
      const reason = error instanceof v.ValiError ? l10n.t('The .NET Install Tool returned no path.') : toFailureError(error).message;
      throw new FailureError(
        'runtimeNotAcquired',
        l10n.t('Could not install the .NET {0} runtime: {1} Install it yourself and restart Plue.', wanted, ended(reason)),
      );
    }
  }

  private watch(): void {
    this.watching ??= vscode.extensions.onDidChange(() => {
      if (vscode.extensions.getExtension(installTool) === undefined) return;
      this.watching?.dispose();
      this.watching = undefined;
      this.appeared.fire();
    });
  }
}

/** Returns the first `dotnet` with the required runtime: from DOTNET_ROOT, PATH, then default locations. */
export async function installedRuntime(machine: RuntimeMachine): Promise<string | undefined> {
  const folders = machine.folders.flatMap((folder) => [folder, ...realPathOf(folder)]);
  for (const path of new Set(candidates(machine))) {
    if (isForeign(path, folders)) continue;
    if (/^Microsoft\.NETCore\.App 10\.\d+\.\d+ \[/m.test(await runtimesOf(path))) return path;
  }
  return undefined;
}

function candidates({ platform, env, usualPlaces }: RuntimeMachine): string[] {
  const program = platform === 'win32' ? 'dotnet.exe' : 'dotnet';
  const onPath = (env['PATH'] ?? env['Path'] ?? '').split(delimiter);
  const folders = [env['DOTNET_ROOT'], ...onPath, ...usualPlaces];
  // Relative entries depend on the working directory.
  return folders.flatMap((folder) => (folder !== undefined && isAbsolute(folder) ? [join(folder, program)] : []));
}

export function usualPlaces(platform: string, env: RuntimeMachine['env'], home: string): string[] {
  const own = join(home, '.dotnet');
  switch (platform) {
    case 'win32':
      return [...below(env['ProgramFiles'], 'dotnet'), ...below(env['LOCALAPPDATA'], join('Microsoft', 'dotnet')), own];
    case 'darwin':
      return [...installLocation(), '/usr/local/share/dotnet', '/opt/homebrew/opt/dotnet/libexec', own];
    default:
      return [...installLocation(), '/usr/share/dotnet', '/usr/lib/dotnet', '/usr/lib64/dotnet', '/snap/dotnet/current', own];
  }
}

function below(folder: string | undefined, rest: string): string[] {
  return folder === undefined ? [] : [join(folder, rest)];
}

/** The location recorded by .NET installers. */
function installLocation(): string[] {
  try {
    return [readFileSync('/etc/dotnet/install_location', 'utf8').trim()];
  } catch {
    return [];
  }
}

/** True if it is not a file, or is in a workspace folder. */
function isForeign(path: string, folders: string[]): boolean {
  const [real] = realPathOf(path);
  if (real === undefined || statSync(real, { throwIfNoEntry: false })?.isFile() !== true) return true;
  return folders.some((folder) => isInside(path, folder) || isInside(real, folder));
}

/** Empty if the path does not exist. */
function realPathOf(path: string): string[] {
  try {
    return [realpathSync(path)];
  } catch {
    return [];
  }
}

/** Lists installed runtimes; empty if the program cannot run or does not respond within ten seconds. */
function runtimesOf(path: string): Promise<string> {
  return new Promise((resolve) => {
    execFile(
      path,
      ['--list-runtimes'],
      { timeout: 10_000, maxBuffer: 1024 * 1024, windowsHide: true, cwd: dirname(path) },
      (error, stdout) => resolve(error === null ? stdout : ''),
    );
  });
}

function ended(sentence: string): string {
  return /[.!?…]$/.test(sentence) ? sentence : `${sentence}.`;
}
