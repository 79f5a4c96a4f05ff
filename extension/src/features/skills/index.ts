// Lists skills with their states, approves waiting ones, and opens, creates and imports skills.
import * as vscode from 'vscode';
import * as l10n from '../../infrastructure/localizedText';
import { formatInteger } from '../../common/format';
import { Disposables } from '../../infrastructure/disposables';
import { runWithErrorHandling } from '../../infrastructure/errors';
import { createQuickPick, literalItem, showQuickPick, showInformationMessage, showWarningMessage } from '../../infrastructure/window';
import { skillChoose, skillList } from '../../protocol/protocol.generated';
import type { SkillListResult, SkillView } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import { commands } from './commands';
import { importSkills, newSkill, openSkill } from './newSkill';
import { SkillReports } from './skillReports';
import { actionOf, fileText, rowsOf, type SkillRow } from './skillRows';

/** Maximum number of files shown in an approval; the details list all. */
const maxFiles = 12;

export function activateSkills(sidecar: Sidecar, log: vscode.LogOutputChannel): vscode.Disposable {
  const disposables = new Disposables();
  const list = new SkillCommands(sidecar, log, disposables.add(new SkillReports()));
  const register = (command: string, run: (...given: unknown[]) => Promise<void>): void => {
    disposables.add(vscode.commands.registerCommand(command, (...given: unknown[]) => runWithErrorHandling(log, () => run(...given))));
  };
  register(commands.showSkills, () => list.show());
  register(commands.openSkill, () => list.open());
  register(commands.reviewSkill, (path) => list.reviewAt(path));
  register(commands.newSkill, () => newSkill(sidecar));
  register(commands.importSkills, () => importSkills(sidecar));
  return disposables;
}

class SkillCommands {
  constructor(
    private readonly sidecar: Sidecar,
    private readonly log: vscode.LogOutputChannel,
    private readonly reports: SkillReports,
  ) {}

  async show(): Promise<void> {
    const listed = await this.sidecar.request(skillList, {});
    const pick = createQuickPick<SkillRow>(l10n.t('Skills'), placeholderOf(listed));
    pick.matchOnDescription = true;
    pick.matchOnDetail = true;
    // The list stays open next to the details of a skill.
    pick.ignoreFocusOut = true;
    const draw = ({ skills, note }: SkillListResult): void => {
      const rows: SkillRow[] = [
        ...rowsOf(skills),
        { label: '', kind: vscode.QuickPickItemKind.Separator },
        ...(note === undefined ? [] : [{ label: note, icon: 'warning' }]),
        { label: l10n.t('New Skill…'), icon: 'add', command: commands.newSkill },
        { label: l10n.t('Import Skills…'), icon: 'cloud-download', command: commands.importSkills },
      ];
      pick.items = rows.map((row) => literalItem(row));
    };
    draw(listed);
    pick.onDidTriggerItemButton(({ item, button }) =>
      runWithErrorHandling(this.log, async () => {
        const { skill } = item;
        const action = actionOf(button);
        if (skill === undefined || action === undefined) return;
        if (action === 'details') {
          await this.reports.show(skill);
        } else if (action === 'edit') {
          pick.hide();
          await vscode.commands.executeCommand('plue.editWithPlue', skill.path);
        } else if (action === 'review') {
          // A dialog would close the list without a choice.
          pick.hide();
          if (await this.review(skill)) await this.show();
        } else {
          draw(await this.sidecar.request(skillChoose, { folder: skill.folder, fingerprint: skill.fingerprint, choice: action }));
        }
      }),
    );
    pick.onDidAccept(() =>
      runWithErrorHandling(this.log, async () => {
        const [item] = pick.selectedItems;
        if (item === undefined) return;
        pick.hide();
        if (item.skill !== undefined) await openSkill(item.skill.path);
        else if (item.command !== undefined) await vscode.commands.executeCommand(item.command);
      }),
    );
    pick.onDidHide(() => pick.dispose());
    pick.show();
  }

  async open(): Promise<void> {
    const { skills } = await this.sidecar.request(skillList, {});
    if (skills.length === 0) {
      const create = l10n.t('New Skill…');
      if ((await showInformationMessage(l10n.t('There are no skills yet.'), create)) === create) await newSkill(this.sidecar);
      return;
    }
    const chosen = await showQuickPick(
      rowsOf(skills).map((row): SkillRow => ({ ...row, buttons: [] })),
      { title: l10n.t('Open Skill'), matchOnDescription: true, matchOnDetail: true },
    );
    if (chosen?.skill !== undefined) await openSkill(chosen.skill.path);
  }

  /** Reviews the skill of this SKILL.md. */
  async reviewAt(path: unknown): Promise<void> {
    const { skills } = await this.sidecar.request(skillList, {});
    const skill = skills.find((one) => one.path === path);
    if (skill === undefined) void showInformationMessage(l10n.t('This skill no longer exists.'));
    else if (skill.state === 'waiting') await this.review(skill);
    else await openSkill(skill.path);
  }

  /** @returns True if it was approved. */
  private async review(skill: SkillView): Promise<boolean> {
    const { name, files, folder, fingerprint, location } = skill;
    const approve = l10n.t('Approve');
    const open = l10n.t('Open SKILL.md');
    const first = [...files].sort((one, other) => weightOf(other) - weightOf(one)).slice(0, maxFiles);
    const detail = [
      skill.reason,
      skill.description,
      [...first.map(fileText), ...(files.length > maxFiles ? [l10n.t('and {0} more files', files.length - maxFiles)] : [])].join('\n'),
      l10n.t(
        'Agents follow an approved skill until one of its files changes. Its scripts run only with the same approvals as other commands.',
      ),
    ].filter((part) => part !== undefined);
    const chosen = await showWarningMessage(
      l10n.t('Approve the skill {0} from {1}?', name, location.title),
      { modal: true, detail: detail.join('\n\n') },
      approve,
      open,
    );
    if (chosen === open) await openSkill(skill.path);
    if (chosen !== approve) return false;
    await this.sidecar.request(skillChoose, { folder, fingerprint, choice: 'approve' });
    return true;
  }
}

/** Sorts files that need attention first. */
function weightOf({ isChanged, hiddenLine, isScript, isLinkOut }: SkillView['files'][number]): number {
  return (isChanged === true ? 8 : 0) + (hiddenLine === undefined ? 0 : 4) + (isLinkOut === true ? 2 : 0) + (isScript === true ? 1 : 0);
}

function placeholderOf({ skills, listTokens, listLimit }: SkillListResult): l10n.LocalizedText {
  return skills.length === 0
    ? l10n.t('No skills yet. A skill is a folder of instructions for one kind of work.')
    : l10n.t(
        'Select a skill to open it. The list takes about {0} of {1} tokens in each request.',
        formatInteger(listTokens),
        formatInteger(listLimit),
      );
}
