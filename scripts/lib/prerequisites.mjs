// Checks that Node and the .NET SDK are installed, and explains what is missing.
import { realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { findOnPath, run } from './run.mjs';
import { Stop } from './progress.mjs';

const oldestNode = [20, 19];
const sdkMajor = 10;

export function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < oldestNode[0] || (major === oldestNode[0] && minor < oldestNode[1])) {
    throw new Stop(
      `Plue needs Node ${oldestNode.join('.')} or newer; this is ${process.versions.node}. Install a newer one from https://nodejs.org and run the command again.`,
    );
  }
}

export async function requireDotnet() {
  const { code, stdout } = await run('dotnet', ['--list-sdks']);
  if (code !== 0)
    throw new Stop(
      `Plue needs the .NET ${sdkMajor} SDK, and there is no \`dotnet\` on PATH. Install it from https://dot.net/download and run the command again.`,
    );
  const majors = stdout.split('\n').map((line) => Number.parseInt(line, 10));
  if (!majors.some((major) => major >= sdkMajor)) {
    throw new Stop(
      `Plue needs the .NET ${sdkMajor} SDK; found ${
        stdout
          .trim()
          .split('\n')
          .map((line) => line.split(' ')[0])
          .join(', ') || 'none'
      }. Install it from https://dot.net/download and run the command again.`,
    );
  }
}

/** The location of .NET. A built program searches only the default locations. */
export function dotnetRoot() {
  const path = process.env.DOTNET_ROOT || findOnPath('dotnet');
  return path === undefined || path === process.env.DOTNET_ROOT ? path : dirname(realpathSync(path));
}
