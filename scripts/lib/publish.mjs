// Publishes a C# project the way the sidecar ships: one self-contained file, trimmed, compiled ahead for the most part; or portable, for a .NET that is there.
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { sidecarSources } from './build.mjs';
import { stamp } from './fingerprint.mjs';
import { inArtifacts } from './paths.mjs';
import { Stop, step } from './progress.mjs';
import { run } from './run.mjs';

const sidecarProject = 'server/Plue.Server';

/** The registry has no such packages, so it cannot be published here. */
export class NotInRegistry extends Stop {
  /** @param {string[]} packages */
  constructor(packages) {
    super(`The package registry at hand has no ${packages.join(', ')}.`);
  }
}

export function hostRid() {
  const system = { linux: existsSync('/etc/alpine-release') ? 'linux-musl' : 'linux', darwin: 'osx', win32: 'win' }[
    String(process.platform)
  ];
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
  const program = rid.startsWith('win') ? `${name}.exe` : name;
  return publishTo(folder, program, `Publishing ${name} for ${rid}`, [project, '-r', rid, '-p:PublishSidecar=true']);
}

/** The sidecar for a system, or the portable one, published unless nothing changed since. @param {string | undefined} rid @returns {Promise<string>} The program's path. */
export async function publishedSidecar(rid) {
  const name = rid ?? 'portable';
  const folder = inArtifacts('publish', name);
  const program = rid === undefined ? 'plue.dll' : rid.startsWith('win') ? 'plue.exe' : 'plue';
  const made = stamp(`publish-${name}`, [...sidecarSources, 'scripts/lib/publish.mjs']);
  if (existsSync(join(folder, program)) && made.isCurrent()) return join(folder, program);
  rmSync(folder, { recursive: true, force: true });
  const path = await (rid === undefined
    ? publishTo(folder, program, 'Publishing the portable sidecar', [sidecarProject, '-p:UseAppHost=false', '-p:DebugType=none'])
    : publish(sidecarProject, rid, 'plue', folder));
  made.keep();
  return path;
}

/** @param {string} folder @param {string} program @param {string} title @param {string[]} options @returns {Promise<string>} */
async function publishTo(folder, program, title, options) {
  // The analyzers look at every build; here they would double the time.
  const command = ['publish', ...options, '-c', 'Release', '-p:RunAnalyzers=false', '-o', folder, '--nologo', '-v', 'q'];
  const { code, output } = await step(title, () => run('dotnet', command));
  const missing = [...output.matchAll(/error NU110[123]: Unable to find [^']*?package '?([\w-]+(?:\.[\w-]+)*)/g)].map(([, id]) => id);
  if (missing.length > 0) throw new NotInRegistry([...new Set(missing)]);
  if (code !== 0)
    throw new Stop(`\`dotnet ${command.join(' ')}\` failed with exit code ${code}.\n${output.trimEnd().split('\n').slice(-40).join('\n')}`);
  if (/warning/i.test(output)) throw new Stop(`${title} gave warnings, which a trimmed build must not have:\n${output}`);
  // Symbols and documentation of a referenced project are not part of what ships.
  for (const file of readdirSync(folder)) {
    if (/\.(pdb|xml|dbg)$/.test(file)) rmSync(join(folder, file));
  }
  if (!statSync(join(folder, program), { throwIfNoEntry: false })) throw new Stop(`The publish left no ${join(folder, program)}.`);
  return join(folder, program);
}
