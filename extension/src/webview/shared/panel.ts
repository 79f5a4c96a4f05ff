import { HostLink } from './hostLink';
import { loadIcons } from './pageFiles';
import { StateCopy } from './stateCopy';
import type { FromChatPage } from '../../common/messages/chat';

/** Connection of a webview to its panel, and state that VS Code keeps across reloads. */
export interface Panel<From = FromChatPage> {
  post(message: From): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): { postMessage(message: unknown): void; getState(): unknown; setState(state: unknown): void };

/**
 * Call only once per page. A page without an extension host shows the notice of `pageHtml`.
 * @param hostChanged Called when the host is lost or responds again.
 */
export function acquirePanel<From = FromChatPage>(hostChanged?: (isLost: boolean) => void): Panel<From> {
  const api = acquireVsCodeApi();
  loadIcons();
  const notice = document.getElementById('host-lost');
  const copy = new StateCopy(() => document.getElementById('app')?.dataset['key'] ?? '');
  // Opening browser storage blocks the page for tens of milliseconds, so it waits until the page needs the state.
  let isRestored = false;
  const restore = (): void => {
    if (isRestored) return;
    isRestored = true;
    const left = api.getState() === undefined ? copy.read() : undefined;
    if (left !== undefined) api.setState(left);
  };
  const link = new HostLink({
    post: (message) => api.postMessage(message),
    asked: (isAsked) => {
      if (isAsked) {
        copy.begin(api.getState());
        return;
      }
      // Ending the copy removes the state of an earlier page, so restore it first.
      restore();
      copy.end();
    },
    changed: (isLost) => {
      if (notice !== null) notice.hidden = !isLost;
      hostChanged?.(isLost);
    },
  });
  window.addEventListener('message', (event) => isOfHost(event) && link.received());
  setInterval(() => link.tick(), 1000);
  return {
    post: (message) => link.send(message),
    getState: () => {
      restore();
      return api.getState();
    },
    setState: (state) => {
      isRestored = true;
      api.setState(state);
      copy.update(state);
    },
  };
}

/** Passes messages from the host to the page, except replies to pings. */
export function onHostMessage<To extends { type: string }>(receive: (message: To) => void): void {
  window.addEventListener('message', (event: MessageEvent<To>) => {
    if (isOfHost(event) && event.data.type !== 'pong') receive(event.data);
  });
}

/** Runs an action once, after the page received the messages that the host sent while it was loaded. VS Code keeps them until the `load` event. */
export function afterLoad(action: () => void): void {
  const receive = (event: MessageEvent): void => {
    if (isOfHost(event)) return;
    window.removeEventListener('message', receive);
    action();
  };
  window.addEventListener('message', receive);
  // The listener of VS Code runs after this one. A message of the page to itself follows those that VS Code passes on.
  window.addEventListener('load', () => setTimeout(() => window.postMessage(undefined)));
}

function isOfHost({ source }: MessageEvent): boolean {
  return source !== window;
}
