import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Uri } from 'vscode';
import { activateTriggers } from '../../../../extension/src/features/triggers';
import {
  triggerGit,
  triggerList,
  triggerProblems,
  triggerRun,
  triggerSaved,
  triggerSetEnabled,
} from '../../../../extension/src/protocol/protocol.generated';
import { extensionFolder } from '../../testing/extensionFolder';
import { fakeLog } from '../../testing/fakeLog';
import { FakeSidecar } from '../../testing/fakeSidecar';
import {
  DiagnosticSeverity,
  EventEmitter,
  executed,
  extensions,
  panels,
  registered,
  report,
  reset,
  savedDocument,
  workspace,
} from '../../testing/vscode';

const folder = '/home/a/project';
const none = { saves: false, git: false, problems: false };
let sidecar: FakeSidecar;
let ended: { dispose(): void };

beforeEach(() => {
  reset();
  vi.useFakeTimers();
  workspace.workspaceFolders = [{ uri: Uri.file(folder), name: 'project' }];
  sidecar = new FakeSidecar();
  sidecar
    .answer(triggerSaved, () => ({}))
    .answer(triggerGit, () => ({}))
    .answer(triggerProblems, () => ({}))
    .answer(triggerRun, () => ({}))
    .answer(triggerSetEnabled, () => ({}));
  sidecar.answer(triggerList, () => ({ areEnabled: true, triggers: [] }));
  ended = activateTriggers({ extensionUri: Uri.file(extensionFolder) }, sidecar, fakeLog().log);
});

afterEach(() => {
  ended.dispose();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('Events for triggers', () => {
  it('are saved files, together, and only while a trigger waits for them', async () => {
    const save = (...paths: string[]): void => paths.forEach((path) => savedDocument.fire({ uri: Uri.file(path) }));
    save(`${folder}/a.ts`);
    sidecar.triggerChanged.fire({ ...none, saves: true });
    save(`${folder}/a.ts`, `${folder}/b.ts`, `${folder}/a.ts`);
    savedDocument.fire({ uri: Uri.parse('vscode-userdata:/settings.json') });
    await vi.runAllTimersAsync();
    sidecar.triggerChanged.fire(none);
    save(`${folder}/c.ts`);
    await vi.runAllTimersAsync();
    expect(sidecar.asked).toEqual([{ method: 'trigger/saved', params: { paths: [`${folder}/a.ts`, `${folder}/b.ts`] } }]);
  });

  it('are the problems in each workspace folder', async () => {
    report('/elsewhere/x.ts', [{ severity: DiagnosticSeverity.Error }]);
    sidecar.triggerChanged.fire({ ...none, problems: true });
    const [error, warning, note] = [0, 1, 2].map((severity) => ({ severity }));
    report(`${folder}/a.ts`, [error, warning]);
    report(`${folder}/b.ts`, [error, note]);
    await vi.runAllTimersAsync();
    expect(sidecar.asked).toEqual([{ method: 'trigger/problems', params: { folder, errors: 2, warnings: 1 } }]);
  });

  it('are new commits, other branches, and merge conflicts, but no reset', async () => {
    const changed = new EventEmitter<void>();
    const state = { HEAD: { name: 'main', commit: 'c1' }, mergeChanges: new Array<{ uri: Uri }>(), onDidChange: changed.event };
    const log = ({ range = '' }): Promise<{ message: string }[]> => Promise.resolve(range === 'c1..c2' ? [{ message: 'Second' }] : []);
    const opened = new EventEmitter<unknown>();
    const api = {
      repositories: [{ rootUri: Uri.file(folder), state, log }],
      onDidOpenRepository: opened.event,
      onDidCloseRepository: opened.event,
    };
    const git = { id: 'vscode.git', isActive: true, exports: { getAPI: () => api } };
    vi.spyOn(extensions, 'getExtension').mockReturnValue(git);
    sidecar.triggerChanged.fire({ ...none, git: true });
    await vi.runAllTimersAsync();
    const become = async (change: Partial<typeof state>): Promise<void> => {
      Object.assign(state, change);
      changed.fire();
      await vi.runAllTimersAsync();
    };
    await become({});
    await become({ HEAD: { name: 'main', commit: 'c2' } });
    await become({ HEAD: { name: 'main', commit: 'c1' } });
    await become({ HEAD: { name: 'topic', commit: 'c3' } });
    await become({ mergeChanges: [{ uri: Uri.file(`${folder}/src/a.ts`) }] });
    await become({ mergeChanges: [{ uri: Uri.file(`${folder}/src/a.ts`) }, { uri: Uri.file(`${folder}/src/b.ts`) }] });
    expect(sidecar.asked.map(({ params }) => params)).toEqual([
      { root: folder, change: 'commit', branch: 'main', commit: 'c2', conflicts: [] },
      { root: folder, change: 'branch', branch: 'topic', commit: 'c3', conflicts: [] },
      { root: folder, change: 'conflict', branch: 'topic', commit: 'c3', conflicts: ['src/a.ts'] },
    ]);
  });
});

describe('The host of the page of triggers', () => {
  it('turns triggers on and off, runs them, and creates one for the folder of the window', async () => {
    await registered.get('plue.triggers')?.();
    const uri = 'codex://items/lint';
    const say = async (message: unknown): Promise<void> => {
      panels[0]?.say(message);
      await vi.runAllTimersAsync();
    };
    await say({ type: 'setEnabled', uri, isEnabled: false });
    await say({ type: 'setEnabled', isEnabled: false });
    await say({ type: 'run', uri });
    await say({ type: 'create' });
    expect(sidecar.asked.filter(({ method }) => method !== 'trigger/list')).toEqual([
      { method: 'trigger/setEnabled', params: { uri, isEnabled: false } },
      { method: 'trigger/setEnabled', params: { isEnabled: false } },
      { method: 'trigger/run', params: { uri } },
    ]);
    expect(executed.at(-1)).toEqual(['plue.newFromTemplate', { templateId: 'trigger', values: { folder } }]);
  });

  it('shows changes while the page is open', async () => {
    sidecar.triggerChanged.fire(none);
    await vi.runAllTimersAsync();
    expect(sidecar.methods()).toEqual([]);
    await registered.get('plue.triggers')?.();
    sidecar.triggerChanged.fire(none);
    await vi.runAllTimersAsync();
    expect(panels[0]?.received).toEqual([{ type: 'triggers', list: { areEnabled: true, triggers: [] } }]);
  });
});
