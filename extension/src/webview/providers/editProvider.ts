// A provider's file as a form, created from the template.
import * as l10n from '@vscode/l10n';
import { element, textButton } from '../shared/element';
import { Form } from '../shared/form';
import { Section } from '../shared/section';
import { actionButton, failureOf, focusHeading, isUp, loadingLine, routeHead, type Actions, type View } from './actions';
import { isBusy, type State } from './pageState';
import { keyText } from './providerDetail';
import { authNames, authSpelling, authTypes } from './words';

/** Fields that are fixed, stored in the vault, or have their own control. */
const separateFields = ['provider_type', 'api_key_ref', 'enabled'];

/** The same labels as in the connect step. */
const authText = Object.fromEntries(authTypes.map((type) => [authSpelling[type], authNames[type]]));

export class EditProviderView implements View {
  readonly node: HTMLElement;
  private readonly head = new Section('div', {});
  private readonly key = new Section('div', {});
  private readonly place = element('div', {});
  private readonly foot = new Section('div', { class: 'sticky' });
  private form: Form | undefined;

  constructor(
    private readonly id: string,
    private readonly actions: Actions,
    /** Values typed before the page was hidden. */
    private readonly draft: Record<string, unknown> | undefined,
  ) {
    this.node = element(
      'section',
      { class: 'route', 'aria-label': l10n.t('Edit Provider') },
      this.head.node,
      this.key.node,
      this.place,
      this.foot.node,
    );
  }

  focus(): void {
    focusHeading(this.node);
  }

  show(state: State): void {
    const { id, actions } = this;
    const provider = state.providers?.find((one) => one.id === id);
    const detail = state.details[id];
    this.head.show([provider?.name], () => [routeHead(l10n.t('Edit {0}', provider?.name ?? id), actions)]);
    if (detail !== undefined) {
      const values = { name: detail.summary.name, provider_type: detail.summary.kind, ...detail.configuration };
      if (state.template !== undefined && this.form === undefined) {
        this.form = new Form({
          id: 'provider',
          fields: state.template.fields,
          values,
          hidden: separateFields,
          labels: { auth_type: l10n.t('Authentication') },
          words: authText,
          defaultWord: l10n.t('Suggested'),
          onChange: () => actions.keep({ at: 'edit', id, draft: this.form?.changes ?? {} }),
        });
        for (const [name, value] of Object.entries(this.draft ?? {})) this.form.set(name, value ?? undefined);
        this.place.replaceChildren(this.form.node);
      } else this.form?.update(values);
    }
    this.key.show([provider, detail?.key, state.busy, state.sidecar.state], () => {
      if (provider?.takesKey !== true) return [];
      return [
        element(
          'div',
          { class: 'field' },
          element('div', { class: 'field-label' }, l10n.t('Key')),
          element('div', { class: 'field-help' }, keyText(provider, detail?.key, new Date())),
          actionButton(state, actions, { label: l10n.t('Set Key…'), work: `key:${id}`, action: { type: 'setKey', id } }),
        ),
      ];
    });
    const isLoading = this.form === undefined;
    this.foot.show([isLoading, state.busy, state.failures, state.sidecar.state], () => {
      const problems = [
        failureOf(state, actions, 'template'),
        failureOf(state, actions, `detail:${id}`),
        failureOf(state, actions, 'configure', provider),
      ];
      if (isLoading) return [...problems, problems.every((one) => one === undefined) ? loadingLine(l10n.t('Loading…')) : undefined];
      const busy = isBusy(state, 'configure');
      const save = textButton(busy ? l10n.t('Saving…') : l10n.t('Save'), () => this.save(), 'primary');
      if (busy || !isUp(state)) save.setAttribute('aria-disabled', 'true');
      save.dataset['key'] = 'save';
      const cancel = textButton(l10n.t('Cancel'), () => actions.back());
      cancel.dataset['key'] = 'cancel';
      return [...problems, element('div', { class: 'buttons' }, save, cancel)];
    });
    this.blocked = isBusy(state, 'configure') || !isUp(state);
  }

  private blocked = false;

  private save(): void {
    const { form, id, actions } = this;
    if (form === undefined || this.blocked || !form.check()) return;
    const { changes } = form;
    if (Object.keys(changes).length === 0) actions.back();
    else actions.ask('configure', { type: 'configure', id, changes });
  }
}
