// Publishes a C# project as the sidecar ships: as a Native AOT program, or portable for an installed .NET.
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { buildSidecar, sidecarSources } from './build.mjs';
import { stamp } from './fingerprint.mjs';
import { inArtifacts } from './paths.mjs';
import { Stop, step } from './progress.mjs';
import { run } from './run.mjs';

const sidecarProject = 'server/Plue.Server';

/** The package registry lacks these packages, so the program cannot be published here. */
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
 * Publishes a C# program for a system, unless nothing changed.
 * @param {{project: string, name: string, sources: string[], rid?: string, folder?: string}} program `sources` are its source files; `folder` is the output
 * folder.
 * @returns {Promise<string>} The executable's path.
 */
export async function published({ project, name, sources, rid = hostRid(), folder = inArtifacts('publish', rid) }) {
  const program = rid.startsWith('win') ? `${name}.exe` : name;
  return publishedTo(folder, program, sources, `Compiling ${name} for ${rid}`, [project, '-r', rid, '-p:PublishSidecar=true']);
}

/** Publishes the sidecar for a system; without `rid` the portable one. @param {string | undefined} rid @returns {Promise<string>} The program's path. */
export async function publishedSidecar(rid) {
  if (rid !== undefined) return published({ project: sidecarProject, name: 'plue', sources: sidecarSources, rid });
  const options = [sidecarProject, '-p:UseAppHost=false', '-p:DebugType=none'];
  return publishedTo(inArtifacts('publish', 'portable'), 'plue.dll', sidecarSources, 'Publishing the portable sidecar', options);
}

/**
 * Returns the sidecar for process, end-to-end, fault and benchmark tests: the native one, because that is what ships.
 * With `PLUE_TEST_SIDECAR=debug`, returns the debug build instead, which builds faster.
 * @returns {Promise<string>} The program's path.
 */
export async function sidecarUnderTest() {
  if (process.env.PLUE_TEST_SIDECAR !== 'debug') return publishedSidecar(hostRid());
  await buildSidecar();
  return inArtifacts('bin', 'Plue.Server', 'debug', process.platform === 'win32' ? 'plue.exe' : 'plue');
}

/** @param {string} folder @param {string} program @param {string[]} sources @param {string} title @param {string[]} options @returns {Promise<string>} */
async function publishedTo(folder, program, sources, title, options) {
  const made = stamp(`publish-${relative(inArtifacts(), folder).replaceAll(sep, '-')}`, [...sources, 'scripts/lib/publish.mjs']);
  if (existsSync(join(folder, program)) && made.isCurrent()) return join(folder, program);
  rmSync(folder, { recursive: true, force: true });
  const path = await publishTo(folder, program, title, options);
  made.keep();
  return path;
}

/** @param {string} folder @param {string} program @param {string} title @param {string[]} options @returns {Promise<string>} */
async function publishTo(folder, program, title, options) {
  // Separate intermediate files, so that a debug build can run at the same time.
  const apart = ['--artifacts-path', inArtifacts('release')];
  const command = ['publish', ...options, ...apart, '-c', 'Release', '-p:RunAnalyzers=false', '-o', folder, '--nologo', '-v', 'q'];
  const { code, output } = await step(title, () => run('dotnet', command));
  const missing = [...output.matchAll(/error NU110[123]: Unable to find [^']*?package '?([\w-]+(?:\.[\w-]+)*)/g)].map(([, id]) => id);
  if (missing.length > 0) throw new NotInRegistry([...new Set(missing)]);
  if (code !== 0)
    throw new Stop(`\`dotnet ${command.join(' ')}\` failed with exit code ${code}.\n${output.trimEnd().split('\n').slice(-40).join('\n')}`);
  if (/warning/i.test(output)) throw new Stop(`${title} gave warnings, which a native build must not have:\n${output}`);
  // Symbols and documentation of referenced projects do not ship.
  for (const file of readdirSync(folder)) {
    if (/\.(pdb|xml|dbg)$/.test(file)) rmSync(join(folder, file));
  }
  if (!statSync(join(folder, program), { throwIfNoEntry: false })) throw new Stop(`The publish left no ${join(folder, program)}.`);
  return join(folder, program);
}
