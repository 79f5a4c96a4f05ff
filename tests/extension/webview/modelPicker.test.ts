// @vitest-environment jsdom
import { beforeEach, describe, expect, it } from 'vitest';
import type { ModelChoice, ModelView } from '../../../extension/src/protocol/protocol.generated';
import { ChoiceList } from '../../../extension/src/webview/shared/choiceList';
import { ModelLists } from '../../../extension/src/webview/shared/modelLists';
import { ModelPicker, type ModelPickerState } from '../../../extension/src/webview/shared/modelPicker';
import { provider } from './chatSamples';

const providers = [
  provider(),
  provider({ id: 'groq', name: 'Groq', model: 'llama', isDefault: false }),
  provider({ id: 'off', name: 'Disabled', enabled: false, isDefault: false }),
  provider({ id: 'tour', name: 'Tour', kind: 'tour', isDefault: false }),
];
const opus: ModelView = {
  id: 'opus',
  name: 'Opus',
  contextLength: 200_000,
  supportsTools: true,
  supportsVision: true,
  canReason: true,
  inputPerMillion: 15,
  outputPerMillion: 75,
};

let asked: string[];
let chosen: (ModelChoice | undefined)[];
let lists: ModelLists;
let picker: ModelPicker;

function open(state: Partial<ModelPickerState> = {}, unset?: string): void {
  asked = [];
  chosen = [];
  lists = new ModelLists((id) => asked.push(id));
  picker = new ModelPicker({
    id: 'p',
    label: 'Provider and model',
    lists,
    choose: (choice) => chosen.push(choice),
    ...(unset === undefined ? {} : { unset }),
  });
  picker.show({ words: 'Anthropic', providers, chosen: { providerId: 'anthropic' }, ...state });
  document.body.replaceChildren(picker.node);
  picker.open();
}

function options(): string[] {
  return [...document.querySelectorAll('[role=option]')].map((option) => option.textContent ?? '');
}

function groups(): string[] {
  return [...document.querySelectorAll('[role=group]')].map((group) => group.getAttribute('aria-label') ?? '');
}

function active(): string {
  return document.querySelector('.picker-option.active')?.textContent ?? '';
}

function filter(): HTMLInputElement {
  const found = document.querySelector('.picker-filter');
  if (!(found instanceof HTMLInputElement)) throw new Error('No filter');
  return found;
}

function type(text: string): void {
  filter().value = text;
  filter().dispatchEvent(new Event('input'));
}

function press(key: string): void {
  filter().dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
}

beforeEach(() => document.body.replaceChildren());

describe('the picker of models', () => {
  it('shows the limits of a subscription above its models', () => {
    const windows = [{ name: 'five_hour', usedPercent: 92, resetsAt: new Date(Date.now() + 3_600_000).toISOString() }];
    open({ providers: [provider({ windows })] });
    expect(options()[0]).toMatch(/^5-hour limit 92% used, resets/);
    expect(active()).toContain('Default model');
  });

  it('shows cost, context window and capabilities of a model, and nothing unknown', () => {
    open();
    lists.show('anthropic', [opus, { id: 'plain', supportsTools: false, canReason: false }], undefined);
    expect(options()).toContain('Opus$15 / $75 per million200k contextToolsImagesReasoning');
    expect(options()).toContain('plain');
  });

  it('estimates the input of the message for the model that Enter selects, where tokens and price are known', () => {
    const estimate = (): string | undefined => {
      const node = document.querySelector<HTMLElement>('.picker-estimate');
      return node?.hidden === false ? (node.textContent ?? '') : undefined;
    };
    open({ tokens: 12_000 });
    lists.show('anthropic', [opus, { id: 'plain' }], undefined);
    type('Opus');
    expect(estimate()).toBe('Input of this message: about 12k tokens, $0.180');
    type('plain');
    expect(estimate()).toBeUndefined();
    open();
    lists.show('anthropic', [opus], undefined);
    type('Opus');
    expect(estimate()).toBeUndefined();
  });

  it('estimates a typical chat beside the message, also for the default model, and alone where the tokens are not known', () => {
    const estimates = (): string[] =>
      [...document.querySelectorAll<HTMLElement>('.picker-estimate:not([hidden]) > div')].map((line) => line.textContent ?? '');
    const priced = { ...opus, typicalChatCost: 0.42 };
    open({ tokens: 12_000, providers: [provider({ model: 'opus' })] });
    lists.show('anthropic', [priced], undefined);
    expect(active()).toContain('Default model');
    expect(estimates()).toEqual(['Input of this message: about 12k tokens, $0.180', 'Typical chat: about $0.420']);
    open();
    lists.show('anthropic', [priced, { id: 'plain' }], undefined);
    type('Opus');
    expect(estimates()).toEqual(['Typical chat: about $0.420']);
    type('plain');
    expect(estimates()).toEqual([]);
  });

  it('lists recently used models first, without the selected, disabled and missing ones', () => {
    const recent = [{ providerId: 'groq', model: 'big' }, { providerId: 'anthropic' }, { providerId: 'off' }, { providerId: 'gone' }];
    open({ recent });
    expect(groups()[0]).toBe('Recently used');
    expect(options()[0]).toBe('Groq / big');
    expect(document.querySelectorAll('[role=group]')[0]?.querySelectorAll('[role=option]')).toHaveLength(1);
    press('ArrowUp');
    press('Enter');
    expect(chosen).toEqual([{ providerId: 'groq', model: 'big' }]);
  });

  it('is gone through by keys, and left by Escape with the focus on its button', () => {
    open();
    lists.show(
      'anthropic',
      Array.from({ length: 30 }, (_, at) => ({ id: `m-${at}` })),
      undefined,
    );
    press('ArrowUp');
    const last = active();
    expect(last).toBe(options().at(-1));
    press('ArrowDown');
    expect(active()).toBe(options()[0]);
    press('PageDown');
    expect(active()).toBe(options()[10]);
    expect(filter().getAttribute('aria-activedescendant')).toBe(document.querySelector('.picker-option.active')?.id);
    press('PageUp');
    expect(active()).toBe(options()[0]);
    press('x');
    expect(active()).toBe(options()[0]);
    press('Escape');
    expect(picker.isOpen).toBe(false);
    expect(document.activeElement).toBe(picker.button);
    expect(chosen).toEqual([]);
  });

  it('marks what the pointer is over, keeps typing where it was, and asks again by a click', () => {
    open();
    lists.show('anthropic', [], 'No connection.');
    const rows = [...document.querySelectorAll<HTMLElement>('[role=option]')];
    const again = rows.find(({ textContent }) => textContent === 'Try Again');
    again?.dispatchEvent(new MouseEvent('mousemove', { bubbles: true }));
    expect(active()).toBe('Try Again');
    const pressed = new MouseEvent('mousedown', { bubbles: true, cancelable: true });
    again?.dispatchEvent(pressed);
    expect(pressed.defaultPrevented).toBe(true);
    again?.click();
    expect(asked).toEqual(['anthropic', 'anthropic']);
    expect(document.activeElement).toBe(filter());
  });

  it('has nothing marked where nothing fits', () => {
    open();
    lists.show('anthropic', [], undefined);
    type('no such thing');
    lists.show('groq', [], undefined);
    expect(options()).toEqual([]);
    expect(filter().hasAttribute('aria-activedescendant')).toBe(false);
  });

  it('marks the default model and the small model', () => {
    open({ large: { providerId: 'anthropic', model: 'opus' }, small: { providerId: 'groq' } });
    lists.show('anthropic', [opus], undefined);
    expect(options().filter((words) => words.includes('Default for new chats'))).toEqual([expect.stringContaining('Opus')]);
    expect(options().filter((words) => words.includes('Small model'))).toEqual([expect.stringContaining('Default model')]);
  });

  it('asks for the models of the chosen provider at first, and for all that are on when one types', () => {
    open();
    expect(asked).toEqual(['anthropic']);
    type('op');
    expect(asked).toEqual(['anthropic', 'groq']);
    lists.show('groq', [{ id: 'gpt-oss', name: 'Open' }], undefined);
    expect(options()).toContain('Opengpt-oss');
  });

  it('keeps the mark on its line when others come above it', () => {
    open();
    lists.show('anthropic', [opus], undefined);
    press('ArrowDown');
    const before = active();
    picker.show({ words: 'Anthropic', providers, chosen: { providerId: 'anthropic' }, recent: [{ providerId: 'groq' }] });
    expect(options()[0]).toBe('Groq / llama');
    expect(active()).toBe(before);
  });

  it('shows a list from before when the vendor cannot be asked now, and why only when there is none', () => {
    open();
    lists.show('anthropic', [opus], 'No connection.');
    expect(options().join()).toContain('Opus');
    open();
    lists.show('anthropic', [], 'No connection.');
    expect(options()).toContain('No connection.');
    expect(options()).toContain('Try Again');
  });

  it('can choose nothing where that means something', () => {
    open({ chosen: { providerId: 'groq' } }, 'Default');
    expect(options()[0]).toBe('Default');
    document.querySelector<HTMLElement>('[role=option]')?.click();
    expect(chosen).toEqual([undefined]);
    expect(picker.isOpen).toBe(false);
    expect(document.activeElement).toBe(picker.button);
  });
});

describe('a list of choices', () => {
  let received: ModelChoice[][];

  function openList(choices: ModelChoice[]): void {
    received = [];
    const list = new ChoiceList({
      id: 'c',
      label: 'Fallbacks',
      lists: new ModelLists(() => undefined),
      onChange: (all) => received.push(all),
    });
    document.body.replaceChildren(list.node);
    list.show(choices, providers);
  }

  function button(label: string): HTMLButtonElement {
    const found = [...document.querySelectorAll('button')].find((one) => one.getAttribute('aria-label') === label);
    if (found === undefined) throw new Error(`No button ${label}`);
    return found;
  }

  it('moves and removes entries and keeps the focus', () => {
    openList([{ providerId: 'anthropic' }, { providerId: 'groq', model: 'big' }, { providerId: 'off' }]);
    button('Move Groq / big up').click();
    expect(received.at(-1)?.map(({ providerId }) => providerId)).toEqual(['groq', 'anthropic', 'off']);
    // The first item cannot move up.
    expect(document.activeElement?.getAttribute('aria-label')).toBe('Number 1: Groq / big');
    button('Move Groq / big down').click();
    expect(document.activeElement?.getAttribute('aria-label')).toBe('Move Groq / big down');
    button('Remove Disabled / claude-sonnet-4-6 (disabled)').click();
    expect(received.at(-1)).toEqual([{ providerId: 'anthropic' }, { providerId: 'groq', model: 'big' }]);
    expect(document.activeElement?.getAttribute('aria-label')).toBe('Remove Groq / big');
  });

  it('adds to its end', () => {
    openList([{ providerId: 'groq' }]);
    button('Add to Fallbacks: Add Another…').click();
    const tour = [...document.querySelectorAll<HTMLElement>('.choices > .picker [role=option]')].find(
      (one) => one.textContent === 'Recorded chats',
    );
    tour?.click();
    expect(received).toEqual([[{ providerId: 'groq' }, { providerId: 'tour' }]]);
  });
});
