// Where the sidecar is, and starting it.
import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, chmodSync, constants, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { extname, join } from 'node:path';
import * as l10n from '@vscode/l10n';
import { FailureError } from '../infrastructure/errors';

export interface SidecarCommand {
  command: string;
  args: string[];
}

/** What the search needs to know of the machine. */
export interface Machine {
  platform: string;
  arch: string;
  /** Milliseconds since the epoch of the last change; undefined where there is no such file. */
  modified(path: string): number | undefined;
}

export const thisMachine: Machine = {
  platform: process.platform,
  arch: process.arch,
  modified: (path) => {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats?.isFile() ? stats.mtimeMs : undefined;
  },
};

/**
 * The path the user gave; else the published or the development build, whichever is newer (so that an old publish never hides
 * a change); else the portable build, which needs the .NET runtime.
 */
export function findSidecar(extensionPath: string, machine: Machine, serverPath?: string): SidecarCommand {
  if (serverPath !== undefined) {
    if (machine.modified(serverPath) === undefined) {
      throw new FailureError('sidecarStopped', l10n.t('PLUE_SERVER_PATH names {0}, and there is no such file.', serverPath));
    }
    return commandFor(serverPath);
  }
  const program = machine.platform === 'win32' ? 'plue.exe' : 'plue';
  const builds = [
    join(extensionPath, 'artifacts', 'publish', ridOf(machine), program),
    join(extensionPath, 'artifacts', 'bin', 'Plue.Server', 'debug', program),
  ];
  const newest = builds
    .map((path) => ({ path, modified: machine.modified(path) ?? 0 }))
    .filter((build) => build.modified > 0)
    .sort((a, b) => b.modified - a.modified)[0];
  if (newest) return commandFor(newest.path);

  const portable = join(extensionPath, 'artifacts', 'publish', 'portable', 'plue.dll');
  if (machine.modified(portable) !== undefined) return commandFor(portable);
  throw new FailureError('sidecarStopped', l10n.t('Plue’s sidecar is not there. In a checkout run `npm run build`; otherwise install the extension again.'));
}

/** In the user's home, never in the workspace: a folder that is opened must not decide what runs. */
export function startSidecar(sidecar: SidecarCommand): ChildProcess {
  if (sidecar.command !== 'dotnet') makeExecutable(sidecar.command);
  return spawn(sidecar.command, [...sidecar.args, 'serve'], { cwd: homedir(), stdio: 'pipe', windowsHide: true });
}

function commandFor(path: string): SidecarCommand {
  return extname(path) === '.dll' ? { command: 'dotnet', args: [path] } : { command: path, args: [] };
}

export function ridOf(machine: Machine): string {
  const arch = machine.arch === 'arm64' ? 'arm64' : 'x64';
  switch (machine.platform) {
    case 'win32':
      return `win-${arch}`;
    case 'darwin':
      return `osx-${arch}`;
    default:
      return machine.modified('/etc/alpine-release') === undefined ? `linux-${arch}` : `linux-musl-${arch}`;
  }
}

/** A package made on Windows carries no executable bit. */
function makeExecutable(path: string): void {
  try {
    accessSync(path, constants.X_OK);
  } catch {
    chmodSync(path, 0o755);
  }
}

