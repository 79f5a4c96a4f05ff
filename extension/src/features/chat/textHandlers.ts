import * as vscode from 'vscode';
import { runWithErrorHandling } from '../../infrastructure/errors';
import type { Handlers } from '../../common/handlers';
import type { FromChatPage } from '../../common/messages/chat';
import { type ApplyCode, newFile } from './applyCode';
import { previewDiagram } from './diagram';
import type { LastEditor } from './insertCode';
import { openLink } from './links';
import { runInTerminal } from './runInTerminal';

export interface TextServices {
  lastEditor: LastEditor;
  applyCode: ApplyCode;
  log: vscode.LogOutputChannel;
}

type TextMessage = 'copy' | 'insert' | 'applyCode' | 'newFile' | 'runInTerminal' | 'preview' | 'openLink';

/** Handlers for the text, the code blocks and the links of messages. */
export function textHandlers({ lastEditor, applyCode, log }: TextServices): Pick<Handlers<FromChatPage>, TextMessage> {
  return {
    copy: async ({ text }) => vscode.env.clipboard.writeText(text),
    insert: ({ text }) => lastEditor.insert(text),
    applyCode: ({ text, info }) => runWithErrorHandling(log, () => applyCode.apply(text, info)),
    newFile: ({ text, info }) => runWithErrorHandling(log, () => newFile(text, info)),
    runInTerminal: ({ text }) => runInTerminal(text),
    preview: ({ text }) => runWithErrorHandling(log, () => previewDiagram(text)),
    openLink: ({ href }) => openLink(href),
  };
}
