// Quick pick for templates, with their descriptions and risks.
import * as l10n from '../infrastructure/localizedText';
import type { LocalizedText } from '../infrastructure/localizedText';
import * as vscode from 'vscode';
import { FailureError, UserCancelledError } from '../infrastructure/errors';
import { createQuickPick, literalItem, type QuickPickItem } from '../infrastructure/window';
import { templateCheck, templateList } from '../protocol/protocol.generated';
import type { TemplateFinding, TemplateSummary } from '../protocol/protocol.generated';
import type { Sidecar } from './client';

export interface TemplateQuestion {
  title: LocalizedText;
  /** Shows only templates whose codices are in these collections. */
  collections: readonly ('chats' | 'tasks' | 'items')[];
  /** The error message if no template matches. */
  none: string;
}

/** Tag of templates whose chats are started only by commands. */
export const internalTag = 'internal';

interface Row extends QuickPickItem {
  template: TemplateSummary;
}

/** Lets the user pick from the templates in force. A button of each row opens its preview instead. */
export async function pickTemplate(sidecar: Sidecar, { title, collections, none }: TemplateQuestion): Promise<TemplateSummary> {
  const [{ templates }, risks] = await Promise.all([
    sidecar.request(templateList, {}),
    sidecar.request(templateCheck, {}).then(
      ({ findings }) => findings.filter(({ kind }) => kind === 'risk'),
      // Risks are optional; Plue: Check Templates explains missing ones.
      (): TemplateFinding[] => [],
    ),
  ]);
  const wanted: readonly string[] = collections;
  const usable = templates.filter(
    ({ isActive, problems, collection, tags }) =>
      isActive && wanted.includes(collection) && !tags.includes(internalTag) && !problems.some(({ isError }) => isError),
  );
  if (usable.length === 0) throw new FailureError('notFound', none);
  const edit: vscode.QuickInputButton = { iconPath: new vscode.ThemeIcon('sparkle'), tooltip: l10n.t('Edit with Plue') };
  const tryIt: vscode.QuickInputButton = { iconPath: new vscode.ThemeIcon('beaker'), tooltip: l10n.t('Preview Template') };
  const pick = createQuickPick<Row>(title, l10n.t('Choose a template'));
  pick.matchOnDescription = true;
  // Keeps the quick pick open if a webview takes focus while it loads.
  pick.ignoreFocusOut = true;
  pick.items = usable.map((template) =>
    literalItem({
      label: template.name,
      icon: iconOf(template),
      description: template.description ?? '',
      ...riskLine(risks.filter(({ templateId }) => templateId === template.id)),
      buttons: [tryIt, edit],
      template,
    }),
  );
  pick.show();
  try {
    return await new Promise((resolve, reject) => {
      pick.onDidAccept(() => {
        const [chosen] = pick.selectedItems;
        if (chosen !== undefined) resolve(chosen.template);
      });
      pick.onDidTriggerItemButton(({ item, button }) => {
        reject(new UserCancelledError());
        if (button === edit) void vscode.commands.executeCommand('plue.editWithPlue', `codex://templates/${item.template.id}`);
        else void vscode.commands.executeCommand('plue.tryTemplate', item.template.id);
      });
      pick.onDidHide(() => reject(new UserCancelledError()));
    });
  } finally {
    pick.dispose();
  }
}

function iconOf({ icon, collection }: TemplateSummary): string {
  if (icon !== undefined && /^[a-z0-9-]+$/.test(icon)) return icon;
  return collection === 'chats' ? 'comment-discussion' : collection === 'tasks' ? 'checklist' : 'file';
}

function riskLine(risks: readonly TemplateFinding[]): Pick<QuickPickItem, 'detail' | 'detailIcon'> {
  const [first] = risks;
  if (first === undefined) return {};
  const words = risks.length === 1 ? first.message : l10n.t('{0} ({1} more)', first.message, risks.length - 1);
  return { detail: words, detailIcon: 'warning' };
}
