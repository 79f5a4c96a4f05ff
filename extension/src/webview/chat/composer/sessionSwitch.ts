// The options of an agent's session besides model and reasoning level: its mode and others.
import * as l10n from '@vscode/l10n';
import type { SessionOptionView } from '../../../protocol/protocol.generated';
import { visibleText } from '../../../common/visibleText';
import { type MenuItem, menuButton } from '../../shared/menu';
import { Section } from '../../shared/section';

/** The ID of the option for the mode, as in `SessionOption.Mode`. */
const modeId = 'mode';

export type SessionChoices = Readonly<Record<string, string>>;

export class SessionSwitch {
  private readonly section = new Section('div', { class: 'template-switch session-switch' });
  readonly node = this.section.node;

  constructor(private readonly choose: (choices: SessionChoices) => void) {}

  show(options: readonly SessionOptionView[], chosen: SessionChoices, canChange: boolean): void {
    this.node.hidden = options.length === 0;
    this.section.show([options, chosen, canChange], () => {
      const mode = options.find(({ id }) => id === modeId);
      const text = visibleText((mode === undefined ? undefined : nameOf(mode, valueOf(mode, chosen))) ?? l10n.t('Options'));
      return [
        menuButton({
          label: l10n.t('Agent options: {0}', text),
          text,
          tooltip: l10n.t('Mode and other options of the agent’s session, from the next message on'),
          key: 'session-switch',
          items: () => (canChange ? options.flatMap((option) => this.items(option, chosen)) : []),
        }),
      ];
    });
  }

  private items(option: SessionOptionView, chosen: SessionChoices): MenuItem[] {
    const { id, name } = option;
    const { [id]: own, ...others } = chosen;
    const isMode = id === modeId;
    const current = isMode ? own : valueOf(option, chosen);
    const item = (value: string | undefined, label: string, detail: string | undefined): MenuItem => ({
      label: `${isMode ? l10n.t('Mode: {0}', label) : visibleText(`${name}: ${label}`)}${value === current ? ' ✓' : ''}`,
      ...(detail === undefined ? {} : { detail: visibleText(detail) }),
      run: () => this.choose(value === undefined ? others : { ...others, [id]: value }),
    });
    return [
      ...(isMode ? [item(undefined, l10n.t('Automatic'), l10n.t('Fits the mode of the chat.'))] : []),
      ...valuesOf(option).map((value) => item(value, visibleText(nameOf(option, value) ?? value), detailOf(option, value))),
    ];
  }
}

/** Values of the field `session_options`. */
export function sessionChoicesOf(values: Readonly<Record<string, unknown>> | undefined): SessionChoices {
  const written = values?.['session_options'];
  if (typeof written !== 'object' || written === null) return {};
  return Object.fromEntries(Object.entries(written).flatMap(([id, value]) => (typeof value === 'string' ? [[id, value]] : [])));
}

/** What the session has, or will have with the next message. The agent can change its mode itself. */
function valueOf({ id, current }: SessionOptionView, chosen: SessionChoices): string | undefined {
  return id === modeId ? (current ?? chosen[id]) : (chosen[id] ?? current);
}

function valuesOf({ choices }: SessionOptionView): string[] {
  return choices.length === 0 ? ['true', 'false'] : choices.map(({ value }) => value);
}

function nameOf({ choices }: SessionOptionView, value: string | undefined): string | undefined {
  if (choices.length > 0) return choices.find((choice) => choice.value === value)?.name;
  return value === 'true' ? l10n.t('On') : l10n.t('Off');
}

function detailOf({ choices, description }: SessionOptionView, value: string): string | undefined {
  return choices.length > 0 ? choices.find((choice) => choice.value === value)?.description : description;
}
