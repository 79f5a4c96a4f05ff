// @vitest-environment jsdom
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { pingTimeout } from '../../../extension/src/webview/shared/hostLink';
import { acquirePanel, afterLoad, onHostMessage } from '../../../extension/src/webview/shared/panel';

let posted: unknown[];
/** State kept by VS Code, which is lost when a page has no extension host. */
let kept: unknown;

function open(): ReturnType<typeof acquirePanel> {
  document.body.innerHTML = '<div id="host-lost" hidden></div><main id="app" data-key="chat codex://chats/1"></main>';
  posted = [];
  vi.stubGlobal('acquireVsCodeApi', () => ({
    postMessage: (message: unknown) => posted.push(message),
    getState: () => kept,
    setState: (state: unknown) => (kept = state),
  }));
  return acquirePanel();
}

const isNoticeShown = () => document.getElementById('host-lost')?.hidden === false;

beforeEach(() => {
  kept = undefined;
  localStorage.clear();
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it('A page shows that its extension host is lost when there is no message, and hides it afterwards', () => {
  open().post({ type: 'stop' });
  vi.advanceTimersByTime(pingTimeout * 1000 - 1);
  expect(isNoticeShown()).toBe(false);
  vi.advanceTimersByTime(1);
  expect(isNoticeShown()).toBe(true);
  window.dispatchEvent(new MessageEvent('message', { data: { type: 'pong' } }));
  expect(isNoticeShown()).toBe(false);
});

it('A page has its state after a reload although VS Code forgot it with the extension host', () => {
  const panel = open();
  panel.post({ type: 'send', text: 'Hi' });
  panel.setState({ draft: 'Hi' });
  kept = undefined;
  expect(open().getState()).toEqual({ draft: 'Hi' });
});

it('A page of another chat does not get it', () => {
  const panel = open();
  panel.post({ type: 'stop' });
  panel.setState({ draft: 'Hi' });
  kept = undefined;
  document.body.innerHTML = '<main id="app" data-key="chat codex://chats/2"></main>';
  expect(acquirePanel().getState()).toBeUndefined();
});

it('The state of VS Code is used, and a host that responded leaves nothing behind', () => {
  const panel = open();
  panel.post({ type: 'stop' });
  panel.setState({ draft: 'Hi' });
  kept = { draft: 'Newer' };
  expect(open().getState()).toEqual({ draft: 'Newer' });
  window.dispatchEvent(new MessageEvent('message', { data: { type: 'pong' } }));
  expect(localStorage).toHaveLength(0);
});

it('A page acts after the messages that were kept for it until it had loaded', () => {
  const received: string[] = [];
  onHostMessage(({ type }: { type: string }) => received.push(type));
  afterLoad(() => received.push('loaded'));
  const post = vi.spyOn(window, 'postMessage').mockImplementation(() => {
    window.dispatchEvent(new MessageEvent('message', { source: window }));
  });
  window.dispatchEvent(new Event('load'));
  window.dispatchEvent(new MessageEvent('message', { data: { type: 'snapshot' } }));
  vi.runOnlyPendingTimers();
  window.dispatchEvent(new MessageEvent('message', { data: { type: 'focus' } }));
  post.mockRestore();
  expect(received).toEqual(['snapshot', 'loaded', 'focus']);
});
