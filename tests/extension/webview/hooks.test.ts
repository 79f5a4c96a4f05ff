// @vitest-environment jsdom
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { HookRunView, MessageView } from '../../../extension/src/protocol/protocol.generated';
import { ChatPage } from '../../../extension/src/webview/chat/chatPage';
import type { ToChatPage } from '../../../extension/src/common/messages/chat';
import { answer, chat, codexId, numbered, provider, question } from './chatSamples';

let page: ChatPage;

async function receive(...received: ToChatPage[]): Promise<void> {
  for (const message of received) page.receive(message);
  await vi.waitFor(() => expect(page.isDrawn).toBe(true));
}

const hook = (change: Partial<HookRunView> = {}): HookRunView => ({
  name: 'Format',
  trigger: 'after_edit',
  result: 'ran',
  durationMs: 120.4,
  ...change,
});

const snapshot = (...shown: MessageView[]): ToChatPage => ({ type: 'snapshot', chat: chat(shown), providers: [provider()] });
const lines = (): (string | undefined)[] => [...document.querySelectorAll('.hook-line')].map((line) => line.textContent ?? undefined);

beforeEach(() => {
  document.body.innerHTML = '';
  page = new ChatPage(
    document.body.appendChild(document.createElement('main')),
    { post: () => undefined, getState: () => undefined, setState: () => undefined },
    codexId,
    undefined,
  );
});

describe('the hooks of a response', () => {
  it('are one line each: below its call, and above the content for the message', async () => {
    const parts: MessageView['parts'] = [
      { kind: 'toolUse', toolUseId: 'u1', toolName: 'write', parameters: '{"path":"a.ts"}' },
      { kind: 'toolResult', toolUseId: 'u1', result: 'Wrote it.' },
    ];
    const hooks = [
      hook({ toolUseId: 'u1' }),
      hook({ name: 'Branch', trigger: 'user_message', result: 'addedContext', context: 'main' }),
      hook({ name: 'Tests', trigger: 'turn_end', result: 'failed', text: 'The command failed with exit code 1.' }),
    ];
    await receive(snapshot(question('q', 'Go.'), answer('a', '', { parts, hooks })));
    expect(lines()).toEqual([
      'Hook Branch added context (120 ms)main',
      'Hook Format ran (120 ms)',
      'Hook Tests failed: The command failed with exit code 1.',
    ]);
    expect(document.querySelector('.tool-call + .hook-lines')?.textContent).toBe('Hook Format ran (120 ms)');
  });

  it('appear as they run', async () => {
    await receive(snapshot(question('q', 'Go.'), answer('a', 'Well', { status: 'streaming' })));
    expect(lines()).toEqual([]);
    const events = numbered([{ kind: 'hookRan', messageId: 'a', hook: hook({ name: 'Tests', trigger: 'turn_end' }) }]);
    await receive(...events.map((params): ToChatPage => ({ type: 'event', params })));
    expect(lines()).toEqual(['Hook Tests ran (120 ms)']);
  });

  it('show hidden characters of a workspace, and name the hook that wrote a message', async () => {
    const hooks = [hook({ name: 'Te\u202Ests', trigger: 'turn_end', result: 'continued' })];
    await receive(snapshot({ ...question('q', 'The hook asks you to continue.'), hooks }));
    expect(document.querySelector('.sender')?.textContent).toBe('Hook Te⟨U+202E⟩sts continued the response');
  });
});
