// A document of a template of the user's own, as a form.
import type { FieldView, TemplateView } from '../../protocol/protocol.generated';
import { Banners } from '../shared/banners';
import { element, setText, textButton } from '../shared/element';
import { Form } from '../shared/form';
import type { Panel } from '../shared/panel';
import { visibleText } from '../shared/visibleText';
import type { FromItemPage, ToItemPage } from './messages';
import type { KeptItem } from './readMessages';

type Shown = Extract<ToItemPage, { type: 'form' }>;

/** Whatever the template says, an item can have tags. */
const tags: FieldView = {
  name: 'tags',
  type: 'array',
  required: false,
  options: [],
  properties: [],
  description: 'To find it by.',
  items: { name: 'tag', type: 'text', required: false, options: [], properties: [] },
};

/** Of a new one whose template has no place for a title. */
const fileTitle: FieldView = {
  name: 'title',
  type: 'text',
  required: true,
  options: [],
  properties: [],
  description: 'Its file is named after it.',
};

export class ItemPage {
  private readonly heading = element('h1', {}, 'Loading…');
  private readonly kind = element('span', { class: 'kind' });
  private readonly banners = new Banners();
  private readonly place = element('div', { class: 'column' });
  private readonly status = element('span', { class: 'visually-hidden', role: 'status' });
  private readonly save: HTMLButtonElement;
  private readonly buttons: HTMLElement;
  private readonly extra: HTMLButtonElement[];
  private shown: Shown | undefined;
  private form: Form | undefined;
  private isSaving = false;

  constructor(
    root: HTMLElement,
    private readonly panel: Panel<FromItemPage>,
    private kept: KeptItem | undefined,
  ) {
    this.save = textButton('Save', () => this.send(), 'primary');
    this.extra = [
      textButton('Show history…', () => panel.post({ type: 'history' })),
      textButton('Open file', () => panel.post({ type: 'openFile' })),
      textButton('Delete', () => panel.post({ type: 'delete' })),
    ];
    this.buttons = element('div', { class: 'column buttons' }, this.save, ...this.extra);
    this.buttons.hidden = true;
    root.append(
      element('header', { class: 'page-header' }, element('div', { class: 'column header-line' }, this.heading, this.kind)),
      this.banners.node,
      element('div', { class: 'page-body' }, this.place),
      element('footer', { class: 'page-footer' }, this.buttons),
      this.status,
    );
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
      case 'saved':
        this.isSaving = false;
        return this.showSaved(message);
      case 'changed':
        return this.tellChanged(message.isGone);
      case 'refused':
        this.isSaving = false;
        this.draw();
        if (message.error.kind === 'conflict') this.tellChanged(false);
        else this.banners.set('problem', message.error.message, 'error', [], () => this.banners.set('problem', undefined));
        return;
    }
  }

  private show(message: Shown): void {
    this.shown = message;
    const { template, codex, values, readOnlyReason, target } = message;
    const isNew = codex === undefined;
    const title = titleFieldOf(template);
    // A title is what a new one is named after.
    const fields = template.fields.map((field) => (isNew && field.name === title ? { ...field, required: true } : field));
    const own = [
      ...(isNew && title === undefined ? [fileTitle] : []),
      ...fields,
      ...(fields.some(({ name }) => name === tags.name) ? [] : [tags]),
    ];
    this.form = new Form({
      id: 'item',
      fields: own,
      values,
      isReadOnly: readOnlyReason !== undefined,
      onChange: () => this.keep(),
    });
    // What was typed before a reload, if it was typed for this one.
    if (JSON.stringify(this.kept?.target) === JSON.stringify(target))
      for (const [name, value] of Object.entries(this.kept?.changes ?? {})) this.form.set(name, value ?? undefined);
    this.place.replaceChildren(
      ...(template.description === undefined ? [] : [element('p', { class: 'quiet' }, visibleText(template.description))]),
      this.form.node,
    );
    this.banners.set('problem', undefined);
    this.banners.set('changed', undefined);
    this.banners.set('readOnly', readOnlyReason, 'info');
    this.keep();
    this.draw();
    this.form.focus();
  }

  private showSaved({ codex, values }: Extract<ToItemPage, { type: 'saved' }>): void {
    const { shown } = this;
    if (shown === undefined) return;
    this.kept = undefined;
    if (shown.codex === undefined) this.show({ ...shown, codex, values, target: { uri: codex.uri } });
    else {
      this.shown = { ...shown, codex };
      this.form?.update(values);
      this.banners.set('problem', undefined);
      this.keep();
      this.draw();
    }
    setText(this.status, 'Saved.');
  }

  private draw(): void {
    const { shown } = this;
    if (shown === undefined) return;
    setText(this.heading, visibleText(shown.codex?.title ?? `New ${shown.template.name}`));
    setText(this.kind, shown.codex === undefined ? '' : visibleText(shown.template.name));
    this.buttons.hidden = false;
    this.save.hidden = shown.readOnlyReason !== undefined;
    setText(this.save, this.isSaving ? 'Saving…' : shown.codex === undefined ? 'Create' : 'Save');
    for (const button of this.extra) button.hidden = shown.codex === undefined;
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
    const { [titleFieldOf(shown.template) ?? fileTitle.name]: title, ...values } = form.values;
    this.panel.post({ type: 'save', title: typeof title === 'string' ? title : '', values });
  }

  private tellChanged(isGone: boolean): void {
    if (isGone) this.banners.set('changed', 'It was moved to the trash. What you typed is still here.', 'warning');
    else
      this.banners.set(
        'changed',
        'It was changed elsewhere since you opened it. Reload shows that, without what you typed here.',
        'warning',
        [
          textButton('Reload', () => {
            this.kept = undefined;
            this.panel.post({ type: 'reload' });
          }),
        ],
      );
  }

  private keep(): void {
    if (this.shown === undefined || this.form === undefined) return;
    this.kept = { target: this.shown.target, changes: this.form.changes };
    this.panel.setState(this.kept);
  }
}

/** As the sidecar chooses it. */
function titleFieldOf({ fields }: TemplateView): string | undefined {
  return ['name', 'title'].find((name) => fields.some((field) => field.name === name));
}
