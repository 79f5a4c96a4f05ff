import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as v from 'valibot';
import { Uri as RealUri, type Disposable, type ExtensionContext } from 'vscode';
import { activateChat } from '../../../../extension/src/features/chat/index';
import { FailureError } from '../../../../extension/src/infrastructure/errors';
import {
  backgroundList,
  codexCreate,
  codexGet,
  codexList,
  codexMarkRead,
  codexRedo,
  codexUndo,
  codexUpdate,
  editList,
  messageCompact,
  messageDiscard,
  messageList,
  messageRetry,
  messageSend,
  messageInstructions,
  messageStop,
  providerList,
  providerModels,
  settingsGet,
  taskContinueAsChat,
  taskConvert,
  taskGet,
  templateList,
  type CodexGetResult,
  type CodexSummary,
} from '../../../../extension/src/protocol/protocol.generated';
import { ApprovalList } from '../../../../extension/src/server/approvalList';
import { ProviderList } from '../../../../extension/src/server/providerList';
import { SystemNotifications } from '../../../../extension/src/server/systemNotifications';
import { TaskList } from '../../../../extension/src/server/taskList';
import { extensionFolder } from '../../testing/extensionFolder';
import { fakeLog } from '../../testing/fakeLog';
import { FakeSidecar } from '../../testing/fakeSidecar';
import { memory } from '../../testing/memory';
import { templateSummary } from '../../testing/templateSummary';
import {
  answers,
  configuration,
  copied,
  executed,
  disk,
  FakeDocument,
  FakeEditor,
  type FakePanel,
  files,
  panels,
  registered,
  reset,
  restorePanel,
  Selection,
  shown,
  terminals,
  Uri,
  ViewColumn,
  window,
  windowState,
  workspace,
} from '../../testing/vscode';
import { chat, codex, codexId, provider, question } from '../../webview/chatSamples';
import { detail, task } from '../../webview/taskSamples';

let shownCodex: CodexSummary;
let whole: Partial<CodexGetResult>;
let sidecar: FakeSidecar;
let lines: string[];
let kept: Record<string, unknown>;
let active: Disposable;

beforeEach(() => {
  reset();
  shownCodex = codex();
  whole = {};
  kept = {};
  sidecar = new FakeSidecar()
    .answer(codexGet, ({ uri }) => chat([question('q1', 'Why?')], { codex: { ...shownCodex, uri }, ...whole }))
    .answer(backgroundList, () => ({ commands: [] }))
    .answer(codexCreate, () => codex({ uri: 'codex://chats/new', title: '' }))
    .answer(codexUpdate, ({ uri, title, providerId, model }) =>
      codex({ uri, ...(title === undefined ? {} : { title }), ...(providerId === undefined ? {} : { providerId, model: model ?? '' }) }),
    )
    .answer(codexMarkRead, () => ({}))
    .answer(messageSend, () => ({ messageId: 'q2' }))
    .answer(messageDiscard, () => ({}))
    .answer(messageInstructions, () => ({ sources: [] }))
    .answer(editList, () => ({ files: [], turns: [], conflicts: [] }))
    .answer(providerList, () => ({ items: [provider(), provider({ id: 'off', name: 'Disabled', enabled: false })], kinds: [] }))
    .answer(settingsGet, () => ({ path: '', groups: [], policy: [], values: { default_large: 'anthropic' } }))
    .answer(templateList, () => ({
      templates: [templateSummary('ai-chat', { name: 'Chat', collection: 'chats' }), templateSummary('old', { isActive: false })],
    }));
  configuration.set('plue.chat.location', 'editor');
  start();
});

afterEach(() => active.dispose());

function start(openAtStart = false): void {
  const { log, lines: written } = fakeLog();
  lines = written;
  const context = v.parse(
    v.custom<ExtensionContext>(() => true),
    { globalState: memory(), workspaceState: memory(kept), extensionUri: RealUri.file(extensionFolder) },
  );
  const lists = {
    providers: new ProviderList(sidecar),
    approvals: new ApprovalList(sidecar, log),
    tasks: new TaskList(sidecar, log),
    systemNotifications: new SystemNotifications(sidecar, log),
  };
  active = activateChat(context, sidecar, lists, log, openAtStart);
}

async function run(command: string, ...given: unknown[]): Promise<void> {
  await registered.get(command)?.(...given);
}

/** Returns the panel that was created last. */
function panel(): FakePanel {
  const last = panels.at(-1);
  if (last === undefined) throw new Error('There is no panel.');
  return last;
}

async function hears(message: object, of = panel()): Promise<void> {
  await vi.waitFor(() => expect(of.received).toContainEqual(expect.objectContaining(message)));
}

/** Opens a chat whose page has received all initial messages. */
async function open(uri = codexId): Promise<FakePanel> {
  await run('plue.openChat', uri);
  panel().sayReady();
  await hears({ type: 'templates' });
  await hears({ type: 'choices' });
  await hears({ type: 'focusComposer' });
  sidecar.asked.length = executed.length = 0;
  panel().received.length = 0;
  return panel();
}

/** Sends a message from the page and returns the request that it causes. */
async function asks(message: unknown, method: string): Promise<unknown> {
  panel().say(message);
  await vi.waitFor(() => expect(sidecar.methods()).toContain(method));
  return sidecar.asked.find((one) => one.method === method)?.params;
}

describe('a chat in its panel', () => {
  it('sends the chat with its page, and again only if the page did not get it or it changed', async () => {
    await open();
    const snapshots = (of: FakePanel): unknown[] =>
      of.received.filter((message) => v.is(v.object({ type: v.literal('snapshot') }), message));
    const load = async (uri: string, meanwhile = (): void => undefined, hasChat = true): Promise<number> => {
      await run('plue.openChat', uri);
      await hears({ type: 'snapshot', providers: [provider(), expect.anything()], pageOf: uri });
      meanwhile();
      panel().say({ type: 'ready', codexId: uri, hasChat });
      await hears({ type: 'templates' });
      return snapshots(panel()).length;
    };
    expect(await load('codex://chats/two')).toBe(1);
    expect(await load('codex://chats/three', undefined, false)).toBe(2);
    const uri = 'codex://chats/four';
    const begin = (): void => sidecar.messageEvent.fire({ codexId: uri, seq: 1, event: { kind: 'turnStarted', turnId: 't' } });
    expect(await load(uri, begin)).toBe(2);
  });

  it('sends nothing but the chat before its page is ready', async () => {
    await run('plue.openChat', codexId);
    sidecar.providerChanged.fire({ id: 'anthropic' });
    await vi.waitFor(() => expect(sidecar.methods()).toContain('provider/list'));
    expect(panel().received.filter((message) => !v.is(v.object({ type: v.literal('snapshot') }), message))).toEqual([]);
    panel().received.length = 0;
    panel().sayReady();
    await hears({ type: 'templates', templates: [{ id: 'ai-chat', name: 'Chat', isAgent: false }] });
    await hears({ type: 'choices', recent: [], large: { providerId: 'anthropic' } });
    expect(panel().received[0]).toEqual({ type: 'sidecar', state: 'running' });
    await hears({ type: 'snapshot', chat: chat([question('q1', 'Why?')], { codex: codex() }) });
    expect(panel().title).toBe('Fix the date parser');
    expect(sidecar.asked.find(({ method }) => method === 'codex/get')?.params).toEqual({ uri: codexId, limit: 100 });
  });

  it('is read once, while its page loads', async () => {
    await run('plue.openChat', codexId);
    expect(sidecar.methods()).toEqual(['codex/get']);
    panel().sayReady();
    await hears({ type: 'snapshot' });
    expect(sidecar.methods().filter((method) => method === 'codex/get')).toHaveLength(1);
  });

  it.each<[string, () => void]>([
    ['an event', () => sidecar.messageEvent.fire({ codexId, seq: 1, event: { kind: 'turnStarted', turnId: 't' } })],
    ['a change', () => sidecar.codexChanged.fire({ uri: codexId, codex: codex() })],
    ['the end of the sidecar', () => sidecar.stateChanged.fire({ state: 'starting' })],
  ])('is read again when its page is up after %s', async (_, happens) => {
    await run('plue.openChat', codexId);
    whole = { offset: 7 };
    happens();
    panel().sayReady();
    await hears({ type: 'snapshot', chat: chat([question('q1', 'Why?')], { codex: codex(), offset: 7 }) });
  });

  it('has one panel, which comes to the front with its composer', async () => {
    const first = await open();
    await run('plue.openChat', codexId);
    expect(panels).toHaveLength(1);
    expect(first.reveals).toBe(2);
    expect(first.received).toEqual([{ type: 'focusComposer' }]);
  });

  it('without a name is called a new one, and one with what hides in its name shows it', async () => {
    await open();
    sidecar.codexChanged.fire({ uri: codexId, codex: codex({ title: ' ' }) });
    expect(panel().title).toBe('New chat');
    sidecar.codexChanged.fire({ uri: codexId, codex: codex({ title: 'a\u202Eb' }) });
    expect(panel().title).not.toContain('\u202E');
  });

  it('receives its own events and changes and no others', async () => {
    const mine = await open();
    const event = { kind: 'turnStarted', turnId: 't' } as const;
    sidecar.messageEvent.fire({ codexId: 'codex://chats/other', seq: 1, event });
    sidecar.codexChanged.fire({ uri: 'codex://chats/other', codex: codex({ title: 'Other' }) });
    sidecar.messageEvent.fire({ codexId, seq: 2, event });
    expect(mine.received).toEqual([{ type: 'event', params: { codexId, seq: 2, event } }]);
  });

  it('reloads after the sidecar restarted and receives its state meanwhile', async () => {
    await open();
    sidecar.stateChanged.fire({ state: 'stopped', cause: 'It crashed.' });
    await hears({ type: 'sidecar', state: 'stopped', cause: 'It crashed.' });
    sidecar.started.fire();
    await hears({ type: 'snapshot' });
  });

  it('sends nothing to a hidden page and everything when it is shown again', async () => {
    await open();
    panel().turn(false);
    sidecar.stateChanged.fire({ state: 'starting' });
    expect(panel().received).toEqual([]);
    panel().turn(true);
    panel().sayReady();
    await hears({ type: 'snapshot' });
  });

  it('closes when its chat is deleted, and can be opened again then', async () => {
    await open();
    sidecar.codexChanged.fire({ uri: codexId });
    await run('plue.openChat', codexId);
    expect(panels).toHaveLength(2);
  });

  it('that cannot be read shows the reason on the page and in the log', async () => {
    sidecar.answer(codexGet, () => {
      throw new FailureError('notFound', 'There is no such chat.');
    });
    await run('plue.openChat', codexId);
    panel().sayReady();
    await hears({ type: 'refused', error: { kind: 'notFound', message: 'There is no such chat.' } });
    expect(lines).toContain(`The chat ${codexId} could not be shown: There is no such chat.`);
  });

  it('becomes a task in place, with the budget and the model that were chosen', async () => {
    sidecar.answer(taskConvert, () => task({ uri: codexId })).answer(taskGet, () => detail());
    await open();
    const model = { providerId: 'lab', model: 'large' };
    panel().say({ type: 'startTask', templateId: 'task-code-writer', text: 'Fix it.', mode: 'edit', budget: 0.5, model });
    await hears({ type: 'stored', text: 'Fix it.' });
    expect(sidecar.asked.find(({ method }) => method === 'task/convert')?.params).toEqual({
      uri: codexId,
      templateId: 'task-code-writer',
      goal: 'Fix it.',
      values: { permission_mode: 'edit' },
      budget: { usd: 0.5 },
      provider: 'lab',
      model: 'large',
    });
    expect(executed).not.toContainEqual(expect.arrayContaining(['plue.openChat']));
    shownCodex = codex({ templateId: 'task-code-writer', taskStatus: 'running' });
    sidecar.codexChanged.fire({ uri: codexId, codex: shownCodex });
    await hears({ type: 'task' });
  });

  it('continues as a chat on request', async () => {
    shownCodex = codex({ taskStatus: 'done', templateId: 'task-code-writer' });
    sidecar.answer(taskContinueAsChat, () => (shownCodex = codex())).answer(taskGet, () => detail());
    await open();
    await run('plue.chat.continueAsChat', codexId);
    await hears({ type: 'codex', codex: codex() });
  });

  it('does without settings and templates that cannot be read', async () => {
    const fail = (): never => {
      throw new FailureError('internal', 'The disk is gone.');
    };
    sidecar.answer(settingsGet, fail).answer(templateList, fail);
    await run('plue.openChat', codexId);
    panel().sayReady();
    await hears({ type: 'choices', recent: [] });
    await hears({ type: 'snapshot' });
    await vi.waitFor(() =>
      expect(lines).toEqual(['The settings could not be read: The disk is gone.', 'The templates could not be listed: The disk is gone.']),
    );
  });
});

describe('unread content', () => {
  const reads = (): number => sidecar.methods().filter((method) => method === 'codex/markRead').length;

  it('is marked as read once when it is visible', async () => {
    shownCodex = codex({ unread: true });
    await open();
    sidecar.codexChanged.fire({ uri: codexId, codex: codex({ unread: true }) });
    panel().turn(true);
    expect(reads()).toBe(1);
  });

  it('stays unread in a background tab or an inactive window', async () => {
    await open();
    window.state.focused = false;
    sidecar.codexChanged.fire({ uri: codexId, codex: codex({ unread: true }) });
    window.state.focused = true;
    panel().visible = false;
    windowState.fire({ focused: true });
    expect(reads()).toBe(0);
    panel().visible = true;
    windowState.fire({ focused: true });
    expect(reads()).toBe(1);
  });
});

describe('requests of the page', () => {
  beforeEach(() => open());

  it('is sent, and the model that answers is remembered', async () => {
    const sent = await asks({ type: 'send', text: 'Why?', queue: true }, 'message/send');
    expect(sent).toEqual({ codexId, text: 'Why?', attachments: undefined, queue: true });
    await hears({ type: 'choices', recent: [{ providerId: 'anthropic', model: 'claude-sonnet-4-6' }] });
  });

  it('is confirmed when it is stored', async () => {
    panel().say({ type: 'send', text: 'Why?' });
    await hears({ type: 'stored', text: 'Why?' });
  });

  it('goes back to where it was typed when it is refused', async () => {
    sidecar.answer(messageSend, () => {
      throw new FailureError('conflict', 'The chat is full.');
    });
    panel().say({ type: 'send', text: 'Why?' });
    await hears({ type: 'refused', text: 'Why?', error: { kind: 'conflict', message: 'The chat is full.' } });
  });

  it('that is not a message of a page is ignored', async () => {
    panel().say({ type: 'send', text: 'Why?', codexId: 'codex://chats/other' });
    await vi.waitFor(() => expect(lines).toContain('A chat page sent a message that is not one of ours; it was ignored.'));
    expect(sidecar.asked).toEqual([]);
  });

  it('is asked of the sidecar', async () => {
    sidecar.answer(messageStop, () => ({})).answer(messageRetry, () => ({ messageId: 'a1' }));
    expect(await asks({ type: 'stop' }, 'message/stop')).toEqual({ codexId });
    expect(await asks({ type: 'retry', messageId: 'a1', continue: true }, 'message/retry')).toEqual({
      codexId,
      messageId: 'a1',
      continue: true,
    });
    expect(await asks({ type: 'options', options: { temperature: 1 } }, 'codex/update')).toEqual({
      uri: codexId,
      options: { temperature: 1 },
    });
    sidecar.asked.length = 0;
    expect(await asks({ type: 'fallbacks', fallbacks: [{ providerId: 'lab' }] }, 'codex/update')).toEqual({
      uri: codexId,
      fallbacks: [{ providerId: 'lab' }],
    });
  });

  it('discards an answer from its last round to its first', async () => {
    panel().say({ type: 'discard', messageId: 'a3', before: ['a1', 'a2'] });
    await vi.waitFor(() => expect(sidecar.asked).toHaveLength(3));
    expect(sidecar.asked.map(({ params }) => params)).toEqual(['a3', 'a2', 'a1'].map((messageId) => ({ codexId, messageId })));
  });

  it('names a chat, and never by nothing', async () => {
    panel().say({ type: 'rename', title: '  ' });
    expect(await asks({ type: 'rename', title: ' Dates ' }, 'codex/update')).toEqual({ uri: codexId, title: 'Dates' });
    await vi.waitFor(() => expect(panel().title).toBe('Dates'));
    expect(sidecar.asked).toHaveLength(1);
  });

  it('chooses a model, which is first in the list from then on', async () => {
    expect(await asks({ type: 'choose', providerId: 'lab', model: 'large' }, 'codex/update')).toEqual({
      uri: codexId,
      providerId: 'lab',
      model: 'large',
    });
    await hears({ type: 'choices', recent: [{ providerId: 'lab', model: 'large' }] });
  });

  it('lists models, with why there are none', async () => {
    sidecar.answer(providerModels, () => ({ models: [{ id: 'large' }], error: { kind: 'unreachable', message: 'These are old.' } }));
    panel().say({ type: 'listModels', providerId: 'lab' });
    await hears({ type: 'models', providerId: 'lab', models: [{ id: 'large' }], error: 'These are old.' });
    sidecar.answer(providerModels, () => {
      throw new FailureError('notFound', 'There is no provider lab.');
    });
    panel().say({ type: 'listModels', providerId: 'lab' });
    await hears({ type: 'models', providerId: 'lab', models: [], error: 'There is no provider lab.' });
  });

  it('is loaded again when its template was changed, with the fields of the new one', async () => {
    sidecar.codexChanged.fire({ uri: codexId, codex: codex({ templateId: 'reviewer' }) });
    await hears({ type: 'snapshot' });
  });

  it('copies, and puts code where no editor is into the clipboard', async () => {
    panel().say({ type: 'copy', text: 'one' });
    panel().say({ type: 'insert', text: 'two' });
    await vi.waitFor(() => expect(copied).toEqual(['one', 'two']));
  });

  it('that concerns files is refused in VS Code’s own message, and the draft stays', async () => {
    for (const type of ['applyCode', 'newFile', 'preview']) panel().say({ type, text: 'a', info: 'ts src/a.ts' });
    await vi.waitFor(() => expect(shown).toMatchObject([{ kind: 'error', text: 'No folder is open. Open a folder, or select New File.' }]));
    expect(panel().received).toEqual([]);
  });

  it.each([
    [{ type: 'changeTemplate', templateId: 'reviewer' }, ['plue.newChatFromTemplate', { templateId: 'reviewer', chat: codexId }]],
    [{ type: 'tryTemplate' }, ['plue.tryTemplate', 'ai-chat']],
    [{ type: 'help', action: 'setKey', providerId: 'lab' }, ['plue.configureProviderKey', 'lab']],
    [{ type: 'help', action: 'signInProvider', providerId: 'lab' }, ['plue.signInProvider', 'lab']],
    [{ type: 'help', action: 'allowKey', providerId: 'lab' }, ['plue.allowKey', 'lab']],
    [{ type: 'help', action: 'enableProvider', providerId: 'lab' }, ['plue.enableProvider', 'lab']],
    [{ type: 'help', action: 'manageProviders', providerId: 'lab' }, ['plue.manageProviders', 'lab']],
    [{ type: 'help', action: 'openSettings' }, ['plue.openSettings']],
    [{ type: 'help', action: 'signInClaude' }, ['plue.checkClaudeCodeAuth']],
    [{ type: 'help', action: 'unlockVault' }, ['plue.unlockVault']],
    [{ type: 'help', action: 'openLog' }, ['plue.showLog']],
    [{ type: 'help', action: 'restartSidecar' }, ['plue.restartServer']],
    [{ type: 'help', action: 'manageTrust' }, ['workbench.trust.manage']],
  ])('is done by a command of another room: %j', async (message, command) => {
    panel().say(message);
    await vi.waitFor(() => expect(executed).toEqual([command]));
  });

  it('starts Ollama in a terminal, where it can be seen and ended', async () => {
    panel().say({ type: 'help', action: 'startOllama' });
    await vi.waitFor(() => expect(terminals).toEqual([{ name: 'Ollama', sent: ['ollama serve'] }]));
  });

  it('selects another enabled provider, and manages providers', async () => {
    answers.push('Anthropic');
    panel().say({ type: 'help', action: 'chooseProvider' });
    await vi.waitFor(() => expect(sidecar.methods()).toContain('codex/update'));
    expect(shown[0]).toMatchObject({ text: 'Provider for this chat', buttons: ['Anthropic', '$(plug) Manage Providers…'] });
    expect(sidecar.asked.find(({ method }) => method === 'codex/update')?.params).toEqual({
      uri: codexId,
      providerId: 'anthropic',
      model: undefined,
    });
    answers.push('Manage Providers…');
    panel().say({ type: 'help', action: 'chooseProvider' });
    await vi.waitFor(() => expect(executed).toEqual([['plue.manageProviders']]));
  });
});

describe('commands for a chat', () => {
  it('run for the chat of the menu, else for the active one, else for none', async () => {
    sidecar.answer(codexUndo, () => codex({ title: 'Before' })).answer(codexRedo, () => codex({ title: 'After' }));
    await run('plue.chat.undo');
    const one = await open();
    const two = await open('codex://chats/two');
    one.turn(false);
    await run('plue.chat.undo', codexId);
    expect(sidecar.asked).toEqual([{ method: 'codex/undo', params: { uri: codexId } }]);
    expect(one.title).toBe('Before');
    await run('plue.chat.redo');
    expect(sidecar.asked.at(-1)).toEqual({ method: 'codex/redo', params: { uri: 'codex://chats/two' } });
    await run('plue.chat.find');
    expect(two.received.at(-1)).toEqual({ type: 'find' });
    two.turn(false);
    await run('plue.chat.undo');
    expect(sidecar.asked).toHaveLength(2);
  });

  it('summarize earlier messages, and report the savings', async () => {
    await open();
    sidecar.answer(messageCompact, () => ({ tokensBefore: 90_000, tokensAfter: 2000 }));
    await run('plue.chat.compact', codexId);
    expect(shown.map(({ text }) => text)).toEqual([
      'Summarizing earlier messages…',
      `Summarized ${(90_000).toLocaleString()} tokens of earlier messages to ${(2000).toLocaleString()}. The originals stay in the chat.`,
    ]);
  });

  it('report why they failed', async () => {
    await open();
    sidecar.answer(messageCompact, () => {
      throw new FailureError('conflict', 'There is nothing to summarise.');
    });
    await run('plue.chat.compact', codexId);
    expect(shown.at(-1)).toMatchObject({ kind: 'warning', text: 'There is nothing to summarise.' });
  });

  it('stop what is answered, and open the settings of the chat', async () => {
    await open();
    sidecar.answer(messageStop, () => ({}));
    await run('plue.stop');
    await run('plue.chat.settings', codexId);
    expect(sidecar.asked).toEqual([{ method: 'message/stop', params: { codexId } }]);
    expect(executed).toEqual([['plue.openItem', codexId]]);
  });
});

describe('a message that is opened', () => {
  it('is gone to when the page is up, and the composer is left alone', async () => {
    sidecar.answer(messageList, () => ({ messages: [], offset: 7, total: 9 }));
    await run('plue.openChat', codexId, 'm7');
    expect(sidecar.methods()).not.toContain('message/list');
    panel().sayReady();
    await hears({ type: 'jump', index: 7, messageId: 'm7' });
    expect(panel().received).not.toContainEqual({ type: 'focusComposer' });
    await run('plue.openChat', codexId, 'm8');
    await hears({ type: 'jump', index: 7, messageId: 'm8' });
  });

  it('that no longer exists is reported', async () => {
    await open();
    sidecar.answer(messageList, () => {
      throw new FailureError('internal', 'That message is gone.');
    });
    await run('plue.openChat', codexId, 'm7');
    await vi.waitFor(() => expect(shown).toMatchObject([{ kind: 'error', text: 'That message is gone.' }]));
  });
});

describe('which chat is opened', () => {
  it('is the last active one, if it still exists', async () => {
    await open();
    await open('codex://chats/two');
    active.dispose();
    start(true);
    await vi.waitFor(() => expect(panels).toHaveLength(3));
    expect(sidecar.asked).toContainEqual({ method: 'codex/get', params: { uri: 'codex://chats/two', limit: 1 } });
  });

  it('is a new one where there is none any more', async () => {
    kept['plue.lastChat'] = 'codex://chats/gone';
    sidecar.answer(codexGet, () => {
      throw new FailureError('notFound', 'There is no such chat.');
    });
    await run('plue.openChat');
    expect(sidecar.methods()).toContain('codex/create');
    expect(kept['plue.lastChat']).toBe('codex://chats/new');
  });

  it('is none, with a sentence, when the last one cannot be looked for', async () => {
    kept['plue.lastChat'] = codexId;
    sidecar.answer(codexGet, () => {
      throw new FailureError('sidecarStopped', 'Plue’s sidecar is gone.');
    });
    await run('plue.openChat', 'https://example.org');
    expect(panels).toEqual([]);
    expect(shown).toMatchObject([{ kind: 'error', text: 'Plue’s sidecar is gone.' }]);
  });

  it('comes back with its tab, once, and not where the tab never showed one', async () => {
    const closed: unknown[] = [];
    for (const state of [{ codexId }, { codexId }, undefined]) {
      const restored = restorePanel('plue.chat', state);
      restored.onDidDispose(() => closed.push(restored));
    }
    panels[0]?.sayReady();
    await vi.waitFor(() => expect(panels[0]?.received).toContainEqual(expect.objectContaining({ type: 'snapshot' })));
    panels[1]?.sayReady();
    panels[2]?.sayReady();
    expect(panels.slice(1).flatMap(({ received }) => received)).toEqual([]);
  });
});

describe('files from outside the workspace', () => {
  beforeEach(() => {
    workspace.workspaceFolders = [{ uri: Uri.file('/work') }];
    disk.set('/work/a.ts', '');
    disk.set('/work/b.ts', '');
  });

  it('wait beside the draft of the chat in front until its page is up', async () => {
    await run('plue.openChat', codexId);
    await run('plue.addFileToChat', Uri.file('/work/a.ts'), [Uri.file('/work/a.ts'), Uri.file('/work/b.ts')]);
    expect(panels).toHaveLength(1);
    panel().sayReady();
    await hears({ type: 'attach', files: [{ path: 'a.ts' }, { path: 'b.ts' }] });
    await run('plue.addFileToChat', Uri.file('/work/b.ts'));
    await hears({ type: 'attach', files: [{ path: 'b.ts' }] });
  });

  it('go to the visible chat, whichever panel was active last', async () => {
    const chat = await open();
    const task = await open('codex://tasks/failed');
    [chat.active, task.active] = [false, false];
    await run('plue.addFileToChat', Uri.file('/work/a.ts'));
    await hears({ type: 'attach', files: [{ path: 'a.ts' }] }, chat);
    expect(task.received).toEqual([]);
    expect(panels).toHaveLength(2);
  });

  it('go to the newest chat when none is visible, beside the code and never to a task', async () => {
    (await open('codex://tasks/failed')).turn(false);
    window.activeTextEditor = new FakeEditor(new FakeDocument(Uri.file('/work/a.ts'), 'a'), new Selection(0, 0, 0, 0));
    sidecar.answer(codexList, ({ limit }) => ({ items: [codex({ uri: 'codex://chats/newest' })].slice(0, limit), total: 3 }));
    await run('plue.addFileToChat', Uri.file('/work/a.ts'));
    expect(sidecar.asked).toContainEqual({ method: 'codex/list', params: { collection: 'chats', limit: 1 } });
    expect(panel().viewColumn).toBe(ViewColumn.Beside);
    panel().sayReady();
    await hears({ type: 'attach', files: [{ path: 'a.ts' }] });
    expect(sidecar.methods()).not.toContain('codex/create');
  });

  it('move a chat that is hidden behind the code beside it', async () => {
    const chat = await open();
    chat.viewColumn = ViewColumn.One;
    chat.turn(false);
    window.activeTextEditor = new FakeEditor(new FakeDocument(Uri.file('/work/a.ts'), 'a'), new Selection(0, 0, 0, 0));
    sidecar.answer(codexList, () => ({ items: [codex()], total: 1 }));
    await run('plue.addFileToChat', Uri.file('/work/a.ts'));
    expect([panels.length, chat.viewColumn]).toEqual([1, ViewColumn.Beside]);
  });

  it('go to a new chat where there is none', async () => {
    sidecar.answer(codexList, () => ({ items: [], total: 0 }));
    await run('plue.addFileToChat', Uri.file('/work/a.ts'));
    expect(panels).toHaveLength(1);
    expect(sidecar.methods()).toContain('codex/create');
  });

  it.each([
    [Uri.file('/work/gone.ts'), 'A file no longer exists.'],
    [Uri.parse('untitled:note'), 'Only files on disk can be added to a chat. Save the file first.'],
    [Uri.file('/work'), 'Folders can’t be added to a chat. Select the files instead.'],
    [undefined, 'No file is active. Select a file in the Explorer or open one.'],
  ])('that are none open no chat: %s', async (uri, sentence) => {
    await run('plue.addFileToChat', uri);
    expect(shown.map(({ text }) => text)).toEqual([sentence]);
    expect(panels).toEqual([]);
  });

  it('as a selection need one in a saved file', async () => {
    await run('plue.addSelectionToChat');
    expect(shown.map(({ text }) => text)).toEqual(['Nothing is selected in a saved file. Select lines and try again.']);
    expect(panels).toEqual([]);
  });

  it('that are to go with every question are chosen in VS Code’s dialog', async () => {
    await open();
    await run('plue.chat.pinFiles', codexId);
    expect(sidecar.asked).toEqual([]);
    files.push(Uri.file('/work/a.ts'));
    await run('plue.chat.pinFiles', codexId);
    expect(sidecar.asked.find(({ method }) => method === 'codex/update')?.params).toEqual({ uri: codexId, contextFiles: ['a.ts'] });
    expect(panel().received).toContainEqual({ type: 'contextFiles', files: [] });
  });
});
