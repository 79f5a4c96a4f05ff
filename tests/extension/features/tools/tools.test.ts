import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Disposable } from 'vscode';
import { activateTools, rowsOf } from '../../../../extension/src/features/tools';
import { reportOf } from '../../../../extension/src/features/tools/toolReports';
import { vsCodeToolList, vsCodeToolSelect, type VsCodeToolView } from '../../../../extension/src/protocol/protocol.generated';
import { fakeLog } from '../../testing/fakeLog';
import { FakeSidecar } from '../../testing/fakeSidecar';
import { answers, registered, reset, shown } from '../../testing/vscode';

const tool = (name: string, state: VsCodeToolView['state'], source = 'VS Code'): VsCodeToolView => ({
  name,
  fullName: `vscode/${name}`,
  title: `The ${name}`,
  source,
  description: `Does ${name}.`,
  state,
  fingerprint: `print-${name}`,
  tokens: 12,
  definition: `Description:\n  Does ${name}.\n`,
});

describe('The list of tools', () => {
  let sidecar: FakeSidecar;
  let activated: Disposable;
  let tools: VsCodeToolView[];

  beforeEach(() => {
    reset();
    tools = [tool('beep', 'enabled'), tool('weather', 'disabled', 'Acme'), tool('lint', 'changed', 'Acme')];
    sidecar = new FakeSidecar()
      .answer(vsCodeToolList, () => ({ tools, notes: [] }))
      .answer(vsCodeToolSelect, ({ tools: selected }) => ({
        tools: tools.map((one) => tool(one.name, selected.some(({ name }) => name === one.name) ? 'enabled' : 'disabled')),
        notes: [],
      }));
    activated = activateTools(sidecar, fakeLog().log);
  });

  afterEach(() => activated.dispose());

  it('Groups tools by their extension, and those that changed come first', () => {
    expect(rowsOf(tools).map(({ label, description, icon }) => [label, description, icon])).toEqual([
      ['changed', undefined, undefined],
      ['The lint', 'vscode/lint from Acme, off because it changed', 'warning'],
      ['Acme', undefined, undefined],
      ['The weather', 'vscode/weather from Acme, about 12 tokens', undefined],
      ['VS Code', undefined, undefined],
      ['The beep', 'vscode/beep from VS Code, about 12 tokens', undefined],
    ]);
  });

  it('Enables the checked tools as they were shown, and no changed tool by itself', async () => {
    answers.push('The weather');
    await registered.get('plue.selectVsCodeTools')?.();
    expect(sidecar.asked.at(-1)).toEqual({
      method: vsCodeToolSelect.method,
      params: {
        tools: [
          { name: 'beep', fingerprint: 'print-beep' },
          { name: 'weather', fingerprint: 'print-weather' },
        ],
      },
    });
    expect(shown.at(-1)?.text).toBe('Agents can use 2 tools of VS Code. Each call needs your approval.');
  });

  it('Changes nothing when the list is closed', async () => {
    await registered.get('plue.selectVsCodeTools')?.();
    expect(sidecar.methods()).toEqual([vsCodeToolList.method]);
  });

  it('Says so when there are no tools', async () => {
    tools = [];
    await registered.get('plue.selectVsCodeTools')?.();
    expect(shown.at(-1)?.text).toBe('VS Code and its extensions offer no tools in this window.');
  });

  it('Shows all that is enabled with a tool, and the change first, with hidden characters visible', () => {
    const changed = { ...tool('lint', 'changed', 'Ac\u202Eme'), changes: 'Changed tool lint:\n-old\n+new' };
    expect(reportOf(changed).split('\n')).toEqual([
      'VS Code tool vscode/lint',
      'From: Ac⟨U+202E⟩me',
      'About 12 tokens in each request',
      '',
      'Changes since you enabled it:',
      '  Changed tool lint:',
      '  -old',
      '  +new',
      '',
      'Description:',
      '  Does lint.',
      '',
    ]);
  });
});
