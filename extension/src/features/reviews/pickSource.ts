// Asks which changes to review.
import * as l10n from '../../infrastructure/localizedText';
import { UserCancelledError } from '../../infrastructure/errors';
import { showInputBox, showQuickPick } from '../../infrastructure/window';
import { hasSeveralFolders, outerFolders } from '../../infrastructure/workspaceFolders';
import type { ReviewStartParams } from '../../protocol/protocol.generated';

export type ReviewChoice = Omit<ReviewStartParams, 'ticket'>;

export async function pickSource(): Promise<ReviewChoice> {
  const title = l10n.t('Review Changes of…');
  const folder = hasSeveralFolders() ? await pickFolder() : undefined;
  const sources = [
    {
      label: l10n.t('Working Tree'),
      description: l10n.t('all changes that are not committed, with new files'),
      icon: 'git-compare',
      source: 'workingTree',
    },
    { label: l10n.t('Staged Changes'), description: l10n.t('what the next commit would contain'), icon: 'git-commit', source: 'staged' },
    { label: l10n.t('Range of Commits…'), description: l10n.t('for example main...topic'), icon: 'git-branch', source: 'range' },
    { label: l10n.t('Pull Request…'), description: l10n.t('read with gh'), icon: 'git-pull-request', source: 'pullRequest' },
  ] as const;
  const chosen = await showQuickPick(
    sources.map((source) => ({ ...source })),
    { title },
  );
  if (chosen === undefined) throw new UserCancelledError();
  const at = folder === undefined ? {} : { folder };
  switch (chosen.source) {
    case 'range':
      return { source: 'range', range: await ask(l10n.t('Range of commits'), 'main...HEAD', isRange), ...at };
    case 'pullRequest':
      return { source: 'pullRequest', pullRequest: Number(await ask(l10n.t('Number of the pull request'), '', isNumber)), ...at };
    default:
      return { source: chosen.source, ...at };
  }
}

async function pickFolder(): Promise<string> {
  const rows = outerFolders().map(({ name, path }) => ({ label: name, description: path, path }));
  const chosen = await showQuickPick(rows, { title: l10n.t('Select the folder to review') });
  if (chosen === undefined) throw new UserCancelledError();
  return chosen.path;
}

async function ask(
  prompt: l10n.LocalizedText,
  value: string,
  problemOf: (text: string) => l10n.LocalizedText | undefined,
): Promise<string> {
  const text = await showInputBox({ title: l10n.t('Review Changes of…'), prompt, value, validateInput: problemOf, ignoreFocusOut: true });
  if (text === undefined) throw new UserCancelledError();
  return text.trim();
}

function isRange(text: string): l10n.LocalizedText | undefined {
  return text.trim().replace(/^\.+|\.+$/g, '') !== '' && text.includes('..')
    ? undefined
    : l10n.t('Write two commits or branches with two or three dots between them.');
}

function isNumber(text: string): l10n.LocalizedText | undefined {
  return /^\s*[1-9]\d{0,8}\s*$/.test(text) ? undefined : l10n.t('Enter a number.');
}
