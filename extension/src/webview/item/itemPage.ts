// The form for an item, a new task, or the instructions and tools of a chat.
import * as l10n from '@vscode/l10n';
import type { HookFailureView, ProviderSummary } from '../../protocol/protocol.generated';
import { element, setText, textButton } from '../shared/element';
import type { ControlOptions } from '../shared/fieldControl';
import { Form } from '../shared/form';
import { hookFailureText } from '../shared/hookFailure';
import { ModelLists } from '../shared/modelLists';
import { PageFrame } from '../shared/pageFrame';
import type { Panel } from '../shared/panel';
import { visibleText } from '../../common/visibleText';
import { layoutOf, type Layout } from './layout';
import type { FromItemPage, ItemTarget, ToItemPage } from '../../common/messages/item';
import type { Draft, SavedState } from './savedState';
import { ProviderChoice } from './providerChoice';

type Shown = Extract<ToItemPage, { type: 'form' }>;

const maxDrafts = 20;

export class ItemPage {
  private readonly kind = element('span', { class: 'kind' });
  private readonly body = element('div', { class: 'column' });
  private readonly frame: PageFrame;
  private readonly save: HTMLButtonElement;
  private readonly buttons: HTMLElement;
  private readonly extra: HTMLButtonElement[];
  private shown: Shown | undefined;
  private form: Form | undefined;
  private layout: Layout | undefined;
  private choice: ProviderChoice | undefined;
  private providers: ProviderSummary[] = [];
  private readonly lists: ModelLists;
  private isSaving = false;
  /** Unsaved changes by target, because the page can show another form. */
  private readonly drafts = new Map<string, Draft>();

  constructor(
    root: HTMLElement,
    private readonly panel: Panel<FromItemPage>,
    kept: SavedState | undefined,
  ) {
    for (const draft of kept?.drafts ?? []) this.drafts.set(keyOf(draft.target), draft);
    this.lists = new ModelLists((providerId) => panel.post({ type: 'listModels', providerId }));
    this.save = textButton(l10n.t('Save'), () => this.send(), 'primary');
    this.extra = [
      textButton(l10n.t('Edit with Plue'), () => panel.post({ type: 'editWithPlue' })),
      textButton(l10n.t('Show History…'), () => panel.post({ type: 'history' })),
      textButton(l10n.t('Open File'), () => panel.post({ type: 'openFile' })),
      textButton(l10n.t('Delete'), () => panel.post({ type: 'delete' })),
    ];
    this.buttons = element('div', { class: 'column buttons' }, this.save, ...this.extra);
    this.buttons.hidden = true;
    this.frame = new PageFrame(root, l10n.t('Loading…'), { header: [this.kind], body: [this.body], footer: this.buttons });
    root.addEventListener('keydown', (event) => {
      if (event.key === 's' && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        this.send();
      }
    });
    panel.post({ type: 'ready', ...(kept === undefined ? {} : { target: kept.target }) });
  }

  receive(message: ToItemPage): void {
    switch (message.type) {
      case 'form':
        return this.show(message);
      case 'providers':
        this.providers = message.providers;
        this.choice?.show(this.providers);
        return;
      case 'models':
        this.lists.show(message.providerId, message.models, message.error);
        return;
      case 'saved':
        this.isSaving = false;
        return this.showSaved(message);
      case 'changed':
        return this.showConflict(message.isGone);
      case 'refused':
        this.isSaving = false;
        this.draw();
        if (this.shown === undefined) this.showLoadError(message.error.message);
        else if (message.error.kind === 'conflict') this.showConflict(false);
        else this.frame.banners.set('problem', message.error.message, 'error', [], () => this.frame.banners.set('problem', undefined));
        return;
    }
  }

  private show(message: Shown): void {
    this.shown = message;
    const { template, codex, values, readOnlyReason, target, offers } = message;
    const layout = layoutOf(template, codex === undefined);
    this.layout = layout;
    const typed = this.drafts.get(keyOf(target))?.changes ?? {};
    const model = typed['model'] ?? values['model'];
    this.choice = undefined;
    this.form = new Form({
      ...layout,
      id: 'item',
      values,
      ...(offers === undefined ? {} : { offers }),
      isReadOnly: readOnlyReason !== undefined,
      controls: layout.choosesModel
        ? { provider_ref: (options) => (this.choice = this.chooseProvider(options, typeof model === 'string' ? model : undefined)) }
        : {},
      onChange: () => this.keep(),
      onInput: () => this.keep(),
    });
    for (const [name, value] of Object.entries(typed)) this.form.set(name, value ?? undefined);
    this.body.replaceChildren(
      ...(template.description === undefined ? [] : [element('p', { class: 'quiet' }, visibleText(template.description))]),
      this.form.node,
    );
    this.frame.banners.set('problem', undefined);
    this.frame.banners.set('changed', undefined);
    this.frame.banners.set('readOnly', readOnlyReason, 'info');
    this.showHookFailures(message.hookFailures);
    this.keep();
    this.draw();
    this.form.focus();
  }

  private showHookFailures(failures: readonly HookFailureView[] | undefined): void {
    const words = hookFailureText(failures);
    this.frame.banners.set('hooks', words === undefined ? undefined : visibleText(words), 'warning', [
      textButton(l10n.t('Show History'), () => this.panel.post({ type: 'history' })),
    ]);
  }

  private chooseProvider(options: ControlOptions, model: string | undefined): ProviderChoice {
    const choice = new ProviderChoice(options, this.lists, model, () => this.panel.post({ type: 'connect' }));
    choice.show(this.providers);
    return choice;
  }

  private showSaved({ codex, values, hookFailures }: Extract<ToItemPage, { type: 'saved' }>): void {
    const { shown } = this;
    if (shown === undefined) return;
    this.drafts.delete(keyOf(shown.target));
    if (shown.codex === undefined) {
      this.show({ ...shown, codex, values, target: { uri: codex.uri }, ...(hookFailures === undefined ? {} : { hookFailures }) });
    } else {
      this.shown = { ...shown, codex };
      this.form?.update(values);
      this.frame.banners.set('problem', undefined);
      this.showHookFailures(hookFailures);
      this.keep();
      this.draw();
    }
    setText(this.frame.status, l10n.t('Saved.'));
  }

  private draw(): void {
    const { shown } = this;
    if (shown === undefined) return;
    setText(this.frame.heading, visibleText(shown.codex?.title ?? l10n.t('New {0}', shown.template.name)));
    const isSettings = shown.codex !== undefined && shown.codex.layer === undefined;
    setText(
      this.kind,
      shown.codex === undefined ? '' : visibleText(isSettings ? l10n.t('{0}, settings', shown.template.name) : shown.template.name),
    );
    this.buttons.hidden = false;
    this.save.hidden = shown.readOnlyReason !== undefined;
    const { verb, verbing } = this.layout ?? { verb: l10n.t('Save'), verbing: l10n.t('Saving…') };
    setText(this.save, this.isSaving ? verbing : verb);
    // A chat or task has these controls in its own panel.
    const isFile = shown.codex?.layer !== undefined;
    for (const button of this.extra) button.hidden = !isFile;
  }

  private send(): void {
    const { form, shown } = this;
    if (form === undefined || shown === undefined || shown.readOnlyReason !== undefined || this.isSaving || !form.check()) return;
    this.isSaving = true;
    this.draw();
    if (shown.codex !== undefined) {
      this.panel.post({ type: 'save', values: form.changes, expectedVersion: shown.codex.version });
      return;
    }
    const { [this.layout?.title ?? '']: title, ...values } = form.drawn;
    const model = this.choice?.chosenModel;
    this.panel.post({
      type: 'save',
      ...(typeof title === 'string' ? { title } : {}),
      values: this.choice === undefined ? values : { ...values, model },
    });
  }

  private showLoadError(why: string): void {
    setText(this.frame.heading, l10n.t('Nothing to show'));
    this.frame.banners.set('problem', why, 'error', [textButton(l10n.t('Try Again'), () => this.panel.post({ type: 'reload' }))]);
  }

  private showConflict(isGone: boolean): void {
    if (isGone) this.frame.banners.set('changed', l10n.t('The item was moved to the trash. Your edits are still here.'), 'warning');
    else
      this.frame.banners.set('changed', l10n.t('The file changed on disk. Select Reload to load it and discard your edits.'), 'warning', [
        textButton(l10n.t('Reload'), () => {
          if (this.shown !== undefined) this.drafts.delete(keyOf(this.shown.target));
          this.panel.post({ type: 'reload' });
        }),
      ]);
  }

  private keep(): void {
    if (this.shown === undefined || this.form === undefined) return;
    const { target } = this.shown;
    const model = this.choice?.chosenModel;
    const changes = { ...this.form.changes, ...(model === undefined ? {} : { model }) };
    // Keep the current form last; the oldest is dropped.
    this.drafts.delete(keyOf(target));
    if (Object.keys(changes).length > 0) this.drafts.set(keyOf(target), { target, changes });
    this.panel.setState({ target, drafts: [...this.drafts.values()].slice(-maxDrafts) } satisfies SavedState);
  }
}

function keyOf(target: ItemTarget): string {
  return JSON.stringify(target);
}
