// The dialogs of an import from other programs, and of its undo.
import * as vscode from 'vscode';
import * as l10n from '../../infrastructure/localizedText';
import { formatTime } from '../../common/format';
import { UserCancelledError, runWithErrorHandling } from '../../infrastructure/errors';
import {
  createQuickPick,
  literalItem,
  showInformationMessage,
  showQuickPick,
  showWarningMessage,
  withProgress,
} from '../../infrastructure/window';
import { programImportFind, programImportList, programImportUndo, vaultStatus } from '../../protocol/protocol.generated';
import type { ProgramImportRunView } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import { groupOf, itemRowsOf, kindName, rowsOf, type FoundGroup, type GroupRow } from './found';
import { importGroups, reportText, type ImportReport } from './importRun';

/** Maximum number of keys listed in the question; the list has all of them. */
const maxKeys = 12;

export class Importer {
  /** @param userFolder VS Code's folder for user settings. */
  constructor(
    private readonly sidecar: Sidecar,
    private readonly log: vscode.LogOutputChannel,
    private readonly userFolder: string | undefined,
  ) {}

  async run(): Promise<void> {
    const { groups, lastRun } = await this.find();
    if (groups.every(({ items }) => items.length === 0)) {
      await this.showNothingFound(groups, lastRun);
      return;
    }
    const chosen = await this.choose(groups, lastRun);
    if (chosen.length === 0) throw new UserCancelledError();
    const { groups: wanted, storeKeys } = await this.askForKeys(chosen);
    if (wanted.length === 0) return;
    const options = { storeKeys, ...(this.userFolder === undefined ? {} : { userFolder: this.userFolder }) };
    await this.showReport(await importGroups(this.sidecar, wanted, options));
  }

  async undoLast(): Promise<void> {
    const { lastRun } = await this.sidecar.request(programImportList, {});
    if (lastRun === undefined) void showInformationMessage(l10n.t('There is no import to undo.'));
    else await this.undo(lastRun);
  }

  private find(): Promise<{ groups: FoundGroup[]; lastRun: ProgramImportRunView | undefined }> {
    return Promise.resolve(
      withProgress(
        { location: vscode.ProgressLocation.Notification, title: l10n.t('Searching other programs'), cancellable: true },
        async (progress, token) => {
          const { programs, lastRun } = await this.sidecar.request(programImportList, {}, token);
          const groups: FoundGroup[] = [];
          for (const program of programs) {
            if (token.isCancellationRequested) throw new UserCancelledError();
            progress.report({ increment: 100 / programs.length, message: l10n.verbatim(program.name) });
            const found = await this.sidecar.request(
              programImportFind,
              { program: program.id, ...(this.userFolder === undefined ? {} : { userFolder: this.userFolder }) },
              token,
            );
            groups.push(...found.groups.map((group) => groupOf(program, group)));
          }
          return { groups, lastRun };
        },
      ),
    );
  }

  /** Nothing is preselected. Resolves to the selected groups; empty if the user cancels. */
  private choose(groups: FoundGroup[], lastRun: ProgramImportRunView | undefined): Promise<FoundGroup[]> {
    const pick = createQuickPick<GroupRow>(l10n.t('Switch to Plue'), l10n.t('Select what to import. The originals are not changed.'));
    pick.canSelectMany = true;
    pick.matchOnDescription = true;
    pick.matchOnDetail = true;
    pick.ignoreFocusOut = true;
    const undo: vscode.QuickInputButton = { iconPath: new vscode.ThemeIcon('discard'), tooltip: l10n.t('Undo Last Import…') };
    if (lastRun !== undefined) pick.buttons = [undo];
    let isChoosingItems = false;
    const updateItems = (selected: ReadonlySet<string>): void => {
      pick.items = rowsOf(groups).map((row) => literalItem(row));
      pick.selectedItems = pick.items.filter(({ group }) => group !== undefined && selected.has(keyOf(group)));
    };
    updateItems(new Set());
    return new Promise((resolve) => {
      pick.onDidTriggerButton(() => {
        pick.hide();
        void runWithErrorHandling(this.log, () => (lastRun === undefined ? Promise.resolve() : this.undo(lastRun)));
      });
      pick.onDidTriggerItemButton(({ item: { group } }) =>
        runWithErrorHandling(this.log, async () => {
          if (group === undefined) return;
          const selected = new Set(pick.selectedItems.flatMap((row) => (row.group === undefined ? [] : [keyOf(row.group)])));
          // The second list hides this one.
          isChoosingItems = true;
          const ids = await chooseItems(group);
          isChoosingItems = false;
          if (ids !== undefined) {
            groups[groups.indexOf(group)] = { ...group, chosen: ids.size === 0 ? group.chosen : ids };
            if (ids.size === 0) selected.delete(keyOf(group));
            else selected.add(keyOf(group));
          }
          updateItems(selected);
          pick.show();
        }),
      );
      pick.onDidAccept(() => {
        resolve(pick.selectedItems.flatMap(({ group }) => (group === undefined ? [] : [group])));
        pick.hide();
      });
      pick.onDidHide(() => {
        if (isChoosingItems) return;
        // Has no effect after the choice was accepted.
        resolve([]);
        pick.dispose();
      });
      pick.show();
    });
  }

  /** Asks before keys are stored, and unlocks the vault. If the user declines, resolves to the groups without keys, and servers are imported without theirs. */
  private async askForKeys(groups: readonly FoundGroup[]): Promise<{ groups: readonly FoundGroup[]; storeKeys: boolean }> {
    const items = groups.flatMap(({ items: all, chosen }) => all.filter(({ id }) => chosen.has(id)));
    const keys = items.flatMap((item) =>
      item.keys === undefined
        ? []
        : item.keys.map((name) => ({ title: `${item.title}: ${name}`, path: item.path, detail: l10n.t('this MCP server') })),
    );
    keys.unshift(
      ...groups
        .filter(({ kind }) => kind === 'keys')
        .flatMap(({ items: all, chosen }) => all.filter(({ id }) => chosen.has(id)))
        .map(({ title, path, detail }) => ({ title, path, detail: l10n.verbatim(detail ?? '') })),
    );
    if (keys.length === 0) return { groups, storeKeys: false };
    const others = groups.filter(({ kind }) => kind !== 'keys');
    const store = l10n.t('Store Keys');
    const skip = l10n.t('Skip Keys');
    const lines = keys.slice(0, maxKeys).map(({ title, path, detail }) => l10n.t('{0} from {1}, only for {2}', title, path, detail));
    const detail = [
      lines.join('\n') + (keys.length > maxKeys ? `\n${l10n.t('and {0} more', keys.length - maxKeys)}` : ''),
      l10n.t('Plue sends each key only to its address. The files are not changed.'),
    ].join('\n\n');
    const title = keys.length === 1 ? l10n.t('Store this key in the vault?') : l10n.t('Store these {0} keys in the vault?', keys.length);
    const answer = await showWarningMessage(title, { modal: true, detail }, store, ...(others.length > 0 ? [skip] : []));
    if (answer === skip) return { groups: others, storeKeys: false };
    if (answer !== store) throw new UserCancelledError();
    await vscode.commands.executeCommand('plue.unlockVault');
    return (await this.isVaultOpen()) ? { groups, storeKeys: true } : { groups: others, storeKeys: false };
  }

  private async isVaultOpen(): Promise<boolean> {
    const { exists, locked } = await this.sidecar.request(vaultStatus, {});
    return exists && !locked;
  }

  private async showReport(report: ImportReport): Promise<void> {
    const { imported, failed, isCanceled } = report;
    const sentences = [
      ...(isCanceled ? [l10n.t('The import was canceled.')] : []),
      imported.length === 1 ? l10n.t('1 item was imported.') : l10n.t('{0} items were imported.', imported.length),
      ...(failed.length === 0
        ? []
        : [failed.length === 1 ? l10n.t('1 item was not imported.') : l10n.t('{0} items were not imported.', failed.length)]),
    ];
    const showReport = l10n.t('Show Report');
    const undo = l10n.t('Undo Import');
    const show = failed.length > 0 ? showWarningMessage : showInformationMessage;
    const answer = await show(l10n.verbatim(sentences.join(' ')), showReport, ...(imported.length > 0 ? [undo] : []));
    if (answer === showReport) {
      await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ language: 'markdown', content: reportText(report) }));
    } else if (answer === undo) {
      await this.undoLast();
    }
  }

  private async showNothingFound(groups: readonly FoundGroup[], lastRun: ProgramImportRunView | undefined): Promise<void> {
    const text =
      groups.length > 0
        ? l10n.t('Everything that was found in other programs was imported before.')
        : l10n.t('Nothing was found in other programs on this machine. Run Plue: Import Chats to choose files.');
    const undo = l10n.t('Undo Last Import…');
    if ((await showInformationMessage(text, ...(lastRun === undefined ? [] : [undo]))) === undo) await this.undoLast();
  }

  private async undo({ id, at, count, hasKeys }: ProgramImportRunView): Promise<void> {
    const undo = l10n.t('Undo Import');
    const title = l10n.t('Undo the import of {0}?', formatTime(at));
    const detail = l10n.t(
      'Its {0} chats, documents, keys, MCP servers, and skills are removed. Chats and documents go to the trash, also those that you changed since; you can restore them. Keys are deleted from the vault and cannot be restored, but are still in their original files. Keys that are in use, and instructions, MCP servers, and skills that you changed are kept.',
      count,
    );
    if ((await showWarningMessage(title, { modal: true, detail }, undo)) !== undo) throw new UserCancelledError();
    if (hasKeys && !(await this.isVaultOpen())) await vscode.commands.executeCommand('plue.unlockVault');
    const { removed, kept } = await withProgress(
      { location: vscode.ProgressLocation.Notification, title: l10n.t('Undoing the import'), cancellable: true },
      (_, token) => this.sidecar.request(programImportUndo, { runId: id }, token),
    );
    const done = removed === 1 ? l10n.t('1 item was removed.') : l10n.t('{0} items were removed.', removed);
    if (kept.length === 0) void showInformationMessage(done);
    else void showWarningMessage(l10n.verbatim([done, ...kept].join(' ')));
  }
}

function keyOf({ program, kind }: FoundGroup): string {
  return `${program.id} ${kind}`;
}

/** Resolves to the IDs of the selected items; undefined if the user cancels. */
async function chooseItems(group: FoundGroup): Promise<Set<string> | undefined> {
  const rows = await showQuickPick(itemRowsOf(group), {
    title: l10n.t('{0} of {1}', kindName(group.kind), group.program.name),
    placeHolder: l10n.t('Select items'),
    canPickMany: true,
    matchOnDescription: true,
    matchOnDetail: true,
    ignoreFocusOut: true,
  });
  return rows === undefined ? undefined : new Set(rows.map(({ id }) => id));
}
