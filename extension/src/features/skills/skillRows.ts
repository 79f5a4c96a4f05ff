// Skills as rows of a list, and the details of one skill as text.
import * as vscode from 'vscode';
import * as l10n from '../../infrastructure/localizedText';
import { formatBytes, formatInteger } from '../../common/format';
import { visibleText } from '../../common/visibleText';
import type { QuickPickItem } from '../../infrastructure/window';
import type { SkillFileView, SkillState, SkillView } from '../../protocol/protocol.generated';

const actions = ['review', 'enable', 'disable', 'edit', 'undo', 'details'] as const;

export type SkillAction = (typeof actions)[number];

interface SkillButton extends vscode.QuickInputButton {
  action: SkillAction;
}

export interface SkillRow extends QuickPickItem {
  skill?: SkillView;
  command?: string;
}

const icons: Record<SkillState, string> = {
  on: 'lightbulb',
  off: 'circle-slash',
  waiting: 'warning',
  shadowed: 'layers',
  invalid: 'error',
};

/** Sorted: skills that need the user, skills in use, others. */
export function rowsOf(skills: readonly SkillView[]): SkillRow[] {
  const group = (label: string, some: readonly SkillView[]): SkillRow[] =>
    some.length === 0 ? [] : [{ label, kind: vscode.QuickPickItemKind.Separator }, ...some.map(rowOf)];
  return [
    ...group(
      l10n.t('waiting for your approval'),
      skills.filter(({ state }) => state === 'waiting'),
    ),
    ...group(
      l10n.t('workspace'),
      skills.filter(({ state, location }) => state === 'on' && location.isWorkspace),
    ),
    ...group(
      l10n.t('yours'),
      skills.filter(({ state, location }) => state === 'on' && !location.isWorkspace),
    ),
    ...group(
      l10n.t('not used'),
      skills.filter(({ state }) => state !== 'waiting' && state !== 'on'),
    ),
  ];
}

/** Returns the action of a row's button. */
export function actionOf(button: vscode.QuickInputButton): SkillAction | undefined {
  return 'action' in button ? actions.find((action) => action === button.action) : undefined;
}

/** Returns everything that the user approves with a skill, line by line. */
export function reportOf(skill: SkillView): string {
  const { name, path, location, description, tokens, files, problems, reason } = skill;
  const lines = [
    l10n.t('Skill {0}', name),
    l10n.t('From: {0}', location.title),
    l10n.t('File: {0}', path),
    stateText(skill),
    ...(reason === undefined ? [] : [reason]),
    l10n.t('About {0} tokens when it is loaded', formatInteger(tokens)),
    '',
    `  ${description}`,
    '',
    l10n.t('Files:'),
    ...files.map((file) => `  ${fileText(file)}`),
    ...(problems.length === 0 ? [] : ['', l10n.t('Problems:'), ...problems.map((problem) => `  ${problem}`)]),
  ];
  return lines.map((line) => visibleText(line)).join('\n');
}

/** Returns a line about a file, with what the user should know about it. */
export function fileText({ path, size, isScript, isChanged, hiddenLine, isLinkOut, runs }: SkillFileView): string {
  const notes = [
    isLinkOut === true ? l10n.t('link out of the skill, not read') : formatBytes(size),
    isChanged === true ? l10n.t('changed') : undefined,
    isScript === true ? (runs === undefined ? l10n.t('script') : l10n.t('script, runs {0}', runs.join(', '))) : undefined,
    hiddenLine === undefined ? undefined : l10n.t('invisible characters in line {0}', hiddenLine),
  ];
  return `${path} (${notes.filter((note) => note !== undefined).join(', ')})`;
}

export function button(action: SkillAction): SkillButton {
  const [icon, tooltip] = {
    review: ['check', l10n.t('Review and Approve…')],
    enable: ['check', l10n.t('Turn On')],
    disable: ['circle-slash', l10n.t('Turn Off')],
    edit: ['sparkle', l10n.t('Edit with Plue')],
    undo: ['discard', l10n.t('Undo Last Change')],
    details: ['info', l10n.t('Show Details')],
  }[action];
  return { iconPath: new vscode.ThemeIcon(icon ?? ''), tooltip: tooltip ?? '', action };
}

function rowOf(skill: SkillView): SkillRow {
  const { name, location, state, reason, description } = skill;
  return {
    label: name,
    icon: icons[state],
    description: `${location.title}, ${stateText(skill)}`,
    detail: reason ?? description,
    buttons: [
      ...(state === 'waiting' ? [button('review')] : []),
      ...(state === 'off' ? [button('enable')] : state === 'invalid' ? [] : [button('disable')]),
      button('edit'),
      ...(skill.canUndo === true ? [button('undo')] : []),
      button('details'),
    ],
    skill,
  };
}

function stateText({ state, isForModel, isForUser, listTokens, name }: SkillView): string {
  switch (state) {
    case 'on':
      return isForModel && isForUser
        ? l10n.t('on, {0} tokens in each request', formatInteger(listTokens))
        : isForModel
          ? l10n.t('on, only for the model, {0} tokens in each request', formatInteger(listTokens))
          : l10n.t('on, only with /{0}', name);
    case 'off':
      return l10n.t('off');
    case 'waiting':
      return l10n.t('waits for your approval');
    case 'shadowed':
      return l10n.t('hidden by another skill');
    case 'invalid':
      return l10n.t('cannot be used');
  }
}
