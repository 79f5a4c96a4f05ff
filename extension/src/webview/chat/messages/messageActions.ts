import type { ChatContext } from '../state/chatContext';
import { type MessageActions, textOf } from './message';
import { isImage } from './messageFile';
import type { MessagesView } from './messagesView';
import { remedies } from './remedies';

/** Creates the actions of a message's buttons. */
export function messageActions(context: ChatContext, view: MessagesView): MessageActions {
  const { panel, actions } = context;
  return {
    copy: (text) => panel.post({ type: 'copy', text }),
    insert: (text) => panel.post({ type: 'insert', text }),
    apply: (text, info) => panel.post({ type: 'applyCode', text, info }),
    newFile: (text, info) => panel.post({ type: 'newFile', text, info }),
    preview: (text) => panel.post({ type: 'preview', text }),
    runInTerminal: (text) => panel.post({ type: 'runInTerminal', text }),
    retry: (messageId, isContinued) => actions.retry(messageId, isContinued),
    retryWith: (messageId) =>
      actions.askForModel(({ providerId, model }) => {
        panel.post({ type: 'retryWith', messageId, providerId, ...(model === undefined ? {} : { model }) });
        actions.followEnd();
      }),
    edit: (messageId, text) => {
      panel.post({ type: 'edit', messageId, text });
      actions.sent(text);
      actions.focusComposer();
    },
    fork: (messageId) => panel.post({ type: 'fork', messageId }),
    discard: (messageId, before) => panel.post({ type: 'discard', messageId, ...(before.length === 0 ? {} : { before: [...before] }) }),
    remove: (messageId, before) => view.remove(messageId, before),
    wholeText: (messageId) => view.wholeText(messageId),
    open: (uri) => panel.post({ type: 'openCodex', uri }),
    edits: (command, path) => panel.post({ type: 'edits', command, ...(path === undefined ? {} : { path }) }),
    stopTask: (uri) => panel.post({ type: 'taskCommand', command: 'plue.tasks.stop', uri }),
    stopCall: (toolUseId) => panel.post({ type: 'stopCall', toolUseId }),
    switchBranch: (messageId) => panel.post({ type: 'switchBranch', messageId }),
    remediesFor: (message, hasRounds) =>
      remedies(context, message.providerInfo?.providerId, message.id, hasRounds || textOf(message).trim() !== ''),
    blobs: context.blobs,
    openFile: (file) => {
      const { path, range, blob, skill } = file;
      if (skill !== undefined) {
        panel.post({ type: 'openInstructions', source: path, path });
        return;
      }
      if (isImage(file) && blob !== undefined) panel.post({ type: 'openImage', blob, name: path });
      else panel.post({ type: 'openFile', path, ...(range === undefined ? {} : { range }) });
    },
  };
}
