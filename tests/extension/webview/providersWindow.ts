// The Providers page without a host: messages that it receives, user actions, and its requests.
import { expect, vi } from 'vitest';
import type { ProviderKindView, ProviderSummary } from '../../../extension/src/protocol/protocol.generated';
import type { FromProvidersPage, ToProvidersPage } from '../../../extension/src/common/messages/providers';
import { ProvidersPage } from '../../../extension/src/webview/providers/page';
import { catalog, kind, ownServer, provider } from './providerSamples';

export let page: ProvidersPage;
export let posted: FromProvidersPage[];
export let kept: unknown;

export function open(state?: unknown): void {
  document.body.innerHTML = '';
  const root = document.body.appendChild(document.createElement('main'));
  posted = [];
  kept = state;
  page = new ProvidersPage(root, { post: (message) => posted.push(message), getState: () => kept, setState: (next) => (kept = next) });
}

/** Receives messages of the host and waits until they are rendered. */
export async function receive(...messages: ToProvidersPage[]): Promise<void> {
  for (const message of messages) page.receive(message);
  await drawn();
}

export async function drawn(): Promise<void> {
  await vi.waitFor(() => expect(page.isDrawn).toBe(true));
}

export const kinds: ProviderKindView[] = [kind(), ownServer];

export function snapshot(
  providers: ProviderSummary[] = [provider({ isDefault: true }), provider({ id: 'b', name: 'Basement' })],
): ToProvidersPage {
  return { type: 'snapshot', providers, kinds };
}

export const vendors = [
  catalog({ lowestInputPerMillion: 3, highestInputPerMillion: 15, largestContext: 200_000 }),
  catalog({
    id: 'groq',
    name: 'Groq',
    kind: 'openai-compatible',
    lowestInputPerMillion: 0.05,
    highestInputPerMillion: 0.9,
    hasImages: false,
  }),
  catalog({ id: 'lm', name: 'LM Studio', kind: 'openai-compatible', isLocal: true, endpoint: 'http://localhost:1234/v1' }),
];
export const offers: ToProvidersPage = { type: 'catalogs', list: { items: vendors }, startingPoints: [] };

export function finished(work: string, error?: { kind: string; message: string }): ToProvidersPage {
  return { type: 'finished', work, ...(error === undefined ? {} : { error }) };
}

export function all<T extends HTMLElement>(type: new () => T, selector: string): T[] {
  return [...document.querySelectorAll(selector)].filter((one): one is T => one instanceof type);
}

export function nameOf(node: HTMLElement): string {
  return node.getAttribute('aria-label') ?? (node.textContent ?? '').trim();
}

export function button(name: string): HTMLButtonElement {
  const found = all(HTMLButtonElement, 'button').find((one) => nameOf(one) === name && one.closest('[hidden]') === null);
  if (found === undefined) throw new Error(`No button "${name}" among: ${all(HTMLButtonElement, 'button').map(nameOf).join(' | ')}`);
  return found;
}

export function input(id: string): HTMLInputElement {
  const found = document.getElementById(id);
  if (!(found instanceof HTMLInputElement)) throw new Error(`No input ${id}`);
  return found;
}

export function type(target: HTMLInputElement, value: string): void {
  target.value = value;
  target.dispatchEvent(new Event('input', { bubbles: true }));
  target.dispatchEvent(new Event('change', { bubbles: true }));
}

export function press(key: string, target: Element | null = document.activeElement): void {
  target?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
}

export async function click(name: string): Promise<void> {
  button(name).focus();
  button(name).click();
  await drawn();
}

export async function chooseIn(menu: string, item: string): Promise<void> {
  await click(menu);
  const found = all(HTMLButtonElement, '[role=menuitem]').find((one) => nameOf(one) === item);
  if (found === undefined) throw new Error(`No ${item} among: ${all(HTMLButtonElement, '[role=menuitem]').map(nameOf).join(' | ')}`);
  found.click();
  await drawn();
}

export function postedOf<T extends FromProvidersPage['type']>(wanted: T): Extract<FromProvidersPage, { type: T }>[] {
  return posted.filter((message): message is Extract<FromProvidersPage, { type: T }> => message.type === wanted);
}

export function words(): string {
  return document.querySelector('main')?.textContent ?? '';
}
