import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Disposable } from 'vscode';
import { activateProgramImport } from '../../../../extension/src/features/programImport';
import { groupOf, itemRowsOf, rowsOf } from '../../../../extension/src/features/programImport/found';
import { reportText } from '../../../../extension/src/features/programImport/importRun';
import {
  programImportFind,
  programImportRun,
  programImportList,
  programImportUndo,
  vaultStatus,
  type ProgramImportGroupView,
  type ProgramImportItemView,
} from '../../../../extension/src/protocol/protocol.generated';
import { fakeLog } from '../../testing/fakeLog';
import { FakeSidecar } from '../../testing/fakeSidecar';
import { answers, commandAnswers, lists, registered, reset, shown } from '../../testing/vscode';

const item = (id: string, more: Partial<ProgramImportItemView> = {}): ProgramImportItemView => ({
  id,
  title: id,
  path: `/home/me/${id}`,
  size: 1024,
  updatedAt: '2026-01-01T00:00:00Z',
  ...more,
});
const program = { id: 'codex', name: 'Codex CLI' };
const chats: ProgramImportGroupView = {
  kind: 'chats',
  items: [item('one'), item('two'), item('old', { address: 'codex://chats/c' })],
  isTruncated: false,
};
const keys: ProgramImportGroupView = {
  kind: 'keys',
  items: [item('KEY', { size: 0, detail: 'https://api.example.com' })],
  isTruncated: false,
};
const run = { id: 'run', at: '2026-01-01T00:00:00Z', count: 3, hasKeys: true };

describe('Switch to Plue', () => {
  let sidecar: FakeSidecar;
  let activated: Disposable;
  let isLocked: boolean;

  beforeEach(() => {
    reset();
    isLocked = true;
    sidecar = new FakeSidecar()
      .answer(programImportList, () => ({ programs: [program], lastRun: run }))
      .answer(programImportFind, () => ({ groups: [chats, keys] }))
      .answer(programImportRun, ({ ids: [id = ''] }) =>
        id === 'two'
          ? { imported: [], failed: [{ path: id, message: 'It is damaged.' }] }
          : { imported: [{ id, address: `codex://chats/${id}`, notes: ['1 part was omitted.'] }], failed: [] },
      )
      .answer(programImportUndo, () => ({ removed: 2, kept: ['The key was kept.'] }))
      .answer(vaultStatus, () => ({ exists: true, locked: isLocked, unlockMethods: [], keychainAvailable: false }));
    commandAnswers.set('plue.unlockVault', () => (isLocked = false));
    activated = activateProgramImport(sidecar, fakeLog().log);
  });
  afterEach(() => activated.dispose());

  const imported = (): unknown[] => sidecar.asked.filter(({ method }) => method === programImportRun.method).map(({ params }) => params);
  const start = async (...given: (string | undefined)[]): Promise<void> => {
    answers.push(...given);
    await registered.get('plue.switchToPlue')?.();
  };

  it('Lists kinds by program with counts, sizes and what was imported before, and selects nothing', async () => {
    await start();
    expect(lists[0]).toMatchObject([
      { label: 'Codex CLI' },
      { label: '$(comment-discussion) Chats', description: '2 · 2 KB · 1 imported before', detail: 'one, two' },
      { label: '$(key) API keys', description: '1', detail: 'KEY' },
    ]);
    expect(imported()).toEqual([]);
  });

  it('Imports the selected kinds item by item in one run and reports failures', async () => {
    await start('$(comment-discussion) Chats');
    expect(imported()).toMatchObject([
      { program: 'codex', kind: 'chats', ids: ['one'] },
      { program: 'codex', kind: 'chats', ids: ['two'] },
    ]);
    expect(new Set(imported().map((params) => JSON.stringify(params).replace(/"ids".*/, ''))).size).toBe(1);
    expect(shown.at(-1)?.text).toBe('1 item was imported. 1 item was not imported.');
    expect(shown.at(-1)?.buttons).toEqual(['Show Report', 'Undo Import']);
  });

  it('Asks before keys are stored, names their origin, and unlocks the vault', async () => {
    await start('$(key) API keys', undefined, 'Store Keys');
    const question = shown.find(({ text }) => text === 'Store this key in the vault?');
    expect(question?.detail).toContain('KEY from /home/me/KEY, only for https://api.example.com');
    expect(imported()).toMatchObject([{ kind: 'keys', ids: ['KEY'] }]);
  });

  it('Imports the rest without keys if they are skipped, and nothing if the question is closed', async () => {
    await start('$(comment-discussion) Chats', '$(key) API keys', undefined, 'Skip Keys');
    expect(imported()).toMatchObject([{ ids: ['one'] }, { ids: ['two'] }]);
    sidecar.asked.length = 0;
    await start('$(comment-discussion) Chats', '$(key) API keys', undefined, undefined);
    expect(imported()).toEqual([]);
  });

  it('Stores no key if the vault stays locked', async () => {
    commandAnswers.set('plue.unlockVault', () => undefined);
    await start('$(key) API keys', undefined, 'Store Keys');
    expect(imported()).toEqual([]);
  });

  it('Undoes the last import after a question and lists what was kept', async () => {
    answers.push('Undo Import');
    await registered.get('plue.undoSwitch')?.();
    expect(sidecar.asked.at(-1)).toEqual({ method: programImportUndo.method, params: { runId: 'run' } });
    expect(shown.at(-1)?.text).toBe('2 items were removed. The key was kept.');
  });

  it('Undoes nothing if the question is closed', async () => {
    await registered.get('plue.undoSwitch')?.();
    expect(sidecar.methods()).not.toContain(programImportUndo.method);
  });

  it('Shows that there is nothing, or nothing new', async () => {
    sidecar.answer(programImportFind, () => ({ groups: [] }));
    await start();
    expect(shown.at(-1)?.text).toContain('Nothing was found');
    sidecar.answer(programImportFind, () => ({ groups: [{ ...chats, items: chats.items.slice(2) }] }));
    await start();
    expect(shown.at(-1)?.text).toContain('was imported before');
  });

  it('Shows single items with time, size and file, and the count of selected ones', () => {
    const group = { ...groupOf(program, chats), chosen: new Set(['two']) };
    expect(itemRowsOf(group).map(({ label, picked, detail }) => [label, picked, detail])).toEqual([
      ['one', false, '/home/me/one'],
      ['two', true, '/home/me/two'],
    ]);
    expect(rowsOf([group])[1]?.description).toBe('1 of 2 · 1 KB · 1 imported before');
  });

  it('Escapes titles and notes in the report', () => {
    const group = groupOf(program, chats);
    const text = reportText({
      runId: 'r',
      isCanceled: false,
      imported: [{ group, title: '[x](command:y)', notes: ['a *b*'] }],
      failed: [],
    });
    expect(text).toContain('- Codex CLI, Chats: \\[x\\](command:y)\n  - a \\*b\\*');
  });
});
