// @vitest-environment jsdom
import { beforeEach, expect, it, vi } from 'vitest';
import type { SavedState } from '../../../extension/src/common/messages/savedState';
import { codexId } from './chatSamples';

let posted: { type: string }[];

async function load(saved: SavedState): Promise<void> {
  document.body.innerHTML = `<main id="app" data-codex-id="${codexId}"></main>`;
  posted = [];
  vi.stubGlobal('acquireVsCodeApi', () => ({
    postMessage: (message: { type: string }) => message.type !== 'ping' && posted.push(message),
    getState: () => saved,
    setState: () => undefined,
  }));
  await import('../../../extension/src/webview/chat/main');
}

beforeEach(() => {
  vi.resetModules();
  // In jsdom, a page cannot send a message to itself without an origin.
  vi.spyOn(window, 'postMessage').mockImplementation(() => {
    window.dispatchEvent(new MessageEvent('message', { source: window }));
  });
});

it('A reloaded page inspects the attachments of its draft after the panel knows that it is ready', async () => {
  await load({ codexId, draft: 'Why?', attachments: [{ path: 'src/date.ts' }], place: null });
  // The panel ignores messages of a page that is not ready.
  expect(posted).toEqual([]);
  window.dispatchEvent(new Event('load'));
  await vi.waitFor(() => expect(posted.map(({ type }) => type)).toEqual(['ready', 'inspect']));
});
