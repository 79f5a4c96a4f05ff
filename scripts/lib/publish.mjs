// Publishes a C# project the way the sidecar ships: one self-contained file, trimmed, compiled ahead for the most part.
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { inArtifacts } from './paths.mjs';
import { Stop, step } from './progress.mjs';
import { runOrStop } from './run.mjs';

export function hostRid() {
  const system = { linux: 'linux', darwin: 'osx', win32: 'win' }[String(process.platform)];
  return `${system}-${process.arch}`;
}

/**
 * @param {string} project The project's folder.
 * @param {string} rid As `linux-x64`.
 * @param {string} name The executable's name.
 * @param {string} [folder] Where it goes; artifacts/publish/<rid> when not given.
 * @returns {Promise<string>} The executable's path.
 */
export async function publish(project, rid, name, folder = inArtifacts('publish', rid)) {
  const executable = join(folder, rid.startsWith('win') ? `${name}.exe` : name);
  const { output } = await step(`Publishing ${name} for ${rid}`, () =>
    runOrStop('dotnet', ['publish', project, '-r', rid, '-c', 'Release', '-p:PublishSidecar=true', '-o', folder, '--nologo', '-v', 'q']),
  );
  if (/warning/i.test(output)) throw new Stop(`Publishing ${name} gave warnings, which a trimmed build must not have:\n${output}`);
  // Symbols and documentation of a referenced project are not part of what ships.
  for (const file of readdirSync(folder)) {
    if (/\.(pdb|xml|dbg)$/.test(file)) rmSync(join(folder, file));
  }
  if (!statSync(executable, { throwIfNoEntry: false })) throw new Stop(`The publish left no ${executable}.`);
  return executable;
}
