// What the chat may do, and what it asks before.
import * as l10n from '@vscode/l10n';
import { menuButton } from '../../shared/menu';
import { Section } from '../../shared/section';
import { type Mode, modes } from '../../../common/messages/chatAgents';

const texts = {
  read: { name: l10n.t('Ask'), allowed: l10n.t('Reads files and responds. Changes nothing and runs nothing.') },
  ask: { name: l10n.t('Agent'), allowed: l10n.t('Asks before it edits a file or runs a command.') },
  edit: { name: l10n.t('Auto-Edit'), allowed: l10n.t('Edits workspace files without asking. Asks before it runs a command.') },
  plan: { name: l10n.t('Plan'), allowed: l10n.t('Reads files and writes a plan. Changes nothing and runs nothing.') },
} as const satisfies Record<Mode, { name: string; allowed: string }>;

export class ModeSwitch {
  private readonly section = new Section('div', { class: 'template-switch mode-switch' });
  readonly node = this.section.node;

  constructor(private readonly choose: (mode: Mode) => void) {}

  show(mode: Mode, canChange: boolean): void {
    this.section.show([mode, canChange], () => [
      menuButton({
        label: l10n.t('Mode: {0}', texts[mode].name),
        text: texts[mode].name,
        tooltip: texts[mode].allowed,
        key: 'mode-switch',
        items: () =>
          canChange
            ? modes.map((one) => ({
                label: `${texts[one].name}${one === mode ? ' ✓' : ''}`,
                detail: texts[one].allowed,
                run: () => this.choose(one),
              }))
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
