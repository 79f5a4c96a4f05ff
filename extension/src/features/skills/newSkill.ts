// Creates a skill, and imports skills from a folder or zip file.
import * as vscode from 'vscode';
import * as l10n from '../../infrastructure/localizedText';
import { showInformationMessage, showInputBox, showQuickPick } from '../../infrastructure/window';
import { skillCreate, skillImport, skillList } from '../../protocol/protocol.generated';
import type { SkillLocationView } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';

const maxName = 64;
const maxDescription = 1024;

export async function newSkill(sidecar: Sidecar): Promise<void> {
  const { locations, skills } = await sidecar.request(skillList, {});
  const name = await showInputBox({
    title: l10n.t('New Skill'),
    prompt: l10n.t('Name of the skill: lower-case letters, digits and hyphens'),
    placeHolder: l10n.t('release-notes'),
    validateInput: (value) =>
      value.length > maxName || (value !== '' && !/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(value))
        ? l10n.t('Use lower-case letters, digits and single hyphens, at most {0} characters.', maxName)
        : undefined,
  });
  // No error before anything is typed.
  if (name === undefined || name === '') return;
  const description = await showInputBox({
    title: l10n.t('New Skill'),
    prompt: l10n.t('What it does and when to use it. The model sees only this before it loads the skill.'),
    placeHolder: l10n.t('Writes release notes from the Git log. Use it for a new release.'),
    validateInput: (value) => (value.length > maxDescription ? l10n.t('Enter 1 to {0} characters.', maxDescription) : undefined),
  });
  if (description === undefined || description.trim() === '') return;
  const location = await pickLocation(
    locations.filter(({ path }) => !skills.some((skill) => skill.name === name && skill.location.path === path)),
    l10n.t('New Skill'),
  );
  if (location === undefined) return;
  const { paths } = await sidecar.request(skillCreate, { location: location.path, name, description: description.trim() });
  if (paths[0] !== undefined) await openSkill(paths[0]);
}

export async function importSkills(sidecar: Sidecar): Promise<void> {
  const folder = { label: l10n.t('From Folder…'), icon: 'folder' };
  const zip = { label: l10n.t('From Zip File…'), icon: 'file-zip' };
  const kind = await showQuickPick([folder, zip], { title: l10n.t('Import Skills') });
  if (kind === undefined) return;
  const [source] =
    (await vscode.window.showOpenDialog({
      title: l10n.t('Import Skills'),
      openLabel: l10n.t('Import'),
      canSelectFiles: kind === zip,
      canSelectFolders: kind === folder,
      ...(kind === zip ? { filters: { [l10n.t('Zip files')]: ['zip', 'skill'] } } : {}),
    })) ?? [];
  if (source === undefined) return;
  const { locations } = await sidecar.request(skillList, {});
  const location = await pickLocation(locations, l10n.t('Import Skills'));
  if (location === undefined) return;
  const { paths } = await sidecar.request(skillImport, { source: source.fsPath, location: location.path });
  const show = l10n.t('Show Skills');
  const undo = l10n.t('Undo Import');
  const chosen = await showInformationMessage(
    paths.length === 1
      ? l10n.t('1 skill was imported to {0}.', location.title)
      : l10n.t('{0} skills were imported to {1}.', paths.length, location.title),
    show,
    undo,
  );
  if (chosen === show) await vscode.commands.executeCommand('plue.showSkills');
  else if (chosen === undo) await vscode.commands.executeCommand('plue.undoSwitch');
}

export async function openSkill(path: string): Promise<void> {
  await vscode.window.showTextDocument(vscode.Uri.file(path), { preview: false });
}

/** Lists the user's folders first: a skill there is available in every workspace. */
async function pickLocation(locations: readonly SkillLocationView[], title: l10n.LocalizedText): Promise<SkillLocationView | undefined> {
  const rows = [...locations.filter(({ isWorkspace }) => !isWorkspace), ...locations.filter(({ isWorkspace }) => isWorkspace)].map(
    (location) => ({
      label: location.title,
      icon: location.isWorkspace ? 'folder' : 'account',
      description: location.isWorkspace ? l10n.t('this workspace') : l10n.t('all your workspaces'),
      location,
    }),
  );
  return (await showQuickPick(rows, { title, placeHolder: l10n.t('Choose the folder of the skill') }))?.location;
}
