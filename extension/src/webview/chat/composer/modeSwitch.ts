// What the chat may do, and what it asks before.
import * as l10n from '@vscode/l10n';
import { menuButton } from '../../shared/menu';
import { Section } from '../../shared/section';
import { type Mode, modes } from '../../../common/messages/chatAgents';

const words = {
  read: l10n.t('Ask'),
  ask: l10n.t('Agent'),
  edit: l10n.t('Auto-Edit'),
  plan: l10n.t('Plan'),
} as const satisfies Record<Mode, string>;

const allowed = {
  read: l10n.t('Reads files and answers. Changes nothing and runs nothing.'),
  ask: l10n.t('Asks before it edits a file or runs a command.'),
  edit: l10n.t('Edits workspace files without asking. Asks before it runs a command.'),
  plan: l10n.t('Reads files and writes a plan. Changes nothing and runs nothing.'),
} as const satisfies Record<Mode, string>;

export class ModeSwitch {
  private readonly section = new Section('div', { class: 'template-switch mode-switch' });
  readonly node = this.section.node;

  constructor(private readonly choose: (mode: Mode) => void) {}

  show(mode: Mode, canChange: boolean): void {
    this.section.show([mode, canChange], () => [
      menuButton({
        label: l10n.t('Mode: {0}', words[mode]),
        text: words[mode],
        tooltip: allowed[mode],
        key: 'mode-switch',
        items: () =>
          canChange
            ? modes.map((one) => ({ label: `${words[one]}${one === mode ? ' ✓' : ''}`, detail: allowed[one], run: () => this.choose(one) }))
            : [],
      }),
    ]);
  }
}

/** Values of the field; the default is ask. */
export function modeOf(values: Readonly<Record<string, unknown>> | undefined): Mode {
  const written = values?.['permission_mode'];
  return modes.find((mode) => mode === written) ?? 'ask';
}
