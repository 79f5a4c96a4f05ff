// How much is asked before something is done.
import * as l10n from '@vscode/l10n';
import { menuButton } from '../../shared/menu';
import { Section } from '../../shared/section';
import { type Mode, modes } from '../../../common/messages/chatAgents';

const words = { ask: l10n.t('Ask before edits'), edit: l10n.t('Edit without asking'), plan: l10n.t('Plan only') } as const satisfies Record<
  Mode,
  string
>;

export class ModeSwitch {
  private readonly section = new Section('div', { class: 'template-switch mode-switch' });
  readonly node = this.section.node;

  constructor(private readonly choose: (mode: Mode) => void) {}

  show(mode: Mode, canChange: boolean): void {
    this.section.show([mode, canChange], () => [
      menuButton({
        label: l10n.t('Permissions: {0}', words[mode]),
        text: words[mode],
        key: 'mode-switch',
        items: () =>
          canChange ? modes.map((one) => ({ label: `${words[one]}${one === mode ? ' ✓' : ''}`, run: () => this.choose(one) })) : [],
      }),
    ]);
  }
}

/** Values of the field; the default is ask. */
export function modeOf(values: Readonly<Record<string, unknown>> | undefined): Mode {
  const written = values?.['permission_mode'];
  return modes.find((mode) => mode === written) ?? 'ask';
}
