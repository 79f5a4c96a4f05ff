// A form for the fields of a template or the settings. It keeps typed values and never contains a secret.
import * as l10n from '@vscode/l10n';
import type { FieldView } from '../../protocol/protocol.generated';
import { element, setText, textButton } from './element';
import { controlFor, type ControlOptions, type FieldControl } from './fieldControl';
import { labelOf } from './fieldLabel';
import { visibleText } from '../../common/visibleText';

export type FormValues = Readonly<Record<string, unknown>>;

export interface FormOptions {
  /** Prefix for the IDs of controls, so that a page can have several forms. */
  id: string;
  fields: readonly FieldView[];
  /** Values in the file by name; missing names have their default. */
  values: FormValues;
  /** Fields that are not shown, but that conditions may refer to. */
  hidden?: readonly string[];
  /** Rarely used fields, shown under "More", which is collapsed. */
  folded?: readonly string[];
  /** Custom controls by field name. */
  controls?: Readonly<Record<string, (options: ControlOptions) => FieldControl>>;
  /** Suggestions while typing, by field name. */
  offers?: Readonly<Record<string, readonly string[]>>;
  isReadOnly?: boolean;
  /** "Default" if an empty field gets its default, "Suggested" if nothing is sent. */
  defaultWord?: string;
  /** Labels by name; otherwise derived from the name. */
  labels?: Readonly<Record<string, string>>;
  /** Display texts for the choices of selects; otherwise as in the file. */
  words?: Readonly<Record<string, string>>;
  /** Called when the user changed a field and left it; undefined removes it from the file. Not called for an invalid value. */
  onChange?: (name: string, value: unknown) => void;
  /** Called for every change while the user types, even for an invalid value. */
  onInput?: () => void;
}

interface Row {
  field: FieldView;
  control: FieldControl;
  node: HTMLElement;
  problem: HTMLElement;
  reset: HTMLButtonElement | undefined;
}

export class Form {
  readonly node: HTMLElement;
  private readonly rows: Row[];
  private readonly more: HTMLDetailsElement;
  private before: FormValues;

  constructor(private readonly options: FormOptions) {
    this.before = options.values;
    const hidden = new Set(options.hidden);
    this.rows = options.fields.filter(({ name }) => !hidden.has(name)).map((field) => this.row(field));
    const folded = new Set(options.folded);
    const nodes = (isFolded: boolean): HTMLElement[] =>
      this.rows.filter(({ field }) => folded.has(field.name) === isFolded).map(({ node }) => node);
    this.more = element('details', { class: 'more' }, element('summary', {}, l10n.t('More')), ...nodes(true));
    this.node = element('div', { class: 'form' }, ...nodes(false), this.more);
    this.showConditions();
  }

  /** All set values, including those of fields with an unmet condition. */
  get values(): Record<string, unknown> {
    const values: Record<string, unknown> = { ...this.before };
    for (const { field, control } of this.rows) {
      const value = control.read();
      if (value === undefined) delete values[field.name];
      else values[field.name] = value;
    }
    return values;
  }

  /** Values of visible fields. */
  get drawn(): Record<string, unknown> {
    const set = this.rows.flatMap(({ field, control, node }) => {
      const value = node.hidden ? undefined : control.read();
      return value === undefined ? [] : [[field.name, value] as const];
    });
    return Object.fromEntries(set);
  }

  /** Changed values; null removes a field from the file. */
  get changes(): Record<string, unknown> {
    const values = this.values;
    const changed = this.rows.filter(
      (row) => !row.node.hidden && JSON.stringify(values[row.field.name]) !== JSON.stringify(this.before[row.field.name]),
    );
    return Object.fromEntries(changed.map(({ field }) => [field.name, values[field.name] ?? null]));
  }

  /** Shows errors and focuses the first. Returns true if there are none. */
  check(): boolean {
    const wrong = this.rows.filter((row) => !this.checkRow(row));
    this.goTo(wrong[0]);
    return wrong.length === 0;
  }

  /** Updates values from the file. Fields with unsaved changes are kept. */
  update(values: FormValues): void {
    for (const { field, control } of this.rows) {
      const isUntouched = JSON.stringify(control.read()) === JSON.stringify(this.before[field.name]);
      if (isUntouched && JSON.stringify(values[field.name]) !== JSON.stringify(this.before[field.name])) control.write(values[field.name]);
    }
    this.before = values;
    this.rows.forEach((row) => this.showReset(row));
    this.showConditions();
  }

  /** Sets a value as if typed; undefined clears it. */
  set(name: string, value: unknown): void {
    const row = this.rows.find(({ field }) => field.name === name);
    if (row === undefined) return;
    row.control.write(value);
    this.showReset(row);
    this.showConditions();
  }

  /** Shows an external error for a field; undefined clears it. */
  showProblem(name: string, problem: string | undefined): void {
    const row = this.rows.find(({ field }) => field.name === name);
    if (row !== undefined) this.showRowProblem(row, problem);
  }

  focus(name?: string): void {
    this.goTo(this.rows.find(({ field, node }) => !node.hidden && (name === undefined || field.name === name)));
  }

  private goTo(row: Row | undefined): void {
    if (row === undefined) return;
    if (this.more.contains(row.node)) this.more.open = true;
    row.control.focus();
  }

  private row(field: FieldView): Row {
    const { options } = this;
    const id = `${options.id}-${field.name}`;
    const label = options.labels?.[field.name] ?? labelOf(field.name);
    const control = (options.controls?.[field.name] ?? controlFor)({
      id,
      label,
      field,
      value: options.values[field.name],
      isReadOnly: options.isReadOnly === true,
      defaultWord: options.defaultWord ?? l10n.t('Default'),
      words: options.words,
      onInput: () => {
        this.showConditions();
        options.onInput?.();
      },
      onCommit: () => this.commit(row),
    });
    const problem = element('div', { class: 'field-problem', id: `${id}-problem`, hidden: true });
    const help =
      field.description === undefined
        ? undefined
        : element('div', { class: 'field-help', id: `${id}-help` }, visibleText(field.description));
    control.describedBy([...(help === undefined ? [] : [`${id}-help`]), `${id}-problem`].join(' '));
    const canReset = field.default !== undefined && options.isReadOnly !== true;
    const reset = canReset
      ? textButton(
          l10n.t('Use Default'),
          () => {
            control.write(undefined);
            this.commit(row);
            control.focus();
          },
          'quiet',
        )
      : undefined;
    reset?.setAttribute('aria-label', l10n.t('Use default for {0}', label));
    const name = control.isGroup
      ? element('div', { class: 'field-label', id: `${id}-label` }, visibleText(label))
      : element('label', { class: 'field-label', id: `${id}-label`, for: id }, visibleText(label));
    if (field.required) name.append(element('span', { class: 'field-required' }, ` ${l10n.t('(required)')}`));
    const offered = options.offers?.[field.name] ?? [];
    const offers = offered.length === 0 ? undefined : element('datalist', { id: `${id}-offers` });
    offers?.append(...offered.map((value) => element('option', { value })));
    if (offers !== undefined) control.node.setAttribute('list', offers.id);
    const row: Row = {
      field,
      control,
      problem,
      reset,
      node: element(
        'div',
        { class: `field field-${field.type}`, 'data-field': field.name },
        element('div', { class: 'field-head' }, name, reset),
        help,
        control.node,
        offers,
        problem,
      ),
    };
    this.showReset(row);
    return row;
  }

  private commit(row: Row): void {
    this.showReset(row);
    this.showConditions();
    if (this.checkRow(row)) this.options.onChange?.(row.field.name, row.control.read());
  }

  private checkRow(row: Row): boolean {
    const problem = row.node.hidden ? undefined : (row.control.problem() ?? missing(row));
    this.showRowProblem(row, problem);
    return problem === undefined;
  }

  private showRowProblem({ control, problem: place }: Row, problem: string | undefined): void {
    setText(place, problem === undefined ? '' : visibleText(problem));
    place.hidden = problem === undefined;
    control.markInvalid(problem !== undefined);
  }

  private showReset({ reset, control }: Row): void {
    if (reset !== undefined) reset.hidden = control.read() === undefined;
  }

  private showConditions(): void {
    const values = this.values;
    for (const { field, node } of this.rows) node.hidden = !counts(field, values, this.options.fields);
    this.more.hidden = !this.rows.some(({ node }) => !node.hidden && this.more.contains(node));
  }
}

function missing({ field, control }: Row): string | undefined {
  return field.required && control.read() === undefined && field.default === undefined ? l10n.t('This field is required.') : undefined;
}

/** True if the field has no condition, or the other field's value or default meets it. */
export function counts(field: FieldView, values: FormValues, fields: readonly FieldView[]): boolean {
  const { conditional } = field;
  if (conditional === undefined) return true;
  const value = values[conditional.field] ?? fields.find(({ name }) => name === conditional.field)?.default;
  return conditional.values.some((wanted) => wanted === value);
}
