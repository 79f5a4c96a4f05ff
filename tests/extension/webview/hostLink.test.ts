import { beforeEach, describe, expect, it } from 'vitest';
import { pingTimeout, HostLink, pingAfter } from '../../../extension/src/webview/shared/hostLink';

let posted: unknown[];
let changes: boolean[];
let asked: boolean[];
let link: HostLink;

function pass(seconds: number): void {
  for (let second = 0; second < seconds; second++) link.tick();
}

beforeEach(() => {
  posted = [];
  changes = [];
  asked = [];
  link = new HostLink({
    post: (message) => posted.push(message),
    asked: (isAsked) => asked.push(isAsked),
    changed: (isLost) => changes.push(isLost),
  });
});

describe('the link of a page to its extension host', () => {
  it('sends a ping after each message, and another after each pause', () => {
    link.send({ type: 'stop' });
    expect(posted).toEqual([{ type: 'stop' }, { type: 'ping' }]);
    pass(pingAfter);
    expect(posted).toHaveLength(3);
  });

  it('shows that the host is lost when a message is not answered in time', () => {
    link.send({ type: 'send', text: 'Hi' });
    pass(pingTimeout - 1);
    expect(changes).toEqual([]);
    pass(1);
    expect(changes).toEqual([true]);
    pass(100);
    expect(changes).toEqual([true]);
  });

  it('shows since when and until when a response is expected', () => {
    link.send({ type: 'stop' });
    expect(asked).toEqual([true]);
    link.received();
    link.received();
    expect(asked).toEqual([true, false]);
  });

  it('shows it for a page that sends nothing', () => {
    pass(pingAfter + pingTimeout);
    expect(changes).toEqual([true]);
  });

  it('accepts any message of the host as a sign of life, and reports when a slow host is back', () => {
    for (let round = 0; round < 20; round++) {
      pass(pingAfter);
      link.received();
    }
    expect(changes).toEqual([]);
    pass(pingAfter + pingTimeout);
    link.received();
    expect(changes).toEqual([true, false]);
  });
});
