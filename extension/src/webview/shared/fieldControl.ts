// The control of a field.
import * as l10n from '@vscode/l10n';
import type { FieldView } from '../../protocol/protocol.generated';
import { element, iconButton, textButton } from './element';
import { labelOf } from './fieldLabel';
import { visibleText } from '../../common/visibleText';

export interface FieldControl {
  readonly node: HTMLElement;
  /** True for several controls under one label. */
  readonly isGroup: boolean;
  /** Returns undefined if nothing is set. */
  read(): unknown;
  write(value: unknown): void;
  /** Returns the error message for the current value. */
  problem(): string | undefined;
  describedBy(ids: string): void;
  markInvalid(invalid: boolean): void;
  focus(): void;
}

export interface ControlOptions {
  id: string;
  label: string;
  field: FieldView;
  value: unknown;
  isReadOnly: boolean;
  defaultWord: string;
  /** Display texts for the choices of a select. */
  words?: Readonly<Record<string, string>> | undefined;
  onInput: () => void;
  onCommit: () => void;
}

export function controlFor(options: ControlOptions): FieldControl {
  const { field } = options;
  switch (field.type) {
    case 'boolean':
      return checkbox(options);
    case 'select':
      return select(options);
    case 'textarea':
      return textControl(options, textarea(options));
    case 'number':
      return number(options);
    case 'url':
      return textControl(options, input(options, { inputmode: 'url' }), urlProblem);
    case 'array':
      return list(options);
    case 'object':
      return field.properties.length > 0 ? properties(options) : pairs(options);
    case 'text':
    case 'datetime':
    case 'fileReference':
    case 'codexReference':
      return textControl(options, input(options));
  }
}

/** Returns an error unless the text is an HTTP address without user name and password. */
export function urlProblem(typed: string): string | undefined {
  const text = typed.trim();
  if (URL.canParse(text)) {
    const url = new URL(text);
    if ((url.protocol === 'http:' || url.protocol === 'https:') && url.username === '' && url.password === '') return undefined;
  }
  return l10n.t('Enter an address that starts with http:// or https://, without a user name or password.');
}

/** A value masked by the sidecar; it is never written back. */
export const redacted = '***REDACTED***';

type TextElement = HTMLInputElement | HTMLTextAreaElement;

function input({ id, field, isReadOnly, defaultWord }: ControlOptions, more: Record<string, string> = {}): HTMLInputElement {
  return element('input', {
    type: 'text',
    id,
    class: 'text-input',
    spellcheck: 'false',
    autocomplete: 'off',
    placeholder: placeholderOf(field, defaultWord),
    readonly: isReadOnly,
    ...more,
  });
}

function textarea({ id, field, isReadOnly, defaultWord }: ControlOptions): HTMLTextAreaElement {
  return element('textarea', {
    id,
    class: 'text-input',
    rows: '3',
    spellcheck: 'false',
    placeholder: placeholderOf(field, defaultWord),
    readonly: isReadOnly,
  });
}

function placeholderOf(field: FieldView, defaultWord: string): string | undefined {
  if (typeof field.default === 'string' || typeof field.default === 'number') {
    return visibleText(field.default === '' ? '' : `${defaultWord}: ${field.default}`);
  }
  return field.placeholder === undefined ? undefined : visibleText(field.placeholder);
}

function listen(control: HTMLElement, { onInput, onCommit }: ControlOptions): void {
  control.addEventListener('input', onInput);
  control.addEventListener('change', onCommit);
}

function single(node: HTMLElement): Pick<FieldControl, 'node' | 'isGroup' | 'describedBy' | 'markInvalid' | 'focus'> {
  return {
    node,
    isGroup: false,
    describedBy: (ids) => node.setAttribute('aria-describedby', ids),
    markInvalid: (invalid) => markInvalid(node, invalid),
    focus: () => node.focus(),
  };
}

function markInvalid(node: HTMLElement, invalid: boolean): void {
  if (invalid) node.setAttribute('aria-invalid', 'true');
  else node.removeAttribute('aria-invalid');
}

function textControl(options: ControlOptions, node: TextElement, check?: (typed: string) => string | undefined): FieldControl {
  const isText = options.field.type === 'textarea';
  const write = (value: unknown): void => {
    node.value = value === undefined || value === null ? '' : asText(value);
  };
  write(options.value);
  listen(node, options);
  return {
    ...single(node),
    // Trim spaces around a URL, but keep text as typed.
    read: () => (node.value.trim() === '' ? undefined : isText ? node.value : node.value.trim()),
    write,
    problem: () => (node.value.trim() === '' ? undefined : check?.(node.value)),
  };
}

function number(options: ControlOptions): FieldControl {
  const { field } = options;
  // Browsers count steps from the minimum, so the minimum is set only if it is a multiple of the step.
  const meets = field.min === undefined || field.step === undefined || field.min % field.step === 0;
  const node = input(options, { inputmode: 'decimal', type: 'number', step: String(field.step ?? 'any') });
  if (meets && field.min !== undefined) node.min = String(field.min);
  if (field.max !== undefined) node.max = String(field.max);
  const write = (value: unknown): void => {
    node.value = typeof value === 'number' ? String(value) : '';
  };
  write(options.value);
  listen(node, options);
  return {
    ...single(node),
    read: () => (node.value.trim() === '' ? undefined : Number(node.value)),
    write,
    problem: () =>
      node.validity.badInput ? l10n.t('Enter a number.') : node.value.trim() === '' ? undefined : numberProblem(Number(node.value), field),
  };
}

export function numberProblem(value: number, { min, max, step }: Pick<FieldView, 'min' | 'max' | 'step'>): string | undefined {
  if (!Number.isFinite(value)) return l10n.t('Enter a number.');
  if (step !== undefined && Number.isInteger(step) && !Number.isInteger(value)) return l10n.t('Enter a whole number.');
  const isLow = min !== undefined && value < min;
  const isHigh = max !== undefined && value > max;
  if (!isLow && !isHigh) return undefined;
  if (min !== undefined && max !== undefined) return l10n.t('Enter a number from {0} to {1}.', min, max);
  return isLow ? l10n.t('Enter {0} or more.', min) : l10n.t('Enter {0} or less.', max ?? '');
}

function checkbox(options: ControlOptions): FieldControl {
  const { id, field, isReadOnly, value } = options;
  const box = element('input', { type: 'checkbox', id, class: 'checkbox', disabled: isReadOnly });
  let set: boolean | undefined;
  const write = (next: unknown): void => {
    set = typeof next === 'boolean' ? next : undefined;
    box.checked = set ?? field.default === true;
  };
  write(value);
  box.addEventListener('change', () => (set = box.checked));
  listen(box, options);
  return { ...single(box), read: () => set, write, problem: () => undefined };
}

function select(options: ControlOptions): FieldControl {
  const { id, field, isReadOnly, defaultWord, value, words } = options;
  const node = element('select', { id, class: 'select', disabled: isReadOnly });
  const unset =
    typeof field.default === 'string'
      ? `${defaultWord}: ${words?.[field.default] ?? field.default}`
      : (field.placeholder ?? l10n.t('Not set'));
  const write = (next: unknown): void => {
    const chosen = next === undefined || next === null ? '' : asText(next);
    const isUnknown = chosen !== '' && !field.options.includes(chosen);
    const known = ['', ...field.options, ...(isUnknown ? [chosen] : [])];
    node.replaceChildren(...known.map((one) => element('option', { value: one }, visibleText(one === '' ? unset : (words?.[one] ?? one)))));
    node.value = chosen;
  };
  write(value);
  listen(node, options);
  return {
    ...single(node),
    read: () => (node.value === '' ? undefined : node.value),
    write,
    problem: () => (node.value === '' || field.options.includes(node.value) ? undefined : l10n.t('Select one of the options.')),
  };
}

/** Creates a list of items, each with its own control. */
function list(options: ControlOptions): FieldControl {
  const { id, label, field, isReadOnly, defaultWord, onInput, onCommit } = options;
  const itemField: FieldView = field.items ?? { name: field.name, type: 'text', required: false, options: [], properties: [] };
  const rows = element('div', { class: 'items' });
  let items: { control: FieldControl; node: HTMLElement }[] = [];
  let made = 0;
  const add = (value: unknown): FieldControl => {
    const itemId = `${id}-${made++}`;
    // A single-line input would drop line breaks.
    const type = itemField.type === 'text' && typeof value === 'string' && value.includes('\n') ? 'textarea' : itemField.type;
    const control = controlFor({ ...options, id: itemId, field: { ...itemField, type }, value });
    control.node.setAttribute('aria-label', l10n.t('{0}, item {1}', label, items.length + 1));
    const node = element('div', { class: 'item' }, control.node);
    const item = { control, node };
    if (!isReadOnly) {
      node.append(
        iconButton('close', l10n.t('Remove item {0} of {1}', items.length + 1, label), () => {
          items = items.filter((one) => one !== item);
          node.remove();
          unset.hidden = items.length > 0 || given.length === 0;
          more.focus();
          onCommit();
        }),
      );
    }
    items.push(item);
    rows.append(node);
    unset.hidden = true;
    return control;
  };
  const given: readonly unknown[] = Array.isArray(field.default) ? field.default : [];
  const unset = defaultNote(defaultWord, given.map(asText).join(', '));
  const more = textButton(l10n.t('Add'), () => {
    // Adding an item to a default keeps the default's items.
    if (items.length === 0) given.forEach(add);
    add(undefined).focus();
    onInput();
  });
  more.setAttribute('aria-label', l10n.t('Add item to {0}', label));
  const write = (value: unknown): void => {
    items = [];
    rows.replaceChildren();
    if (Array.isArray(value)) value.forEach((one: unknown) => add(one));
    unset.hidden = items.length > 0 || given.length === 0;
  };
  write(options.value);
  return {
    ...group(id, unset, rows, isReadOnly ? undefined : more),
    read: () => {
      const values = items.map(({ control }) => control.read()).filter((value) => value !== undefined);
      return values.length === 0 ? undefined : values;
    },
    write,
    problem: () => first(items.map(({ control }) => control.problem())),
    focus: () => (items[0]?.control ?? more).focus(),
  };
}

/** Shows the default if a placeholder is not possible. */
function defaultNote(defaultWord: string, words: string): HTMLElement {
  return element('div', { class: 'field-help', hidden: words === '' }, visibleText(`${defaultWord}: ${words}`));
}

/** Creates controls for an object with known keys. */
function properties(options: ControlOptions): FieldControl {
  const { id, field } = options;
  const defaults = entriesOf(field.default);
  let isUnset = options.value === undefined || options.value === null;
  const controls = field.properties.map((property) => {
    const control = controlFor({
      ...options,
      id: `${id}-${property.name}`,
      field: property.name in defaults ? { ...property, default: defaults[property.name] } : property,
      value: entriesOf(options.value)[property.name],
    });
    control.node.setAttribute('aria-label', `${options.label}: ${labelOf(property.name)}`);
    return { property, control };
  });
  const rows = controls.map(({ property, control }) =>
    element('div', { class: 'property' }, element('span', { class: 'property-name' }, visibleText(labelOf(property.name))), control.node),
  );
  return {
    ...group(id, ...rows),
    read: () => {
      const entries = controls.flatMap(({ property, control }) => {
        const value = control.read();
        return value === undefined ? [] : [[property.name, value] as const];
      });
      if (entries.length === 0) return undefined;
      // Changing one value of a default keeps the others.
      return { ...(isUnset ? defaults : {}), ...Object.fromEntries(entries) };
    },
    write: (value) => {
      isUnset = value === undefined || value === null;
      controls.forEach(({ property, control }) => control.write(entriesOf(value)[property.name]));
    },
    problem: () => first(controls.map(({ control }) => control.problem())),
    focus: () => controls[0]?.control.focus(),
  };
}

/** Creates controls for an object of names and texts. It is read-only if a value is masked. */
function pairs(options: ControlOptions): FieldControl {
  const { id, label, isReadOnly, onInput, onCommit } = options;
  const rows = element('div', { class: 'items' });
  const note = element(
    'div',
    { class: 'field-help', hidden: true },
    l10n.t('This field holds a secret. Edit it in the file, with a vault:// reference.'),
  );
  let kept: unknown;
  let items: { name: HTMLInputElement; value: HTMLInputElement; node: HTMLElement }[] = [];
  let isMasked = false;
  /** Number of items ever added, for unique labels. */
  let count = 0;
  const add = (name: string, value: unknown): HTMLInputElement => {
    const at = ++count;
    const field = (what: string, text: string): HTMLInputElement => {
      const node = element('input', {
        type: 'text',
        class: 'text-input',
        'aria-label': `${label}, ${what} ${at}`,
        placeholder: what === 'name' ? l10n.t('Name') : l10n.t('Value, or vault://…'),
        spellcheck: 'false',
        autocomplete: 'off',
        readonly: isReadOnly || isMasked,
      });
      node.value = text;
      listen(node, options);
      return node;
    };
    const nameField = field('name', name);
    const valueField = field('value', asText(value));
    const node = element('div', { class: 'item' }, nameField, valueField);
    const item = { name: nameField, value: valueField, node };
    if (!isReadOnly && !isMasked) {
      node.append(
        iconButton('close', l10n.t('Remove {0} {1}', label, at), () => {
          items = items.filter((one) => one !== item);
          node.remove();
          more.focus();
          onCommit();
        }),
      );
    }
    items.push(item);
    rows.append(node);
    return nameField;
  };
  const more = textButton(l10n.t('Add'), () => {
    add('', '').focus();
    onInput();
  });
  more.setAttribute('aria-label', l10n.t('Add to {0}', label));
  const write = (value: unknown): void => {
    kept = value;
    items = [];
    count = 0;
    rows.replaceChildren();
    isMasked = JSON.stringify(value)?.includes(redacted) === true;
    note.hidden = !isMasked;
    more.hidden = isReadOnly || isMasked;
    for (const [name, one] of Object.entries(entriesOf(value))) add(name, one);
  };
  write(options.value);
  return {
    ...group(id, rows, more, note),
    read: () => {
      if (isMasked) return kept;
      const before = entriesOf(kept);
      const entries = items
        .filter(({ name }) => name.value.trim() !== '')
        .map(({ name, value }) => {
          const was = before[name.value];
          // Unchanged numbers stay numbers.
          return [name.value.trim(), was !== undefined && asText(was) === value.value ? was : value.value] as const;
        });
      return entries.length === 0 ? undefined : Object.fromEntries(entries);
    },
    write,
    problem: () => {
      if (isMasked) return undefined;
      const names = items.map(({ name }) => name.value.trim());
      const literal = items.find(({ name, value }) => isSecretName(name.value) && value.value.trim() !== '' && !isReference(value.value));
      if (literal !== undefined)
        return l10n.t('{0} is a secret. Store it in the vault and enter its vault:// address here.', literal.name.value.trim());
      if (items.some(({ name, value }) => name.value.trim() === '' && value.value !== '')) return l10n.t('Enter a name for the value.');
      return names.some((name, at) => name !== '' && names.indexOf(name) !== at) ? l10n.t('Each name can appear only once.') : undefined;
    },
    focus: () => (items[0]?.name ?? more).focus(),
  };
}

function group(
  id: string,
  ...children: (HTMLElement | undefined)[]
): Pick<FieldControl, 'node' | 'isGroup' | 'describedBy' | 'markInvalid'> {
  const node = element('div', { class: 'group', id, role: 'group', 'aria-labelledby': `${id}-label` }, ...children);
  return {
    node,
    isGroup: true,
    describedBy: (ids) => node.setAttribute('aria-describedby', ids),
    markInvalid: (invalid) => node.classList.toggle('invalid', invalid),
  };
}

/** The sidecar has the same rule for masking. */
function isSecretName(name: string): boolean {
  return /key|token|secret|authorization|password/i.test(name);
}

function isReference(value: string): boolean {
  return /^(vault|env):\/\//.test(value.trim());
}

function first(problems: (string | undefined)[]): string | undefined {
  return problems.find((problem) => problem !== undefined);
}

function entriesOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function asText(value: unknown): string {
  return typeof value === 'string'
    ? value
    : typeof value === 'number' || typeof value === 'boolean'
      ? String(value)
      : JSON.stringify(value);
}
