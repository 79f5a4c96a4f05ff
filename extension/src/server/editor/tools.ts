// Language model tools of VS Code and its extensions. The sidecar decides which ones agents get.
import * as v from 'valibot';
import * as vscode from 'vscode';
import type {
  HostCallToolParams,
  HostCallToolResult,
  HostToolContent,
  HostToolView,
  HostToolsResult,
} from '../../protocol/protocol.generated';
import * as l10n from '../../infrastructure/localizedText';
import { contentOf, limited, textOf } from './toolContent';

const maxTools = 300;

const own = { publisher: 'plue', name: 'plue-vscode' };

const contribution = v.object({ name: v.string(), displayName: v.optional(v.string()) });
const manifest = v.object({
  publisher: v.optional(v.string()),
  name: v.optional(v.string()),
  displayName: v.optional(v.string()),
  contributes: v.object({ languageModelTools: v.array(v.unknown()) }),
});

interface Contributor {
  id: string;
  source: string;
  title?: string;
  isOwn: boolean;
}

/** The prefix that VS Code gives to tools of Plue's own MCP server. */
const ownServerTool = /^mcp_plue_/;

/** Returns no tools while the workspace is not trusted, and never Plue's own. */
export function listTools(): HostToolsResult {
  if (!vscode.workspace.isTrusted) return { tools: [] };
  const contributors = contributorsByTool();
  const tools = allTools().flatMap((tool): HostToolView[] => {
    const contributor = contributors.get(tool.name);
    if (contributor?.isOwn === true || ownServerTool.test(tool.name)) return [];
    return [
      {
        name: tool.name,
        description: tool.description,
        schema: tool.inputSchema === undefined ? undefined : JSON.stringify(tool.inputSchema),
        extension: contributor?.id,
        source: contributor?.source ?? (tool.tags.includes('mcp') ? l10n.t('MCP servers of VS Code') : 'VS Code'),
        title: contributor?.title,
      },
    ];
  });
  return { tools: tools.slice(0, maxTools) };
}

export async function callTool({ name, parameters }: HostCallToolParams, token?: vscode.CancellationToken): Promise<HostCallToolResult> {
  if (!vscode.workspace.isTrusted) throw new Error(l10n.t('This workspace is not trusted.'));
  if (!listTools().tools.some((tool) => tool.name === name)) throw new Error(l10n.t('This window has no such tool.'));
  const input = v.parse(v.looseObject({}), JSON.parse(parameters));
  const { content } = await vscode.lm.invokeTool(name, { input, toolInvocationToken: undefined }, token);
  return { content: limited(content.map(toContent)) };
}

/** Editors based on VS Code may lack this API. */
function allTools(): readonly vscode.LanguageModelToolInformation[] {
  const lm: unknown = Reflect.get(vscode, 'lm');
  return lm === undefined || !('tools' in vscode.lm) ? [] : vscode.lm.tools;
}

function contributorsByTool(): Map<string, Contributor> {
  const contributors = new Map<string, Contributor>();
  for (const { id, packageJSON } of vscode.extensions.all) {
    const read = v.safeParse(manifest, packageJSON);
    if (!read.success) continue;
    const { publisher, name, displayName, contributes } = read.output;
    const isOwn = publisher === own.publisher && name === own.name;
    for (const entry of contributes.languageModelTools) {
      const tool = v.safeParse(contribution, entry);
      if (!tool.success) continue;
      contributors.set(tool.output.name, {
        id,
        source: displayName ?? id,
        isOwn,
        ...(tool.output.displayName === undefined ? {} : { title: tool.output.displayName }),
      });
    }
  }
  return contributors;
}

function toContent(part: unknown): HostToolContent {
  if (part instanceof vscode.LanguageModelDataPart) return contentOf(part.mimeType, part.data);
  return { kind: 'text', text: textOf(part) ?? '[Content of an unknown type omitted]' };
}
