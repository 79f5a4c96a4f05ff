// The package as a user gets it: created, installed in a clean VS Code, and used; then its sidecar is modified.
import assert from 'node:assert/strict';
import { appendFileSync, chmodSync, copyFileSync, existsSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isAllowed } from '../../../scripts/lib/notices.mjs';
import { madePackage } from '../../../scripts/lib/packages.mjs';
import { inRoot, root } from '../../../scripts/lib/paths.mjs';
import { answers, ask, composer, newChat, untilFinished } from '../runner/chatPage.mjs';
import { notification } from '../runner/prompts.mjs';
import { writeLocalServer } from '../runner/localServer.mjs';
import { ScriptedEndpoint } from '../runner/scriptedEndpoint.mjs';

const listed = inRoot('tests', 'package-files.txt');
const refusal = 'Could not start Plue: the file plue differs from the installed one.';

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  if (process.platform !== 'linux' || process.arch !== 'x64' || existsSync('/etc/alpine-release'))
    return scenario.skip('The package of linux-x64 is installed and used', 'this is another system');
  const endpoint = await new ScriptedEndpoint().start();
  try {
    await runSteps(scenario, endpoint);
  } finally {
    await endpoint.stop();
  }
}

/** @param {import('../runner/scenario.mjs').Scenario} scenario @param {ScriptedEndpoint} endpoint */
async function runSteps(scenario, endpoint) {
  let vsix = '';
  await scenario.step('The package of linux-x64 is made and keeps to its size', async () => {
    vsix = await madePackage('linux-x64');
  });
  if (vsix === '') return;
  const workbench = await scenario.open({ vsix, env: { PLUE_OPEN_CHAT: '1', DOTNET_ROOT: undefined } });
  const extension = installedExtension(workbench.folder);
  const sidecar = join(extension, 'sidecar', 'plue');

  await scenario.look('It holds what ships and nothing else', async () => {
    const files = filesOf(extension);
    if (process.env.UPDATE) writeFileSync(listed, `${files.join('\n')}\n`);
    assert.deepEqual(
      files,
      readFileSync(listed, 'utf8').trimEnd().split('\n'),
      'Not the files of tests/package-files.txt; `npm run update` rewrites it.',
    );
  });

  await scenario.look('Nothing in it names the machine that made it', async () => {
    const naming = filesOf(extension).filter((file) => readFileSync(join(extension, file)).includes(root));
    assert.deepEqual(naming, []);
  });

  await scenario.look('Its notices name what it contains, under licenses that allow it', async () => {
    const works = [
      ...readFileSync(join(extension, 'THIRD-PARTY-NOTICES.txt'), 'utf8').matchAll(/^-{80}\n(\S+) (\S+) \((npm|NuGet)\), (.+)\n-{80}$/gm),
    ];
    const names = works.map(([, name]) => name);
    const { dependencies } = JSON.parse(readFileSync(inRoot('package.json'), 'utf8'));
    const central = readFileSync(inRoot('server', 'Plue.Server', 'Plue.Server.csproj'), 'utf8');
    const nuget = [...central.matchAll(/<PackageReference Include="([^"]+)" \/>/g)].map(([, name]) => name);
    assert.ok(nuget.length > 2);
    for (const name of [...Object.keys(dependencies), ...nuget, 'Microsoft.NETCore.App.Runtime.NativeAOT.linux-x64'])
      assert.ok(names.includes(name), `${name} is not named.`);
    assert.deepEqual(
      works.filter(([, , , , license]) => !isAllowed(license ?? '')),
      [],
    );
    assert.equal(isAllowed('GPL-3.0-only'), false);
  });

  await scenario.step('Installed into a clean VS Code it answers, with no .NET named to it', async () => {
    await workbench.show();
    await composer(workbench).waitFor({ timeout: 60_000 });
    await ask(workbench, 'What is Plue?');
    await untilFinished(workbench);
    assert.match(await answers(workbench).last().innerText(), /This is a recording/);
  });

  await scenario.step('The process that runs is the packed sidecar', async () => {
    assert.equal(readFileSync(`/proc/${workbench.sidecarPid()}/cmdline`, 'utf8').split('\0')[0], sidecar);
  });

  await scenario.step('A custom server responds through it', async () => {
    writeLocalServer(workbench.plueHome, endpoint);
    writeFileSync(join(workbench.plueHome, 'config.json5'), JSON.stringify({ default_large: 'house' }));
    await workbench.command('Plue: Restart Sidecar');
    await newChat(workbench);
    await ask(workbench, 'Who answers?');
    await workbench.chat.getByText('The endpoint on this machine answers.').waitFor({ timeout: 60_000 });
    await untilFinished(workbench);
  });

  await scenario.step('A sidecar that lost its executable bit gets it back', async () => {
    const before = workbench.sidecarPid();
    chmodSync(sidecar, 0o644);
    await workbench.command('Plue: Restart Sidecar');
    await workbench.nextSidecar(before);
  });

  await scenario.step('SEC-59 A tampered sidecar is not started', async () => {
    // The file of a running process cannot be written, but it can be replaced.
    copyFileSync(sidecar, `${workbench.folder}/kept`);
    copyFileSync(sidecar, `${workbench.folder}/tampered`);
    appendFileSync(`${workbench.folder}/tampered`, '\0');
    renameSync(`${workbench.folder}/tampered`, sidecar);
    await workbench.command('Plue: Restart Sidecar');
    await notification(workbench, refusal).waitFor({ timeout: 60_000 });
    await workbench.chat.getByText(refusal).first().waitFor();
    assert.throws(() => workbench.sidecarPid(), /No sidecar runs/);
  });

  await scenario.step('With what was installed back in its place it starts again', async () => {
    rmSync(sidecar);
    copyFileSync(`${workbench.folder}/kept`, sidecar);
    await workbench.chat.getByRole('button', { name: 'Restart' }).click();
    await workbench.nextSidecar(0);
    await ask(workbench, 'And now?');
    await untilFinished(workbench);
  });

  await scenario.step('The package for every system answers with the .NET of this machine', async () => {
    const other = await scenario.open({ vsix: await madePackage('universal'), env: { PLUE_OPEN_CHAT: '1' } });
    await other.show();
    await composer(other).waitFor({ timeout: 60_000 });
    await ask(other, 'What is Plue?');
    await untilFinished(other);
    assert.match(await answers(other).last().innerText(), /This is a recording/);
    const [program, file] = readFileSync(`/proc/${other.sidecarPid()}/cmdline`, 'utf8').split('\0');
    assert.equal(basename(program ?? ''), 'dotnet');
    assert.equal(file, join(installedExtension(other.folder), 'sidecar', 'plue.dll'));
  });
}

/** @param {string} folder */
function installedExtension(folder) {
  const extensions = join(folder, 'extensions');
  const name = readdirSync(extensions).find((entry) => entry.startsWith('plue.plue-vscode-'));
  assert.ok(name, `Nothing was installed: ${readdirSync(extensions).join(', ')}`);
  return join(extensions, name);
}

/** Returns the files of the package, without VS Code's marker of the installation. @param {string} extension */
function filesOf(extension) {
  const entries = readdirSync(extension, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries.map((entry) =>
    join(entry.parentPath, entry.name)
      .slice(extension.length + 1)
      .replaceAll('\\', '/'),
  );
  return paths.filter((path) => path !== '.vsixmanifest').sort();
}
