// Locates and starts the sidecar.
import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, chmodSync, constants, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { extname, join } from 'node:path';
import * as l10n from '../infrastructure/localizedText';
import { FailureError } from '../infrastructure/errors';
import { packedSidecar } from './packedSidecar';

export interface SidecarCommand {
  command: string;
  args: string[];
}

/** Properties of the machine for the search. */
export interface Machine {
  platform: string;
  arch: string;
  /** Time of the last change in milliseconds since the epoch; undefined if the file does not exist. */
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

/** Options for locating the sidecar. */
export interface SidecarSearch {
  extensionPath: string;
  machine: Machine;
  /** A path set by the user; overrides everything else. */
  serverPath?: string;
  /** Finds the `dotnet` program for a portable sidecar. */
  runtime(): Promise<string>;
}

/** Returns the path set by the user, or the verified packed sidecar, or the build of this checkout. */
export async function findSidecar(search: SidecarSearch): Promise<SidecarCommand> {
  const program = search.serverPath === undefined ? await ownSidecar(search) : givenSidecar(search.serverPath, search.machine);
  return extname(program) === '.dll' ? { command: await search.runtime(), args: [program] } : { command: program, args: [] };
}

function givenSidecar(path: string, machine: Machine): string {
  if (machine.modified(path) !== undefined) return path;
  throw new FailureError(
    'sidecarStopped',
    l10n.t('PLUE_SERVER_PATH is set to {0}, which does not exist. Correct or remove the variable.', path),
  );
}

async function ownSidecar({ extensionPath, machine }: SidecarSearch): Promise<string> {
  const path = (await packedSidecar(extensionPath)) ?? builtSidecar(extensionPath, machine);
  if (path !== undefined) return path;
  throw new FailureError(
    'sidecarStopped',
    l10n.t('The Plue sidecar was not found. In a checkout, run `npm run build`; otherwise, reinstall the extension.'),
  );
}

/** Returns the newer of the published and the debug build, so that an old build never hides a change; otherwise the portable build. */
function builtSidecar(extensionPath: string, machine: Machine): string | undefined {
  const program = machine.platform === 'win32' ? 'plue.exe' : 'plue';
  const builds = [
    join(extensionPath, 'artifacts', 'publish', ridOf(machine), program),
    join(extensionPath, 'artifacts', 'bin', 'Plue.Server', 'debug', program),
  ];
  const newest = builds
    .map((path) => ({ path, modified: machine.modified(path) ?? 0 }))
    .filter((build) => build.modified > 0)
    .sort((a, b) => b.modified - a.modified)[0];
  if (newest) return newest.path;
  const portable = join(extensionPath, 'artifacts', 'publish', 'portable', 'plue.dll');
  return machine.modified(portable) === undefined ? undefined : portable;
}

/**
 * The working directory is the user's home, because an opened folder must not control what runs. The process leads a group of its own, so that it is not ended
 * with this window's processes while it has work.
 * @param variables Override those of this process.
 */
export function startSidecar(sidecar: SidecarCommand, variables: Record<string, string> = {}): ChildProcess {
  makeExecutable(sidecar.command);
  return spawn(sidecar.command, [...sidecar.args, 'serve'], {
    cwd: homedir(),
    env: { ...process.env, ...variables },
    stdio: 'pipe',
    detached: process.platform !== 'win32', // on Windows, this would open a console
    windowsHide: true,
  });
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

/** Packages built on Windows have no executable bit. If it cannot be set, the start reports the error. */
function makeExecutable(path: string): void {
  try {
    accessSync(path, constants.X_OK);
  } catch {
    chmodSync(path, 0o755);
  }
}
