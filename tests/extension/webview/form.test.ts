// @vitest-environment jsdom
import { beforeEach, describe, expect, it } from 'vitest';
import type { FieldView } from '../../../extension/src/protocol/protocol.generated';
import { labelOf } from '../../../extension/src/webview/shared/fieldLabel';
import { Form, type FormOptions } from '../../../extension/src/webview/shared/form';

function field(name: string, change: Partial<FieldView> = {}): FieldView {
  return { name, type: 'text', required: false, options: [], properties: [], ...change };
}

const fields: FieldView[] = [
  field('provider_type', { type: 'select', options: ['ollama', 'claude-code'], default: 'claude-code' }),
  field('max_turns', { type: 'number', min: 1, step: 1, conditional: { field: 'provider_type', values: ['claude-code'] } }),
  field('max_tokens', { type: 'number', default: 4096, min: 1, max: 200_000, step: 1 }),
  field('temperature', { type: 'number', default: 0.7, min: 0, max: 2, step: 0.1, description: 'How freely it chooses words.' }),
  field('endpoint', { type: 'url', placeholder: 'http://localhost:11434' }),
  field('stop_sequences', { type: 'array', items: field('stop', {}) }),
  field('supports_tools', { type: 'boolean', default: true }),
  field('headers', { type: 'object' }),
];

let form: Form;
let received: [string, unknown][];

function open(change: Partial<FormOptions> = {}): void {
  received = [];
  form = new Form({ id: 'edit', fields, values: {}, onChange: (name, value) => received.push([name, value]), ...change });
  document.body.replaceChildren(form.node);
}

function control(name: string): HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement {
  const found = document.getElementById(`edit-${name}`);
  if (found instanceof HTMLInputElement || found instanceof HTMLSelectElement || found instanceof HTMLTextAreaElement) return found;
  throw new Error(`No control for ${name}`);
}

function type(target: Element | null, value: string): void {
  if (!(target instanceof HTMLInputElement || target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement)) {
    throw new Error('Not a control');
  }
  target.value = value;
  target.dispatchEvent(new Event('input', { bubbles: true }));
  target.dispatchEvent(new Event('change', { bubbles: true }));
}

function problemOf(name: string): string {
  return document.getElementById(`edit-${name}-problem`)?.textContent ?? '';
}

function rowOf(name: string): HTMLElement {
  const row = document.querySelector(`[data-field="${name}"]`);
  if (!(row instanceof HTMLElement)) throw new Error(`No row ${name}`);
  return row;
}

function click(label: string): void {
  const button = [...document.querySelectorAll('button')].find((one) => one.getAttribute('aria-label') === label);
  if (button === undefined) throw new Error(`No button ${label}`);
  button.click();
}

beforeEach(() => open());

describe('a form', () => {
  it('omits unchanged fields, and sends null for an emptied one', () => {
    open({ values: { endpoint: 'http://a', max_tokens: 10 } });
    expect(form.changes).toEqual({});
    type(control('endpoint'), '');
    type(control('max_tokens'), '20');
    expect(form.changes).toEqual({ endpoint: null, max_tokens: 20 });
    expect(received).toEqual([
      ['endpoint', undefined],
      ['max_tokens', 20],
    ]);
  });

  it('shows a field only while its condition holds, by the default of the other one too', () => {
    expect(rowOf('max_turns').hidden).toBe(false);
    type(control('provider_type'), 'ollama');
    expect(rowOf('max_turns').hidden).toBe(true);
  });

  it('follows a condition on a field that it does not draw', () => {
    open({ values: { provider_type: 'ollama' }, hidden: ['provider_type'] });
    expect(document.getElementById('edit-provider_type')).toBeNull();
    expect(rowOf('max_turns').hidden).toBe(true);
  });

  it.each([
    ['0', 'Enter a number from 1 to 200000.'],
    ['1.5', 'Enter a whole number.'],
    ['300000', 'Enter a number from 1 to 200000.'],
  ])('refuses %s where a whole number from 1 to 200000 is asked for, at the field', (typed, words) => {
    type(control('max_tokens'), typed);
    expect(problemOf('max_tokens')).toBe(words);
    expect(control('max_tokens').getAttribute('aria-invalid')).toBe('true');
    expect(control('max_tokens').getAttribute('aria-describedby')).toContain('edit-max_tokens-problem');
    expect(received).toEqual([]);
    expect(form.check()).toBe(false);
    expect(document.activeElement).toBe(control('max_tokens'));
    type(control('max_tokens'), '5');
    expect(problemOf('max_tokens')).toBe('');
  });

  it('refuses an address with a password in it', () => {
    type(control('endpoint'), 'https://me:secret@host');
    expect(problemOf('endpoint')).toMatch(/without a user name or password/);
    type(control('endpoint'), ' https://host/v1 ');
    expect(form.changes).toEqual({ endpoint: 'https://host/v1' });
  });

  it('steps a number from zero although the smallest value is one', () => {
    open({ fields: [field('timeout_ms', { type: 'number', min: 1, step: 1000 })] });
    expect(control('timeout_ms').getAttribute('step')).toBe('1000');
    expect(control('timeout_ms').getAttribute('min')).toBeNull();
    type(control('timeout_ms'), '0');
    expect(problemOf('timeout_ms')).toBe('Enter 1 or more.');
  });

  it('shows a default as what happens when nothing is set, and goes back to it', () => {
    expect(control('max_tokens').getAttribute('placeholder')).toBe('Default: 4096');
    const box = control('supports_tools');
    expect(box instanceof HTMLInputElement && box.checked).toBe(true);
    box.click();
    expect(form.changes).toEqual({ supports_tools: false });
    click('Use default for Supports tools');
    expect(form.changes).toEqual({});
    expect(received).toEqual([
      ['supports_tools', false],
      ['supports_tools', undefined],
    ]);
  });

  it('takes a list item by item, and keeps one with a line break whole', () => {
    open({ values: { stop_sequences: ['a\nb', 'END'] } });
    expect(form.values['stop_sequences']).toEqual(['a\nb', 'END']);
    click('Remove item 2 of Stop sequences');
    click('Add item to Stop sequences');
    type(document.activeElement, 'STOP');
    expect(form.changes).toEqual({ stop_sequences: ['a\nb', 'STOP'] });
  });

  it('accepts an object by name and value, and rejects a duplicate name', () => {
    click('Add to Headers');
    type(document.activeElement, 'X-Team');
    type(document.querySelector('[aria-label="Headers, value 1"]'), 'tools');
    expect(form.changes).toEqual({ headers: { 'X-Team': 'tools' } });
    click('Add to Headers');
    type(document.activeElement, 'X-Team');
    expect(problemOf('headers')).toBe('Each name can appear only once.');
  });

  it('takes a pair out again, calls no two by the same name, and wants a name for each value', () => {
    open({ values: { headers: { 'X-Team': 'tools', 'X-Count': 5 } } });
    click('Remove Headers 1');
    expect(document.activeElement?.getAttribute('aria-label')).toBe('Add to Headers');
    expect(form.changes).toEqual({ headers: { 'X-Count': 5 } });
    click('Add to Headers');
    const names = [...rowOf('headers').querySelectorAll('input')].map((input) => input.getAttribute('aria-label'));
    expect(new Set(names).size).toBe(4);
    type([...rowOf('headers').querySelectorAll('input')].at(-1) ?? null, 'red');
    expect(problemOf('headers')).toBe('Enter a name for the value.');
  });

  it('refuses a secret itself where only its address in the vault belongs', () => {
    click('Add to Headers');
    type(document.activeElement, 'X-Api-Key');
    type(document.querySelector('[aria-label="Headers, value 1"]'), 'sk-123');
    expect(problemOf('headers')).toMatch(/^X-Api-Key is a secret/);
    expect(form.check()).toBe(false);
    received = [];
    type(document.querySelector('[aria-label="Headers, value 1"]'), 'vault://house/header');
    expect(received).toEqual([['headers', { 'X-Api-Key': 'vault://house/header' }]]);
  });

  it('never sends back what was masked', () => {
    open({ values: { headers: { Authorization: '***REDACTED***', 'X-Team': 'tools' } } });
    expect([...rowOf('headers').querySelectorAll('input')].every((input) => input.readOnly)).toBe(true);
    expect(form.check()).toBe(true);
    expect(form.changes).toEqual({});
  });

  it('follows the file where nothing was typed, and keeps what was', () => {
    open({ values: { endpoint: 'http://a', max_tokens: 1 } });
    type(control('endpoint'), 'http://mine');
    form.update({ endpoint: 'http://theirs', max_tokens: 2 });
    expect(control('endpoint').value).toBe('http://mine');
    expect(control('max_tokens').value).toBe('2');
  });

  it('cannot be changed while it is read-only', () => {
    open({ values: { headers: { a: 'b' } }, isReadOnly: true });
    const inputs = [...form.node.querySelectorAll('input')];
    expect(inputs.every((input) => input.readOnly || input.disabled)).toBe(true);
    expect(form.node.querySelectorAll('button:not([hidden])')).toHaveLength(0);
  });

  it('draws hidden characters of what comes from outside', () => {
    open({ fields: [field('note', { description: 'left\u202Eright' })] });
    expect(rowOf('note').textContent).toContain('left⟨U+202E⟩right');
  });

  it('shows the default of a list, and keeps it when an entry is added', () => {
    open({ fields: [field('available_tools', { type: 'array', items: field('tool'), default: ['read', 'search'] })] });
    expect(rowOf('available_tools').textContent).toContain('Default: read, search');
    expect(form.changes).toEqual({});
    click('Add item to Available tools');
    type(document.getElementById('edit-available_tools-2'), 'write');
    expect(form.values).toEqual({ available_tools: ['read', 'search', 'write'] });
    click('Use default for Available tools');
    expect(form.values).toEqual({});
  });

  it('shows the default of an object, and keeps the rest when one part is set', () => {
    const budget = field('budget', {
      type: 'object',
      default: { usd: 0.5, rounds: 10 },
      properties: [field('usd', { type: 'number' }), field('rounds', { type: 'number' })],
    });
    const own = new Form({ id: 'edit', fields: [budget], values: {} });
    document.body.replaceChildren(own.node);
    expect(control('budget-usd').getAttribute('placeholder')).toBe('Default: 0.5');
    type(control('budget-usd'), '1');
    expect(own.changes).toEqual({ budget: { usd: 1, rounds: 10 } });
    own.set('budget', { usd: 3 });
    expect(own.changes).toEqual({ budget: { usd: 3 } });
    own.set('budget', undefined);
    expect(own.changes).toEqual({});
    const written = new Form({ id: 'edit', fields: [budget], values: { budget: { usd: 2 } } });
    expect(written.changes).toEqual({});
  });

  it('goes to the first part of an object where one of its parts is wrong', () => {
    const budget = field('budget', {
      type: 'object',
      properties: [field('usd', { type: 'number', min: 0 }), field('rounds', { type: 'number' })],
    });
    open({ fields: [budget], values: { budget: { usd: -1 } } });
    expect(form.check()).toBe(false);
    expect(document.activeElement).toBe(control('budget-usd'));
    expect(rowOf('budget').querySelector('[role=group]')?.classList.contains('invalid')).toBe(true);
  });
});

it('A name is shown as words', () => {
  expect(['timeout_ms', 'cli_path', 'max_tokens', 'system_prompt_ref', 'mcp_servers'].map(labelOf)).toEqual([
    'Timeout (ms)',
    'CLI path',
    'Max tokens',
    'System prompt',
    'MCP servers',
  ]);
});
