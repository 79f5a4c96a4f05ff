import assert from 'node:assert/strict';
import * as vscode from 'vscode';

const extensionId = 'plue.plue-vscode';

function extension(): vscode.Extension<unknown> {
  const found = vscode.extensions.getExtension(extensionId);
  assert.ok(found, `${extensionId} is not loaded.`);
  return found;
}

/** Returns the command IDs in package.json. */
function contributedCommands(): string[] {
  const manifest: unknown = extension().packageJSON;
  const ids: string[] = [];
  JSON.stringify(manifest, (key, value: unknown) => {
    if (key === 'command' && typeof value === 'string') ids.push(value);
    return value;
  });
  return [...new Set(ids)];
}

function chatTabs(): vscode.Tab[] {
  return vscode.window.tabGroups.all
    .flatMap((group) => group.tabs)
    .filter((tab) => tab.input instanceof vscode.TabInputWebview && tab.input.viewType.endsWith('plue.chat'));
}

/** Waits until the number of tabs is as wanted. */
async function untilTabs(wanted: (count: number) => boolean): Promise<void> {
  while (!wanted(chatTabs().length)) {
    await new Promise<void>((resolve) => {
      const listening = vscode.window.tabGroups.onDidChangeTabs(() => {
        listening.dispose();
        resolve();
      });
    });
  }
}

export const tests: Record<string, () => Promise<void>> = {
  'the extension activates in a real VS Code': async () => {
    await extension().activate();
    assert.equal(extension().isActive, true);
  },
  'every command in the manifest is there': async () => {
    const known = new Set(await vscode.commands.getCommands(true));
    const missing = contributedCommands().filter((id) => !known.has(id));
    assert.deepEqual(missing, []);
  },
  'New Chat opens a panel in the editor area': async () => {
    const before = chatTabs().length;
    await vscode.commands.executeCommand('plue.newChat');
    await untilTabs((count) => count === before + 1);
  },
  'several chats are open at once': async () => {
    const before = chatTabs().length;
    await vscode.commands.executeCommand('plue.newChat');
    await untilTabs((count) => count === before + 1);
    assert.ok(chatTabs().length >= 2);
  },
  'the sidecar can be started again': async () => {
    await vscode.commands.executeCommand('plue.restartServer');
    const before = chatTabs().length;
    await vscode.commands.executeCommand('plue.newChat');
    await untilTabs((count) => count === before + 1);
  },
};
