import * as l10n from '../../infrastructure/localizedText';
import * as v from 'valibot';
import * as vscode from 'vscode';
import { conversationPattern } from '../../common/messages/fields';
import { toFailureError, UserCancelledError } from '../../infrastructure/errors';
import { workspacePath } from '../../infrastructure/workspaceFolders';
import { codexCreate, codexGet, codexMarkRead } from '../../protocol/protocol.generated';
import type { Attachment } from '../../protocol/protocol.generated';
import type { ApprovalList } from '../../server/approvalList';
import { BackgroundChat } from '../../server/backgroundChat';
import type { Sidecar } from '../../server/client';
import type { ProviderList } from '../../server/providerList';

export const participantId = 'plue.agent';

const metadata = v.object({ uri: v.pipe(v.string(), v.regex(conversationPattern)) });

/** `@plue` in VS Code's own chat. Each of its chats is one chat of Plue and can be continued there. */
export class Participant {
  constructor(
    private readonly sidecar: Sidecar,
    private readonly providers: ProviderList,
    private readonly approvals: ApprovalList,
  ) {}

  async respond(
    request: vscode.ChatRequest,
    { history }: vscode.ChatContext,
    stream: vscode.ChatResponseStream,
    token: vscode.CancellationToken,
  ): Promise<vscode.ChatResult> {
    const uri = (await this.known(history)) ?? (await this.create(request));
    const chat = BackgroundChat.of(this.sidecar, uri);
    const open = (title: string): void => stream.button({ command: 'plue.openChat', title, arguments: [uri] });
    const cancelListener = token.onCancellationRequested(() => void chat.stop().catch(() => undefined));
    const asked = new Set<string>();
    const waiting = this.approvals.onDidChange((approvals) => {
      for (const { id, codexId, actionText } of approvals) {
        if (codexId !== uri || asked.has(id)) continue;
        asked.add(id);
        stream.progress(l10n.t('Waits for your approval: {0}', actionText));
        open(l10n.t('Answer in Plue'));
      }
    });
    try {
      await chat.send(
        request.prompt,
        {
          onText: (text) => stream.markdown(text),
          onToolCall: (toolName) => stream.progress(l10n.t('Runs {0}…', toolName)),
        },
        request.references.flatMap(toAttachment),
      );
      await this.sidecar.request(codexMarkRead, { uri });
    } catch (error) {
      if (!(error instanceof UserCancelledError)) return { metadata: { uri }, errorDetails: { message: toFailureError(error).message } };
    } finally {
      cancelListener.dispose();
      waiting.dispose();
    }
    open(l10n.t('Continue in Plue'));
    return { metadata: { uri } };
  }

  /** Returns the chat of earlier responses; undefined if there are none or it was deleted. */
  private async known(history: vscode.ChatContext['history']): Promise<string | undefined> {
    for (const turn of [...history].reverse()) {
      if (!(turn instanceof vscode.ChatResponseTurn)) continue;
      const said = v.safeParse(metadata, turn.result.metadata);
      if (!said.success) continue;
      const { uri } = said.output;
      try {
        await this.sidecar.request(codexGet, { uri, limit: 1 });
        return uri;
      } catch (error) {
        if (toFailureError(error).kind !== 'notFound') throw error;
      }
    }
    return undefined;
  }

  /** Uses the model selected in VS Code if it is one of Plue's. */
  private async create({ model }: vscode.ChatRequest): Promise<string> {
    await this.providers.ensureDefault();
    const [providerId = '', ...name] = model.vendor === 'plue' ? model.id.split('/') : [];
    const chosen = name.length === 0 ? {} : { providerId, model: name.join('/') };
    const { uri } = await this.sidecar.request(codexCreate, { templateId: 'ai-chat', ...chosen });
    return uri;
  }
}

function toAttachment({ value }: vscode.ChatPromptReference): Attachment[] {
  if (value instanceof vscode.Uri) return value.scheme === 'file' ? [{ path: workspacePath(value) }] : [];
  if (!(value instanceof vscode.Location) || value.uri.scheme !== 'file') return [];
  const { start, end } = value.range;
  return [{ path: workspacePath(value.uri), range: { start: start.line + 1, end: end.line + 1 } }];
}
