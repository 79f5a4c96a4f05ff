import * as vscode from 'vscode';
import type { SidecarCommand } from '../../server/sidecar';

export const homeServerId = 'plue.home';

/** Offers `plue mcp serve` to VS Code, which starts it when its chat first needs it. The server is read-only. */
export class HomeServer implements vscode.McpServerDefinitionProvider {
  constructor(
    private readonly find: () => Promise<SidecarCommand>,
    private readonly version: string,
  ) {}

  async provideMcpServerDefinitions(): Promise<vscode.McpServerDefinition[]> {
    const { command, args } = await this.find();
    return [new vscode.McpStdioServerDefinition('Plue', command, [...args, 'mcp', 'serve'], {}, this.version)];
  }
}
