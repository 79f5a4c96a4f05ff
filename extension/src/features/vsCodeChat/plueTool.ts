import * as l10n from '../../infrastructure/localizedText';
import * as v from 'valibot';
import * as vscode from 'vscode';
import { plainMarkdown } from '../../infrastructure/window';
import { plueToolCall } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';

/** Tool names in VS Code and in the sidecar. */
export const plueTools = {
  plue_search_chats: 'search_chats',
  plue_read_chat: 'read_chat',
  plue_start_task: 'start_task',
  plue_task_status: 'task_status',
  plue_task_result: 'task_result',
} as const;

type ServedName = (typeof plueTools)[keyof typeof plueTools];

const startInput = v.object({ goal: v.string(), template: v.optional(v.string()), budget_usd: v.optional(v.number()) });

/** Makes one of Plue's tools available in VS Code's own chat. The sidecar validates the input. */
export class PlueTool implements vscode.LanguageModelTool<object> {
  constructor(
    private readonly sidecar: Pick<Sidecar, 'request'>,
    private readonly name: ServedName,
  ) {}

  prepareInvocation({ input }: vscode.LanguageModelToolInvocationPrepareOptions<object>): vscode.PreparedToolInvocation {
    switch (this.name) {
      case 'search_chats':
        return { invocationMessage: l10n.t('Searching chats in Plue') };
      case 'read_chat':
        return { invocationMessage: l10n.t('Reading a chat in Plue') };
      case 'start_task':
        return {
          invocationMessage: l10n.t('Starting a task in Plue'),
          confirmationMessages: { title: l10n.t('Start a task in Plue?'), message: startMessage(input) },
        };
      default:
        return { invocationMessage: l10n.t('Reading a task in Plue') };
    }
  }

  async invoke(
    { input }: vscode.LanguageModelToolInvocationOptions<object>,
    token: vscode.CancellationToken,
  ): Promise<vscode.LanguageModelToolResult> {
    const { text, isError } = await this.sidecar.request(plueToolCall, { name: this.name, parameters: JSON.stringify(input) }, token);
    // VS Code passes the message to the model.
    if (isError) throw new Error(text);
    return new vscode.LanguageModelToolResult([new vscode.LanguageModelTextPart(text)]);
  }
}

/** Plain text, because a model wrote the goal. */
function startMessage(input: unknown): vscode.MarkdownString {
  const read = v.safeParse(startInput, input);
  if (!read.success) return plainMarkdown(JSON.stringify(input));
  const { goal, template = 'task', budget_usd: budget } = read.output;
  const terms =
    budget === undefined
      ? l10n.t('Template: {0}. The budget is that of the template.', template)
      : l10n.t('Template: {0}. Budget: at most ${1}.', template, budget);
  return plainMarkdown(goal, terms);
}
