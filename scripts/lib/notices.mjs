// Lists the works in a package with their licenses: bundled npm packages, NuGet packages, and .NET itself.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { inArtifacts, inRoot } from './paths.mjs';
import { Stop } from './progress.mjs';

/** Licenses allowed in Plue; any other stops packaging. */
export const allowedLicenses = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', 'CC-BY-4.0', 'ISC', 'MIT'];

/**
 * @typedef {object} Work
 * @property {string} name
 * @property {string} version
 * @property {string} license An SPDX expression.
 * @property {'npm' | 'NuGet'} from
 * @property {string[]} texts The license, followed by notices that it requires to be included.
 */

/** Returns one text for all works; a notice shared by several is included once. @param {Work[]} works */
export function noticesOf(works) {
  const line = '-'.repeat(80);
  /** @type {Map<string, string>} */
  const firstUse = new Map();
  const textOf = (/** @type {Work} */ { name, texts: [license, ...notices] }) => {
    const parts = notices.map((text) => (firstUse.has(text) ? `The notices of ${firstUse.get(text)}, above, hold here as well.` : text));
    for (const text of notices) if (!firstUse.has(text)) firstUse.set(text, name);
    return [license, ...parts].join('\n\n');
  };
  const parts = works.map((work) => `${line}\n${work.name} ${work.version} (${work.from}), ${work.license}\n${line}\n\n${textOf(work)}\n`);
  return `Plue contains the works below. Each is used under its own license.\n\n${parts.join('\n')}`;
}

/** @param {string} expression The license expression of a package. */
export function isAllowed(expression) {
  const any = expression.replace(/^\((.*)\)$/, '$1').split(' OR ');
  return any.some((choice) => choice.split(' AND ').every((license) => allowedLicenses.includes(license.trim())));
}

/**
 * @param {string[]} bundled Bundled files, relative to the root.
 * @param {string} [rid] The system whose .NET runtime is included.
 * @returns {Work[]}
 */
export function shippedWorks(bundled, rid) {
  const works = [...npmWorks(bundled), ...nugetWorks(), ...(rid === undefined ? [] : [runtimeWork(rid)])];
  const refused = works.filter(({ license }) => !isAllowed(license));
  if (refused.length > 0)
    throw new Stop(`Licenses that Plue does not ship: ${refused.map(({ name, license }) => `${name} (${license})`).join(', ')}.`);
  return works;
}

/** @param {string[]} bundled @returns {Work[]} */
function npmWorks(bundled) {
  const folders = bundled.flatMap((file) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file.replaceAll('\\', '/'))?.[1] ?? []);
  return [...new Set(folders)].sort().map((folder) => {
    const { name, version, license, author } = JSON.parse(readFileSync(inRoot(folder, 'package.json'), 'utf8'));
    const holder = typeof author === 'string' ? author : (author?.name ?? `the authors of ${name}`);
    return {
      name,
      version,
      license: String(license),
      from: 'npm',
      texts: licenseTexts(inRoot(folder), String(license), `Copyright (c) ${holder}`),
    };
  });
}

/** Returns the packages whose assemblies are part of the sidecar; build-time packages have none. @returns {Work[]} */
function nugetWorks() {
  const file = inArtifacts('release', 'obj', 'Plue.Server', 'project.assets.json');
  if (!existsSync(file)) throw new Stop('The NuGet packages are not restored. Run `npm run publish:sidecar` first.');
  /** @type {{targets: Record<string, Record<string, {type: string, runtime?: object}>>, packageFolders: Record<string, object>, libraries: Record<string, {path: string}>}} */
  const { targets, packageFolders, libraries } = JSON.parse(readFileSync(file, 'utf8'));
  return Object.entries(Object.values(targets)[0] ?? {})
    .filter(([, { type, runtime }]) => type === 'package' && Object.keys(runtime ?? {}).some((path) => path.endsWith('.dll')))
    .map(([id]) => nugetWork(Object.keys(packageFolders).map((folder) => join(folder, libraries[id]?.path ?? id))));
}

/** Returns the .NET runtime, which is compiled into a native sidecar. @param {string} rid */
function runtimeWork(rid) {
  const { packageFolders } = JSON.parse(readFileSync(inArtifacts('release', 'obj', 'Plue.Server', 'project.assets.json'), 'utf8'));
  const versions = Object.keys(packageFolders).flatMap((folder) => {
    const pack = join(folder, `microsoft.netcore.app.runtime.nativeaot.${rid}`);
    return existsSync(pack) ? readdirSync(pack).map((version) => join(pack, version)) : [];
  });
  return nugetWork(versions.sort((a, b) => b.localeCompare(a, 'en', { numeric: true })).slice(0, 1));
}

/** @param {string[]} folders Possible folders of the package. @returns {Work} */
function nugetWork(folders) {
  const folder = folders.find((path) => existsSync(path));
  const nuspec = folder && readdirSync(folder).find((name) => name.endsWith('.nuspec'));
  if (!folder || !nuspec) throw new Stop(`A NuGet package is not where it was restored: ${folders.join(', ')}.`);
  const text = readFileSync(join(folder, nuspec), 'utf8');
  const element = (/** @type {string} */ name) => new RegExp(`<${name}(?: [^>]*)?>([^<]*)</${name}>`).exec(text)?.[1] ?? '';
  const license = /<license type="expression">([^<]*)</.exec(text)?.[1] ?? 'none that it names';
  const copyright = element('copyright') || element('authors');
  return {
    name: element('id'),
    version: element('version'),
    license,
    from: 'NuGet',
    texts: licenseTexts(folder, license, /^(©|\(c\)|copyright)/i.test(copyright) ? copyright : `Copyright (c) ${copyright}`),
  };
}

/**
 * Returns the license files of a package, or the text of a well-known license with the package's copyright holder.
 * @param {string} folder @param {string} license @param {string} copyright
 */
function licenseTexts(folder, license, copyright) {
  const files = readdirSync(folder).sort();
  const read = (/** @type {RegExp} */ pattern) =>
    files.filter((name) => pattern.test(name)).map((name) => readFileSync(join(folder, name), 'utf8').trim());
  const own = read(/^licen[sc]e(-code)?(\.\w+)?$/i);
  const text = own.length > 0 ? own.join('\n\n') : `${copyright}\n\n${wellKnown(license)}`;
  return [text, ...read(/^(notice|third-?party-?notices)(\.\w+)?$/i)];
}

/** @param {string} license */
function wellKnown(license) {
  const file = inRoot('scripts', 'lib', 'licenses', `${license}.txt`);
  if (!existsSync(file)) throw new Stop(`There is no text for the license ${license}: add ${file}.`);
  return readFileSync(file, 'utf8').trim();
}
