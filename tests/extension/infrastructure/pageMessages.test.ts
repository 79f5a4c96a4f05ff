import { expect, it } from 'vitest';
import { onPageMessage } from '../../../extension/src/infrastructure/pageMessages';
import { FakePanel } from '../testing/vscode';

it('A ping of a page is answered at once, also while an earlier message is still acted on, and nothing else is', async () => {
  const panel = new FakePanel();
  const received: unknown[] = [];
  onPageMessage(panel.webview, (message) => {
    received.push(message);
    return new Promise(() => undefined);
  });
  panel.say({ type: 'send', text: 'Hi' });
  panel.say({ type: 'ping' });
  panel.say(null);
  await Promise.resolve();
  expect(panel.received).toEqual([{ type: 'pong' }]);
  expect(received).toEqual([{ type: 'send', text: 'Hi' }, null]);
});
