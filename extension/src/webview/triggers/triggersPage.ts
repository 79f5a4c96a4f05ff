// The page of triggers: what starts tasks, and what ran, why, and at what cost.
import * as l10n from '@vscode/l10n';
import type { TriggerListResult, TriggerView } from '../../protocol/protocol.generated';
import { element, textButton, type Child } from '../shared/element';
import { loadingElement, PageFrame } from '../shared/pageFrame';
import type { Panel } from '../shared/panel';
import { Section } from '../shared/section';
import { visibleText } from '../../common/visibleText';
import type { FromTriggersPage, ToTriggersPage } from '../../common/messages/triggers';
import { triggerSection } from './triggerSection';

export class TriggersPage {
  private readonly frame: PageFrame;
  private readonly allSwitch: HTMLInputElement;
  private readonly create: HTMLButtonElement;
  private readonly list = new Section('div', { class: 'column' });
  /** The triggers whose runs are all shown. */
  private readonly expanded = new Set<string>();
  private shown: TriggerListResult | undefined;

  constructor(
    root: HTMLElement,
    private readonly panel: Panel<FromTriggersPage>,
  ) {
    this.allSwitch = element('input', { type: 'checkbox', class: 'checkbox', disabled: true });
    this.allSwitch.addEventListener('change', () => this.panel.post({ type: 'setEnabled', isEnabled: this.allSwitch.checked }));
    this.create = textButton(l10n.t('New Trigger'), () => this.panel.post({ type: 'create' }));
    this.list.node.append(loadingElement());
    this.frame = new PageFrame(root, l10n.t('Triggers'), {
      header: [
        element('span', { class: 'spacer' }),
        element('label', { class: 'all-triggers' }, this.allSwitch, l10n.t('All triggers on')),
        this.create,
      ],
      body: [this.list.node],
    });
    panel.post({ type: 'show' });
  }

  receive(message: ToTriggersPage): void {
    switch (message.type) {
      case 'triggers':
        this.shown = message.list;
        this.frame.banners.set('failed', undefined);
        this.draw();
        return;
      case 'refused':
        // A switch shows again what is true.
        this.draw(true);
        this.frame.banners.set('failed', visibleText(message.error.message), 'error', [
          textButton(l10n.t('Reload'), () => this.panel.post({ type: 'show' })),
        ]);
        return;
    }
  }

  private draw(isReset = false): void {
    if (this.shown === undefined) return;
    const { areEnabled, triggers } = this.shown;
    this.allSwitch.disabled = false;
    this.allSwitch.checked = areEnabled;
    this.create.hidden = triggers.length === 0;
    this.frame.banners.set('off', areEnabled ? undefined : l10n.t('All triggers are off. No event starts a task.'), 'info', [
      textButton(l10n.t('Turn On'), () => this.panel.post({ type: 'setEnabled', isEnabled: true })),
    ]);
    if (isReset) this.list.show(undefined, () => []);
    this.list.show([this.shown, [...this.expanded]], () =>
      triggers.length === 0 ? this.empty() : triggers.map((one) => this.section(one)),
    );
  }

  private empty(): Child[] {
    return [
      element(
        'p',
        { class: 'empty' },
        l10n.t(
          'No triggers yet. A trigger starts a task at a time, or after a save, a change in git, problems in the editor, or the end of another task.',
        ),
      ),
      element(
        'p',
        {},
        textButton(l10n.t('New Trigger'), () => this.panel.post({ type: 'create' }), 'primary'),
      ),
    ];
  }

  private section(trigger: TriggerView): HTMLElement {
    return triggerSection(trigger, this.expanded.has(trigger.uri), {
      post: (message) => this.panel.post(message),
      showAll: () => {
        this.expanded.add(trigger.uri);
        this.draw();
      },
    });
  }
}
