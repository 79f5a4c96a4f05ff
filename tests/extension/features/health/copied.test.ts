import * as v from 'valibot';
import { beforeEach, expect, test, vi } from 'vitest';
import type { Extension } from 'vscode';
import { activateHealth } from '../../../../extension/src/features/health';
import { healthCheck } from '../../../../extension/src/protocol/protocol.generated';
import { fakeLog } from '../../testing/fakeLog';
import { FakeSidecar } from '../../testing/fakeSidecar';
import { copied, registered, reset } from '../../testing/vscode';
import type * as standIn from '../../testing/vscode';

// VS Code APIs that only colors and code lenses need.
vi.mock('vscode', async (original) => {
  const known = await original<typeof standIn>();
  const nothing = (): { dispose: () => void } => ({ dispose: () => undefined });
  return {
    ...known,
    window: { ...known.window, createTextEditorDecorationType: nothing, onDidChangeVisibleTextEditors: nothing },
    workspace: { ...known.workspace, onDidChangeTextDocument: nothing },
    languages: { registerCodeLensProvider: nothing },
    ThemeColor: class {},
    UIKind: { Web: 2 },
  };
});

beforeEach(reset);

test('Creates a report before copying it only if there is none', async () => {
  const sidecar = new FakeSidecar().answer(healthCheck, () => ({ healthy: true, version: '1.2.3', rows: [] }));
  const extension = v.parse(
    v.custom<Extension<unknown>>(() => true),
    { packageJSON: { version: '1.2.3' } },
  );
  const health = activateHealth({ extension }, sidecar, fakeLog().log);
  await registered.get('plue.copyHealth')?.();
  await registered.get('plue.copyHealth')?.();
  expect(copied[0]).toContain('No problems found.');
  expect(copied[1]).toBe(copied[0]);
  expect(sidecar.methods()).toEqual(['health/check']);
  health.dispose();
});
