// The fields of a question from an agent or an MCP server, or the address that a server wants to open.
import * as l10n from '@vscode/l10n';
import type { QuestionFieldView, QuestionView } from '../../../protocol/protocol.generated';
import { visibleText } from '../../../common/visibleText';
import { element } from '../element';
import { exactText } from '../exactText';

interface Field {
  readonly node: HTMLElement;
  /** Returns the invalid control; undefined if all are valid. */
  invalid(): HTMLInputElement | HTMLSelectElement | undefined;
  /** Undefined for an empty field. */
  value(): unknown;
}

export class QuestionForm {
  readonly node: HTMLElement;
  private readonly fields: readonly (readonly [string, Field])[];

  /** @param id Unique in the page. */
  constructor(question: QuestionView, id: string) {
    this.fields = question.fields.map((field, at) => [field.name, fieldOf(field, `${id}-${at}`)]);
    this.node = element('div', { class: 'approval-form' }, ...(question.host === undefined ? [] : [hostOf(question.host)]));
    this.node.append(...this.fields.map(([, { node }]) => node));
  }

  contains(target: EventTarget | null): boolean {
    return target instanceof Node && this.node.contains(target);
  }

  /** Shows the first error at its field. Returns false if there is one. */
  check(): boolean {
    for (const [, field] of this.fields) {
      const invalid = field.invalid();
      if (invalid === undefined) continue;
      invalid.reportValidity();
      return false;
    }
    return true;
  }

  /** The values as a JSON object. */
  get values(): string {
    return JSON.stringify(
      Object.fromEntries(
        this.fields.flatMap(([name, field]) => {
          const value = field.value();
          return value === undefined ? [] : [[name, value]];
        }),
      ),
    );
  }
}

function hostOf(host: string): HTMLElement {
  return element('p', { class: 'approval-host' }, l10n.t('Host:'), ' ', element('strong', {}, exactText(host)));
}

function fieldOf(field: QuestionFieldView, id: string): Field {
  switch (field.kind) {
    case 'boolean':
      return checkbox(field, id);
    case 'choice':
      return field.isRequired && field.options.length <= maxRadios ? radios(field, id) : choice(field, id);
    case 'choices':
      return choices(field, id);
    case 'text':
    case 'number':
    case 'integer':
      return input(field, id);
  }
}

const inputTypes: Partial<Record<string, string>> = { email: 'email', uri: 'url', date: 'date' };

function input(field: QuestionFieldView, id: string): Field {
  const isNumber = field.kind !== 'text';
  const control = element('input', {
    id,
    type: isNumber ? 'number' : (inputTypes[field.format ?? ''] ?? 'text'),
    value: field.defaults[0] ?? '',
    required: field.isRequired,
    ...(isNumber
      ? { min: field.min, max: field.max, step: field.kind === 'integer' ? 1 : 'any' }
      : { minlength: field.min, maxlength: field.max ?? 10_000 }),
    ...(field.format === 'date-time' ? { placeholder: '2026-01-31T12:00:00Z' } : {}),
    ...describedBy(field, id),
  });
  return {
    node: element('div', { class: 'approval-field' }, label(field, id), control, about(field, id)),
    invalid: () => (control.checkValidity() ? undefined : control),
    value: () => (control.value === '' ? undefined : isNumber ? control.valueAsNumber : control.value),
  };
}

function checkbox(field: QuestionFieldView, id: string): Field {
  const control = element('input', { id, type: 'checkbox', checked: field.defaults[0] === 'true', ...describedBy(field, id) });
  return {
    node: element(
      'div',
      { class: 'approval-field' },
      element('div', { class: 'approval-option' }, control, label(field, id)),
      about(field, id),
    ),
    invalid: () => undefined,
    value: () => control.checked,
  };
}

function choice(field: QuestionFieldView, id: string): Field {
  const isEmpty = !field.options.some(({ value }) => value === field.defaults[0]);
  const control = element(
    'select',
    { id, required: field.isRequired, ...describedBy(field, id) },
    ...(field.isRequired && !isEmpty ? [] : [element('option', { value: '' }, l10n.t('(none)'))]),
    ...field.options.map(({ title }, at) =>
      element('option', { value: String(at), selected: field.options[at]?.value === field.defaults[0] }, visibleText(title)),
    ),
  );
  return {
    node: element('div', { class: 'approval-field' }, label(field, id), control, about(field, id)),
    invalid: () => (control.checkValidity() ? undefined : control),
    value: () => (control.value === '' ? undefined : field.options[Number(control.value)]?.value),
  };
}

/** With more options, a list is used. */
const maxRadios = 5;

function radios(field: QuestionFieldView, id: string): Field {
  const controls = field.options.map(({ value }, at) =>
    element('input', { id: `${id}-${at}`, name: id, type: 'radio', required: true, checked: field.defaults[0] === value }),
  );
  return {
    node: optionsOf(field, id, controls),
    invalid: () => controls.find((control) => !control.checkValidity()),
    value: () => field.options.find((_, at) => controls[at]?.checked === true)?.value,
  };
}

function optionsOf(field: QuestionFieldView, id: string, controls: readonly HTMLInputElement[]): HTMLElement {
  return element(
    'fieldset',
    { class: 'approval-field' },
    element('legend', {}, titleOf(field)),
    ...field.options.map(({ title }, at) =>
      element('div', { class: 'approval-option' }, controls[at], element('label', { for: `${id}-${at}` }, visibleText(title))),
    ),
    about(field, id),
  );
}

function choices(field: QuestionFieldView, id: string): Field {
  const controls = field.options.map(({ value }, at) =>
    element('input', { id: `${id}-${at}`, type: 'checkbox', checked: field.defaults.includes(value) }),
  );
  const chosen = (): string[] => field.options.filter((_, at) => controls[at]?.checked === true).map(({ value }) => value);
  const [min, max] = [field.min ?? (field.isRequired ? 1 : 0), field.max ?? field.options.length];
  return {
    node: optionsOf(field, id, controls),
    invalid: () => {
      const [first] = controls;
      const count = chosen().length;
      const isWrong = (count > 0 || field.isRequired) && (count < min || count > max);
      first?.setCustomValidity(isWrong ? l10n.t('Select {0} to {1} options.', min, max) : '');
      return isWrong ? first : undefined;
    },
    value: () => (chosen().length === 0 && !field.isRequired ? undefined : chosen()),
  };
}

function label(field: QuestionFieldView, id: string): HTMLElement {
  return element('label', { for: id }, titleOf(field));
}

function titleOf({ title, isRequired }: QuestionFieldView): string {
  return isRequired ? l10n.t('{0} (required)', visibleText(title)) : visibleText(title);
}

function about({ description }: QuestionFieldView, id: string): HTMLElement | undefined {
  return description === undefined ? undefined : element('p', { id: `${id}-about`, class: 'quiet' }, visibleText(description));
}

function describedBy({ description }: QuestionFieldView, id: string): { 'aria-describedby'?: string } {
  return description === undefined ? {} : { 'aria-describedby': `${id}-about` };
}
