// Earlier versions of the user's catalogs.
import * as l10n from '@vscode/l10n';
import { formatModelCount } from '../../common/counts';
import { element, type Child } from '../shared/element';
import { Section } from '../shared/section';
import { visibleText } from '../../common/visibleText';
import { actionButton, failureOf, focusHeading, loadingLine, routeHead, type Actions, type View } from './actions';
import type { State } from './pageState';
import { ago } from './words';

export class BackupsView implements View {
  readonly node: HTMLElement;
  private readonly list = new Section('div', {});

  constructor(private readonly actions: Actions) {
    this.node = element(
      'section',
      { class: 'route', 'aria-label': l10n.t('Backups') },
      routeHead(l10n.t('Backups of custom catalogs'), actions),
      this.list.node,
    );
  }

  focus(): void {
    focusHeading(this.node);
  }

  show(state: State): void {
    this.list.show([state.backups, state.busy, state.failures, state.sidecar.state], () => this.rows(state));
  }

  private rows(state: State): Child[] {
    const { actions } = this;
    const { backups } = state;
    if (backups === undefined) return [failureOf(state, actions, 'backups') ?? loadingLine(l10n.t('Loading…'))];
    if (backups.length === 0)
      return [
        element('p', { class: 'quiet' }, l10n.t('No backups yet. Plue saves the previous version when you change a custom catalog.')),
      ];
    const rows = backups.map(({ id, name, at, modelCount }) =>
      element(
        'li',
        { class: 'kind-row' },
        element(
          'span',
          { class: 'provider-text' },
          element('span', {}, visibleText(name)),
          element('span', { class: 'quiet line' }, `${ago(at, new Date())}, ${formatModelCount(modelCount)}`),
          failureOf(state, actions, `restore:${id}`),
        ),
        actionButton(state, actions, {
          label: l10n.t('Restore'),
          name: l10n.t('Restore {0}, {1}', name, ago(at, new Date())),
          busyLabel: l10n.t('Restoring…'),
          work: `restore:${id}`,
          action: { type: 'restore', backupId: id },
        }),
      ),
    );
    return [element('ul', { class: 'plain-list', 'aria-label': l10n.t('Backups') }, ...rows)];
  }
}
