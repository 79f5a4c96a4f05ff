// Adds a hook that runs a command to the settings, from an example that the user then edits.
import * as l10n from '../../infrastructure/localizedText';
import { UserCancelledError } from '../../infrastructure/errors';
import { showQuickPick } from '../../infrastructure/window';
import { settingsGet, settingsSet } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';

const key = 'hooks';

interface Example {
  label: string;
  detail: string;
  hook: Readonly<Record<string, unknown>>;
}

/** @returns The path of the settings file and a text that locates the new hook. */
export async function addHook(sidecar: Sidecar): Promise<{ path: string; name: string }> {
  const rows = examples();
  const chosen = await showQuickPick(rows, {
    title: l10n.t('Add Hook'),
    placeHolder: l10n.t('Select an example. You can change its command in the settings file.'),
    matchOnDetail: true,
  });
  if (chosen === undefined) throw new UserCancelledError();
  const { values } = await sidecar.request(settingsGet, {});
  const hooks = values[key];
  const { path } = await sidecar.request(settingsSet, { name: key, value: [...listOf(hooks), chosen.hook] });
  return { path, name: String(chosen.hook['name']) };
}

function examples(): Example[] {
  return [
    {
      label: l10n.t('Format after an edit'),
      detail: 'npx prettier --write',
      hook: {
        trigger: 'after_edit',
        action: 'run_command',
        name: 'Format',
        files: ['**/*.{ts,js,css,json}'],
        command: 'npx prettier --write "$@"',
      },
    },
    {
      label: l10n.t('Run the tests of changed files before a response ends'),
      detail: 'npx vitest related',
      hook: {
        trigger: 'turn_end',
        action: 'run_command',
        name: 'Tests',
        timeout_s: 300,
        command: 'git diff --quiet && exit 0; npx vitest related --run $(git diff --name-only) >&2 || exit 2',
      },
    },
    {
      label: l10n.t('Block pushes to main'),
      detail: 'git push',
      hook: {
        trigger: 'before_tool',
        action: 'run_command',
        name: 'Protect main',
        tools: ['bash'],
        on_failure: 'block',
        command: "if grep -Eq 'git push.*(main|master)'; then echo 'Pushes to main go through a pull request.' >&2; exit 2; fi",
      },
    },
  ];
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
