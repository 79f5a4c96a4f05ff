// @vitest-environment jsdom
import { beforeEach, describe, expect, it } from 'vitest';
import type { TriggerListResult, TriggerRunView, TriggerView } from '../../../extension/src/protocol/protocol.generated';
import type { FromTriggersPage } from '../../../extension/src/common/messages/triggers';
import { TriggersPage } from '../../../extension/src/webview/triggers/triggersPage';
import { task } from './taskSamples';

const uri = 'codex://items/lint';
let page: TriggersPage;
let posted: FromTriggersPage[];

function run(id: string, change: Partial<TriggerRunView> = {}): TriggerRunView {
  return { id, time: '2026-11-25T09:00:00Z', reason: 'src/a.ts was saved.', times: 1, ...change };
}

function trigger(change: Partial<TriggerView> = {}): TriggerView {
  return {
    uri,
    title: 'Lint',
    on: 'saved',
    detail: 'src/**/*.ts',
    templateName: 'Code writer',
    isEnabled: true,
    isOfWorkspace: false,
    usdToday: 0.3,
    usdPerDay: 2,
    runsToday: 1,
    runsPerDay: 20,
    runs: [],
    ...change,
  };
}

function show(change: Partial<TriggerListResult> = {}): void {
  page.receive({ type: 'triggers', list: { areEnabled: true, triggers: [trigger()], ...change } });
}

const text = (selector: string): string => document.querySelector(selector)?.textContent ?? '';
const button = (name: string): HTMLButtonElement => {
  const found = [...document.querySelectorAll('button')].find((one) => one.textContent === name);
  if (found === undefined) throw new Error(`There is no button ${name}.`);
  return found;
};
const boxes = (): HTMLInputElement[] => [...document.querySelectorAll<HTMLInputElement>('input[type=checkbox]')];

beforeEach(() => {
  document.body.innerHTML = '<div id="app"></div>';
  posted = [];
  const root = document.querySelector<HTMLElement>('#app');
  if (root === null) throw new Error('There is no root.');
  page = new TriggersPage(root, { post: (message) => posted.push(message), getState: () => undefined, setState: () => undefined });
});

describe('The page of triggers', () => {
  it('leads to a new trigger if there is none', () => {
    show({ triggers: [] });
    expect(text('.empty')).toContain('No triggers yet.');
    expect([...document.querySelectorAll('button:not([hidden])')]).toHaveLength(1);
    document.querySelector<HTMLButtonElement>('.text-button.primary')?.click();
    expect(posted).toEqual([{ type: 'show' }, { type: 'create' }]);
  });

  it('shows the event, the agent, and the budget of the day', () => {
    show();
    expect(text('.facts')).toBe('Event File saved: src/**/*.tsAgentCode writerToday$0.300 of $2.00, 1 of 20 runs');
    expect(text('.trigger')).toContain('No runs yet.');
  });

  it('shows what ran, why, and at what cost, and what did not run', () => {
    show({
      triggers: [
        trigger({
          runs: [
            run('run_2', { notRun: 'The run before has not ended.', times: 3 }),
            run('run_1', { task: task({ uri: 'codex://tasks/task_1', status: 'done' }), cost: 0.3 }),
          ],
        }),
      ],
    });
    const rows = [...document.querySelectorAll('tbody tr')].map((row) => [...row.children].slice(1).map((cell) => cell.textContent));
    expect(rows).toEqual([
      ['src/a.ts was saved. (3 times)The run before has not ended.', 'not run', ''],
      ['src/a.ts was saved.', 'done', '$0.300'],
    ]);
    button('done').click();
    expect(posted.at(-1)).toEqual({ type: 'open', uri: 'codex://tasks/task_1' });
  });

  it('shows the newest runs first and all on request', () => {
    show({ triggers: [trigger({ runs: Array.from({ length: 7 }, (_, index) => run(`run_${index}`)) })] });
    expect(document.querySelectorAll('tbody tr')).toHaveLength(5);
    button('Show All 7 Runs').click();
    expect(document.querySelectorAll('tbody tr')).toHaveLength(7);
  });

  it('turns one trigger or all triggers off, and shows again what is true if that failed', () => {
    show();
    const [all, one] = boxes();
    one?.click();
    all?.click();
    expect(posted.slice(1)).toEqual([
      { type: 'setEnabled', uri, isEnabled: false },
      { type: 'setEnabled', isEnabled: false },
    ]);
    page.receive({ type: 'refused', error: { kind: 'storeReadOnly', message: 'The disk is full.' } });
    expect(text('.banner')).toContain('The disk is full.');
    expect(boxes().map(({ checked }) => checked)).toEqual([true, true]);
  });

  it('says that all triggers are off', () => {
    show({ areEnabled: false });
    expect(text('.banner')).toContain('All triggers are off. No event starts a task.');
    button('Turn On').click();
    expect(posted.at(-1)).toEqual({ type: 'setEnabled', isEnabled: true });
  });

  it('shows hidden characters of titles, reasons, and problems', () => {
    show({ triggers: [trigger({ title: 'a\u202Eb', problem: 'c\u202Ed', runs: [run('run_1', { reason: 'e\u202Ef', notRun: 'g' })] })] });
    expect(document.body.textContent).not.toContain('\u202E');
  });
});
