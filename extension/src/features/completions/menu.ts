import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { type QuickPickItem, showQuickPick } from '../../infrastructure/window';
import type { Activity } from './activity';
import { commands } from './commands';
import { type CompletionSettings, isLanguageEnabled, modelText, section, writeSetting } from './settings';

const minute = 60_000;

interface Row extends QuickPickItem {
  run?: () => unknown;
}

/** Shows the menu of the status bar item. */
export async function showMenu(activity: Activity, settings: CompletionSettings): Promise<void> {
  const languageId = vscode.window.activeTextEditor?.document.languageId;
  const { isEnabled, model } = settings;
  const isPaused = activity.state !== 'ready';
  const rows: Row[] = [
    ...(isEnabled && isPaused ? [{ label: l10n.t('Resume'), icon: 'debug-start', run: () => activity.resume() }] : []),
    isEnabled
      ? { label: l10n.t('Turn Off'), icon: 'circle-slash', run: () => writeSetting('enabled', false) }
      : { label: l10n.t('Turn On'), icon: 'sparkle', run: () => vscode.commands.executeCommand(commands.toggle) },
    ...(isEnabled && !isPaused
      ? [
          { label: l10n.t('Snooze for 5 Minutes'), icon: 'bell-slash', run: () => activity.snooze(5 * minute) },
          { label: l10n.t('Snooze for 1 Hour'), icon: 'bell-slash', run: () => activity.snooze(60 * minute) },
        ]
      : []),
    ...(isEnabled && languageId !== undefined ? [languageRow(settings, languageId)] : []),
    {
      label: l10n.t('Choose Completion Model…'),
      icon: 'list-selection',
      ...(model === undefined ? {} : { description: modelText(model) }),
      run: () => vscode.commands.executeCommand(commands.chooseModel),
    },
    { label: l10n.t('Show Usage'), icon: 'graph', run: () => vscode.commands.executeCommand('plue.usage') },
    { label: l10n.t('Set Daily Limit…'), icon: 'credit-card', run: () => vscode.commands.executeCommand('plue.openSettings') },
    { label: l10n.t('Open Settings'), icon: 'gear', run: () => vscode.commands.executeCommand('workbench.action.openSettings', section) },
  ];
  const title = l10n.t('Code Completions');
  const row = await showQuickPick(rows, activity.failure === undefined ? { title } : { title, placeHolder: failureText(activity) });
  await row?.run?.();
}

function failureText({ failure }: Activity): l10n.LocalizedText {
  return l10n.verbatim(failure?.message ?? '');
}

function languageRow(settings: CompletionSettings, languageId: string): Row {
  const isOn = isLanguageEnabled(settings, languageId);
  return {
    label: isOn ? l10n.t('Turn Off for {0}', languageId) : l10n.t('Turn On for {0}', languageId),
    icon: 'file-code',
    run: () => writeSetting('languages', { ...settings.languages, [languageId]: !isOn }),
  };
}
