import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { formatCost } from '../../common/format';
import { Disposables } from '../../infrastructure/disposables';
import { StatusBarItem, type StatusBarContent } from '../../infrastructure/window';
import type { Activity } from './activity';
import { commands } from './commands';
import { type CompletionSettings, isLanguageEnabled, modelText } from './settings';

/** Next to the editor's language mode, where other completions show their state. */
const priority = 90;

/** Shows whether completions are running. Hidden until a model is selected. */
export class CompletionStatus implements vscode.Disposable {
  private readonly disposables = new Disposables();
  private readonly item = this.disposables.add(
    new StatusBarItem({
      id: 'plue.completions',
      name: l10n.t('Plue: code completions'),
      command: commands.menu,
      alignment: vscode.StatusBarAlignment.Right,
      priority,
    }),
  );

  constructor(
    private readonly activity: Activity,
    private readonly settings: () => CompletionSettings,
  ) {
    this.disposables.add(activity.onDidChange(() => this.draw()));
    this.disposables.add(vscode.window.onDidChangeActiveTextEditor(() => this.draw()));
    this.draw();
  }

  draw(): void {
    const settings = this.settings();
    if (!settings.isEnabled && settings.model === undefined) return this.item.hide();
    const { activity } = this;
    const { icon, text, detail } = contentOf(activity, settings, vscode.window.activeTextEditor?.document);
    const model = settings.model === undefined ? l10n.t('No model is chosen.') : l10n.t('Model: {0}', modelText(settings.model));
    const cost = activity.spentToday === undefined ? [] : [l10n.t('Cost today: {0}', formatCost(activity.spentToday))];
    // Only an icon, like the items next to it, unless the user must act.
    const label = icon === 'warning' ? l10n.t('Completions') : '';
    this.item.show({ icon, text: label, accessibleLabel: text, tooltip: [text, ...detail, model, ...cost].join('\n') });
  }

  dispose(): void {
    this.disposables.dispose();
  }
}

/** @param document The document of the active editor. */
function contentOf(
  activity: Activity,
  settings: CompletionSettings,
  document: vscode.TextDocument | undefined,
): Required<Pick<StatusBarContent, 'icon' | 'text'>> & { detail: string[] } {
  const { state, until, failure, isRunning } = activity;
  const { isEnabled, model } = settings;
  const time = until?.toLocaleTimeString(vscode.env.language, { hour: '2-digit', minute: '2-digit' });
  if (!isEnabled) return { icon: 'circle-slash', text: l10n.t('Code completions are off'), detail: [] };
  if (model === undefined) {
    return { icon: 'warning', text: l10n.t('Code completions need a model'), detail: [l10n.t('Select to choose one.')] };
  }
  if (!vscode.workspace.isTrusted) {
    return { icon: 'circle-slash', text: l10n.t('Code completions are off because this folder is not trusted'), detail: [] };
  }
  if (state === 'snoozed') return { icon: 'bell-slash', text: l10n.t('Code completions are snoozed until {0}', time ?? ''), detail: [] };
  if (state === 'failed') {
    const text =
      time === undefined ? l10n.t('Code completions are paused after an error') : l10n.t('Code completions are paused until {0}', time);
    return { icon: 'warning', text, detail: [...(failure === undefined ? [] : [failure.message]), l10n.t('Select to resume.')] };
  }
  if (isRunning) return { icon: 'loading~spin', text: l10n.t('Code completions: waiting for the model'), detail: [] };
  if (document !== undefined && !isLanguageEnabled(settings, document.languageId)) {
    return { icon: 'circle-slash', text: l10n.t('Code completions are off for the language {0}', document.languageId), detail: [] };
  }
  const excluded = document && activity.excluded(document.uri.toString());
  if (excluded !== undefined) return { icon: 'circle-slash', text: l10n.t('Code completions are off for this file'), detail: [excluded] };
  return { icon: 'sparkle', text: l10n.t('Code completions are on'), detail: failure === undefined ? [] : [failure.message] };
}
