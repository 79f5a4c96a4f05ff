// @vitest-environment jsdom
import { describe, expect, it } from 'vitest';
import type { ChatOptions, CodexSummary, ModelChoice, ModelView } from '../../../extension/src/protocol/protocol.generated';
import { ResponseOptions, fieldsFor } from '../../../extension/src/webview/chat/header/responseOptions';
import { ModelLists } from '../../../extension/src/webview/shared/modelLists';
import { codex, provider } from './chatSamples';

let received: (ChatOptions | ModelChoice[])[];
let options: ResponseOptions;
let opensSettings: number;
let lists: ModelLists;

function open(change: Partial<CodexSummary> = {}, model: Partial<ModelView> = {}, kind = 'anthropic'): void {
  received = [];
  opensSettings = 0;
  lists = new ModelLists(() => undefined);
  options = new ResponseOptions(lists, {
    setOptions: (all) => received.push(all),
    setFallbacks: (all) => received.push(all),
    openSettings: () => opensSettings++,
    closed: new AbortController().signal,
  });
  document.body.replaceChildren(options.node);
  options.show(codex(change), [provider({ kind })], true);
  options.open();
  lists.show('anthropic', [{ id: 'claude-sonnet-4-6', ...model }], undefined);
}

function control(name: string): HTMLInputElement | HTMLSelectElement | undefined {
  const found = document.getElementById(`answer-${name}`);
  return found instanceof HTMLInputElement || found instanceof HTMLSelectElement ? found : undefined;
}

function set(name: string, value: string): void {
  const found = control(name);
  if (found === undefined) throw new Error(`No control for ${name}`);
  found.value = value;
  found.dispatchEvent(new Event('input', { bubbles: true }));
  found.dispatchEvent(new Event('change', { bubbles: true }));
}

function names(kind: string | undefined, model: ModelView | undefined): string[] {
  return fieldsFor(kind, model).map(({ name }) => name);
}

describe('the answer options', () => {
  it('offer what the model is known to take, and everything while it is not known', () => {
    const all = ['reasoningLevel', 'temperature', 'maxTokens', 'stopSequences'];
    expect(names('anthropic', undefined)).toEqual(all);
    expect(names('anthropic', { id: 'm' })).toEqual(all);
    expect(names('anthropic', { id: 'm', canReason: false })).toEqual(all.slice(1));
    expect(names('anthropic', { id: 'm', reasoningLevels: [] })).toEqual(all.slice(1));
    expect(names('claude-code', { id: 'm', reasoningLevels: ['low'] })).toEqual(['reasoningLevel']);
    expect(fieldsFor('anthropic', { id: 'm', reasoningLevels: ['low', 'high'] })[0]?.options).toEqual(['low', 'high']);
    expect(fieldsFor('anthropic', { id: 'm', maxOutput: 8000 }).find(({ name }) => name === 'maxTokens')?.max).toBe(8000);
  });

  it('change one option and leave the others', () => {
    open({ options: { temperature: 0.4, stopSequences: ['END'] } });
    set('maxTokens', '1000');
    expect(received).toEqual([{ temperature: 0.4, stopSequences: ['END'], maxTokens: 1000 }]);
    set('temperature', '');
    expect(received.at(-1)).toEqual({ stopSequences: ['END'] });
  });

  it('set reasoning and stop sequences, and clear them again', () => {
    open({ options: { reasoningLevel: 'low', stopSequences: ['END'] } }, { reasoningLevels: ['low', 'high'] });
    set('reasoningLevel', 'high');
    expect(received.at(-1)).toEqual({ reasoningLevel: 'high', stopSequences: ['END'] });
    set('reasoningLevel', '');
    expect(received.at(-1)).toEqual({ stopSequences: ['END'] });
    const stops = document.querySelector('[data-field=stopSequences]');
    stops?.querySelector<HTMLButtonElement>('[aria-label^=Remove]')?.click();
    expect(received.at(-1)).toEqual({ reasoningLevel: 'low' });
  });

  it('links to the fallbacks in the settings while the list is empty', () => {
    open();
    [...document.querySelectorAll('button')].find(({ textContent }) => textContent === 'settings')?.click();
    expect(opensSettings).toBe(1);
  });

  it('close when the focus moves elsewhere, and not otherwise', () => {
    open();
    const beside = document.body.appendChild(document.createElement('button'));
    const inside = control('temperature');
    inside?.dispatchEvent(new Event('pointerdown', { bubbles: true }));
    expect(options.isOpen).toBe(true);
    beside.dispatchEvent(new Event('pointerdown', { bubbles: true }));
    expect(options.isOpen).toBe(false);
    options.open();
    control('temperature')?.focus();
    control('maxTokens')?.focus();
    expect(options.isOpen).toBe(true);
    beside.focus();
    expect(options.isOpen).toBe(false);
    expect(document.activeElement).toBe(beside);
  });

  it('show that an empty field uses the default of the provider, with its value if known', () => {
    open({}, { reasoningLevels: ['low', 'high'], defaultReasoningLevel: 'low' });
    expect(control('reasoningLevel')?.textContent).toContain('Provider default (low)');
    expect(control('temperature')?.getAttribute('placeholder')).toBe('Provider default');
  });

  it('reject an invalid value and show the error', () => {
    open();
    set('temperature', '3');
    expect(received).toEqual([]);
    expect(document.getElementById('answer-temperature-problem')?.hidden).toBe(false);
  });

  it('are marked when a chat has its own', () => {
    open({ fallbacks: [{ providerId: 'anthropic' }] });
    expect(document.querySelector('.options-button')?.getAttribute('aria-label')).toBe('Response options, changed for this chat');
    open();
    expect(document.querySelector('.options-button')?.getAttribute('aria-label')).toBe('Response options');
  });

  it('close on Escape and give the focus back', () => {
    open();
    document.activeElement?.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true, cancelable: true }));
    expect(options.isOpen).toBe(false);
    expect(document.activeElement).toBe(document.querySelector('.options-button'));
  });

  it('are not there for a recording, nor for a chat that cannot be written to', () => {
    open({}, {}, 'tour');
    expect(options.node.hidden).toBe(true);
    options.show(codex(), [provider()], false);
    expect(options.node.hidden).toBe(true);
    options.show(codex(), [provider()], true);
    expect(options.node.hidden).toBe(false);
  });
});
