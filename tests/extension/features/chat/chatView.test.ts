// The chat view of the side bar, and moves between it and the editor area.
import * as v from 'valibot';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Uri as RealUri, type Disposable, type ExtensionContext } from 'vscode';
import { activateChat } from '../../../../extension/src/features/chat';
import { FailureError } from '../../../../extension/src/infrastructure/errors';
import {
  codexCreate,
  codexDiscardEmpty,
  codexGet,
  codexList,
  messageSend,
  messageStop,
  providerList,
} from '../../../../extension/src/protocol/protocol.generated';
import { ApprovalList } from '../../../../extension/src/server/approvalList';
import { ProviderList } from '../../../../extension/src/server/providerList';
import { SystemNotifications } from '../../../../extension/src/server/systemNotifications';
import { TaskList } from '../../../../extension/src/server/taskList';
import { extensionFolder } from '../../testing/extensionFolder';
import { fakeLog } from '../../testing/fakeLog';
import { memory } from '../../testing/memory';
import { FakeSidecar } from '../../testing/fakeSidecar';
import {
  answers,
  commandAnswers,
  configuration,
  executed,
  type FakePanel,
  panels,
  registered,
  reset,
  resolveView,
} from '../../testing/vscode';
import { chat, codex, codexId, provider } from '../../webview/chatSamples';

const draft = (id: string, text: string) => ({ codexId: id, draft: text, place: null });

let sidecar: FakeSidecar;
let kept: Record<string, unknown>;
let global: Record<string, unknown>;
let created: number;
let views: FakePanel[];
let active: Disposable;

beforeEach(() => {
  reset();
  kept = {};
  global = { 'plue.chatViewShown': true };
  created = 0;
  views = [];
  sidecar = new FakeSidecar()
    .answer(codexGet, ({ uri }) =>
      chat([], { codex: codex({ uri, title: `Title of ${uri}`, messageCount: uri.includes('/new') ? 0 : 2 }) }),
    )
    .answer(codexCreate, () => codex({ uri: `codex://chats/new${++created}`, title: '', messageCount: 0 }))
    .answer(codexDiscardEmpty, () => ({}))
    .answer(codexList, () => ({
      items: [codex({ title: 'Newest', messageCount: 2 }), codex({ uri: 'codex://chats/empty', messageCount: 0 })],
      total: 2,
    }))
    .answer(messageSend, () => ({ messageId: 'q' }))
    .answer(providerList, () => ({ items: [provider()], kinds: [] }));
  // VS Code creates the view when it is first focused.
  commandAnswers.set('plue.chatView.focus', () => {
    if (views.length === 0) views.push(resolveView('plue.chatView'));
  });
  start();
});

afterEach(() => active.dispose());

function start(): void {
  const { log } = fakeLog();
  const context = v.parse(
    v.custom<ExtensionContext>(() => true),
    { globalState: memory(global), workspaceState: memory(kept), extensionUri: RealUri.file(extensionFolder) },
  );
  const lists = {
    providers: new ProviderList(sidecar),
    approvals: new ApprovalList(sidecar, log),
    tasks: new TaskList(sidecar, log),
    systemNotifications: new SystemNotifications(sidecar, log),
  };
  active = activateChat(context, sidecar, lists, log, false);
}

async function run(command: string, ...given: unknown[]): Promise<void> {
  await registered.get(command)?.(...given);
}

function view(): FakePanel {
  const [only] = views;
  if (only === undefined) throw new Error('There is no view.');
  return only;
}

/** The page reports that it is ready and receives its chat. */
async function load(of: FakePanel): Promise<void> {
  of.received.length = 0;
  of.sayReady();
  await vi.waitFor(() => expect(of.received).toContainEqual(expect.objectContaining({ type: 'snapshot' })));
}

const discarded = (): unknown[] => sidecar.asked.filter(({ method }) => method === 'codex/discardEmpty').map(({ params }) => params);

describe('the chat view', () => {
  it('opens once by itself, and leaves the focus in the editor', () => {
    expect(executed).toEqual([]);
    global = {};
    start();
    expect(executed).toEqual([['plue.chatView.focus', { preserveFocus: true }]]);
    executed.length = 0;
    start();
    expect(executed).toEqual([]);
  });

  it('shows a chat that is opened, and the next one in its place', async () => {
    await run('plue.openChat', codexId);
    expect(view().chat).toBe(codexId);
    await load(view());
    expect(view().title).toBe(`Title of ${codexId}`);
    await run('plue.openChat', 'codex://chats/two');
    expect([views.length, panels.length, view().chat]).toEqual([1, 0, 'codex://chats/two']);
  });

  it('shows the next chat in the page that is loaded, with its draft', async () => {
    await run('plue.openChat', codexId);
    await load(view());
    const { html } = view().webview;
    const draft = { codexId, draft: 'Not sent yet', place: null };
    await run('plue.openChat', 'codex://chats/two');
    // Sent by the page before it shows the second chat.
    view().say({ type: 'saved', state: draft });
    await load(view());
    await run('plue.openChat', codexId);
    expect(view().received.at(-1)).toEqual({ type: 'openChat', codexId, saved: draft });
    await load(view());
    expect([view().webview.html, view().title]).toEqual([html, `Title of ${codexId}`]);
  });

  it('loads the page again if a reload of the view brought back an earlier chat', async () => {
    await run('plue.openChat', codexId);
    await load(view());
    await run('plue.openChat', 'codex://chats/two');
    view().say({ type: 'ready', codexId });
    expect(view().webview.html).toContain(`data-codex-id="${codexId}"`);
    await load(view());
    view().say({ type: 'ready', codexId });
    await vi.waitFor(() => expect(view().webview.html).toContain('data-codex-id="codex://chats/two"'));
  });

  it('ignores messages of the page of the previous chat', async () => {
    await run('plue.openChat', codexId);
    await load(view());
    await run('plue.openChat', 'codex://chats/two');
    view().say({ type: 'send', text: 'For the first chat' });
    await load(view());
    view().say({ type: 'send', text: 'For the second chat' });
    await vi.waitFor(() => expect(sidecar.methods()).toContain('message/send'));
    expect(sidecar.asked.filter(({ method }) => method === 'message/send').map(({ params }) => params)).toMatchObject([
      { codexId: 'codex://chats/two', text: 'For the second chat' },
    ]);
  });

  it('shows after a reload the chat that it showed, and the last one after it was moved without one', async () => {
    views.push(resolveView('plue.chatView', { codexId }));
    await vi.waitFor(() => expect(view().chat).toBe(codexId));
    view().dispose();
    views.splice(0, 1, resolveView('plue.chatView'));
    await vi.waitFor(() => expect(view().chat).toBe(codexId));
  });

  it('shows a new chat when its chat is deleted', async () => {
    await run('plue.openChat', codexId);
    await load(view());
    sidecar.answer(codexGet, ({ uri }) => {
      if (uri === codexId) throw new FailureError('notFound', 'There is no such chat.');
      return chat([], { codex: codex({ uri }) });
    });
    sidecar.codexChanged.fire({ uri: codexId });
    await vi.waitFor(() => expect(view().chat).toBe('codex://chats/new1'));
  });

  it('shows why it has no chat, and has one when the sidecar is back', async () => {
    sidecar.answer(codexCreate, () => {
      throw new FailureError('sidecarStopped', 'Plue’s sidecar is gone <now>.');
    });
    views.push(resolveView('plue.chatView'));
    await vi.waitFor(() => expect(view().webview.html).toContain('Plue’s sidecar is gone &lt;now&gt;.'));
    sidecar.answer(codexCreate, () => codex({ uri: 'codex://chats/new1', messageCount: 0 }));
    sidecar.started.fire();
    await vi.waitFor(() => expect(view().chat).toBe('codex://chats/new1'));
  });

  it('gives way to the editor area where the user wants chats there', async () => {
    configuration.set('plue.chat.location', 'editor');
    await run('plue.openChat', codexId);
    expect([views.length, panels.map(({ chat }) => chat)]).toEqual([0, [codexId]]);
  });

  it('opens one of the chats that were used', async () => {
    answers.push('Newest');
    await run('plue.showChats');
    expect(view().chat).toBe(codexId);
  });
});

describe('commands without a chat', () => {
  it('are meant for the chat that had the keyboard last, in the view or in a tab', async () => {
    await run('plue.openChat', codexId);
    await load(view());
    configuration.set('plue.chat.location', 'editor');
    await run('plue.openChat', 'codex://chats/two');
    const [tab] = panels;
    if (tab === undefined) throw new Error('There is no tab.');
    await load(tab);
    sidecar.answer(messageStop, () => ({}));
    const stopped = async (): Promise<unknown> => {
      await run('plue.stop');
      return sidecar.asked.findLast(({ method }) => method === 'message/stop')?.params;
    };
    expect(await stopped()).toEqual({ codexId: 'codex://chats/two' });
    view().say({ type: 'focused', isFocused: true });
    expect(await stopped()).toEqual({ codexId });
    expect(executed).toContainEqual(['setContext', 'plue.isChatFocused', true]);
    tab.say({ type: 'focused', isFocused: true });
    expect(await stopped()).toEqual({ codexId: 'codex://chats/two' });
    tab.say({ type: 'focused', isFocused: false });
    view().say({ type: 'focused', isFocused: false });
    expect(executed.at(-1)).toEqual(['setContext', 'plue.isChatFocused', false]);
  });
});

describe('a new chat that is left empty', () => {
  it('is discarded when another one takes its place or its tab is closed', async () => {
    await run('plue.newChat');
    await load(view());
    await run('plue.openChat', codexId);
    expect(discarded()).toEqual([{ uri: 'codex://chats/new1' }]);
    configuration.set('plue.chat.location', 'editor');
    await run('plue.newChat');
    const [tab] = panels;
    if (tab === undefined) throw new Error('There is no tab.');
    await load(tab);
    tab.dispose();
    expect(discarded()).toEqual([{ uri: 'codex://chats/new1' }, { uri: 'codex://chats/new2' }]);
  });

  it('is kept with a draft, which is there again', async () => {
    await run('plue.newChat');
    await load(view());
    view().say({ type: 'saved', state: draft('codex://chats/new1', 'half a question') });
    await run('plue.openChat', codexId);
    await run('plue.openChat', 'codex://chats/new1');
    expect(discarded()).toEqual([]);
    expect(view().webview.html).toContain('half a question');
  });

  it('is kept with messages, and while it moves', async () => {
    await run('plue.openChat', codexId);
    await load(view());
    await run('plue.newChat');
    await load(view());
    await run('plue.chat.openInEditor');
    expect(discarded()).toEqual([]);
  });
});

describe('a chat that moves', () => {
  it('goes into a tab with its draft, and the view gets a new chat', async () => {
    await run('plue.openChat', codexId);
    await load(view());
    view().say({ type: 'saved', state: draft(codexId, 'half a question') });
    await run('plue.chat.openInEditor');
    expect(panels.map(({ chat }) => chat)).toEqual([codexId]);
    expect(panels[0]?.webview.html).toContain('half a question');
    await vi.waitFor(() => expect(view().chat).toBe('codex://chats/new1'));
  });

  it('opens in its own window', async () => {
    await run('plue.openChat', codexId);
    await run('plue.chat.openInNewWindow');
    expect(panels.map(({ chat }) => chat)).toEqual([codexId]);
    expect(executed).toContainEqual(['workbench.action.moveEditorToNewWindow']);
  });

  it('comes back from its tab, which closes', async () => {
    configuration.set('plue.chat.location', 'editor');
    await run('plue.openChat', codexId);
    let isClosed = false;
    panels[0]?.onDidDispose(() => (isClosed = true));
    configuration.clear();
    await run('plue.chat.openInSideBar');
    expect([view().chat, isClosed]).toEqual([codexId, true]);
    await run('plue.openChat', codexId);
    expect(panels).toHaveLength(1);
  });

  it('keeps its draft over a reload of the window, whichever chat the view shows then', async () => {
    await run('plue.openChat', codexId);
    await load(view());
    view().say({ type: 'saved', state: draft(codexId, 'half a </script> question') });
    await run('plue.openChat', 'codex://chats/two');
    active.dispose();
    views = [];
    start();
    await run('plue.openChat', codexId);
    expect(view().webview.html).toContain('half a \\u003c/script> question');
  });
});
