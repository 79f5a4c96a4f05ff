// @vitest-environment jsdom
import { beforeEach, describe, expect, it } from 'vitest';
import type { FieldView, PlanStepView, PlanView } from '../../../extension/src/protocol/protocol.generated';
import type { FromPlanPage } from '../../../extension/src/common/messages/plan';
import { PlanPage } from '../../../extension/src/webview/plan/planPage';

const uri = 'codex://items/dates';
const field = (name: string, more: Partial<FieldView> = {}): FieldView => ({
  name,
  type: 'text',
  required: false,
  options: [],
  properties: [],
  ...more,
});
const stepFields = [field('title'), field('description', { type: 'textarea' }), field('template'), field('status')];
const fields = [field('title'), field('steps', { type: 'array', items: field('step', { type: 'object', properties: stepFields }) })];

let page: PlanPage;
let posted: FromPlanPage[];
let state: unknown;

function step(title: string, change: Partial<PlanStepView> = {}): PlanStepView {
  return {
    title,
    description: `${title} well.`,
    files: [],
    checks: [],
    templateId: 'task-code-writer',
    templateName: 'Code writer',
    budgetShare: 50,
    status: 'pending',
    isApproved: false,
    isAddedLater: false,
    unlistedFiles: [],
    ...change,
  };
}

function show(change: Partial<PlanView> = {}): void {
  const plan: PlanView = {
    uri,
    version: 3,
    title: 'Dates',
    goal: 'Dates are valid.',
    chat: 'codex://chats/chat_1',
    chatTitle: 'Dates?',
    isInPlanMode: true,
    budget: {},
    steps: [step('Parse'), step('Test')],
    comments: [],
    isRunning: false,
    ...change,
  };
  const steps = plan.steps.map(({ title, description, status }) => ({ title, description, status, run: `run of ${title}` }));
  page.receive({
    type: 'plan',
    plan,
    values: { title: plan.title, steps },
    fields,
    agents: [{ id: 'task-code-writer', name: 'Code writer' }],
  });
}

function find<T extends Element>(selector: string, text?: string): T {
  const found = [...document.querySelectorAll<T>(selector)].find(
    (one) => text === undefined || one.textContent === text || one.getAttribute('aria-label') === text,
  );
  if (found === undefined) throw new Error(`There is no ${selector} ${text ?? ''}.`);
  return found;
}

function open(saved?: { uri: string; comment?: { step?: string; line?: string; text: string } }): void {
  document.body.innerHTML = '';
  posted = [];
  const panel = {
    post: (message: FromPlanPage): void => void posted.push(message),
    getState: (): unknown => state,
    setState: (value: unknown): void => void (state = value),
  };
  page = new PlanPage(document.body.appendChild(document.createElement('main')), panel, saved);
}

beforeEach(() => open());

describe('the page of a plan', () => {
  it('runs pending steps unless they are deselected, and others only if they are selected', () => {
    show({ steps: [step('Parse', { status: 'done' }), step('Test'), step('Describe', { status: 'skipped' }), step('Review')] });
    find<HTMLInputElement>('input', 'Run step 2: Test').click();
    find<HTMLInputElement>('input', 'Run step 3: Describe').click();
    expect(find<HTMLInputElement>('input', 'Run step 1: Parse').disabled).toBe(true);
    find<HTMLSelectElement>('.plan-mode').value = 'edit';
    find<HTMLSelectElement>('.plan-mode').dispatchEvent(new Event('change'));
    find<HTMLButtonElement>('button', 'Run 2 Steps').click();
    expect(posted.at(-1)).toEqual({ type: 'run', version: 3, steps: [2, 3], mode: 'edit' });
  });

  it('keeps a comment that is being written while steps run, and after a reload', () => {
    show();
    find<HTMLButtonElement>('button', 'Comment on “Parse well.”').click();
    const box = find<HTMLTextAreaElement>('textarea');
    box.value = 'With leap years.';
    box.dispatchEvent(new Event('input'));
    show({ isRunning: true, steps: [step('Parse', { status: 'running' }), step('Test')] });
    expect(find<HTMLTextAreaElement>('textarea').value).toBe('With leap years.');
    expect(document.activeElement).toBe(find('textarea'));
    expect(state).toEqual({ uri, comment: { step: 'Parse', line: 'Parse well.', text: 'With leap years.' } });

    open({ uri, comment: { step: 'Parse', line: 'Parse well.', text: 'With leap years.' } });
    expect(posted).toEqual([{ type: 'ready', uri }]);
    show();
    expect(find<HTMLTextAreaElement>('textarea').value).toBe('With leap years.');
    find<HTMLButtonElement>('button', 'Add Comment').click();
    expect(posted.at(-1)).toEqual({
      type: 'save',
      set: { comments: [{ step: 'Parse', line: 'Parse well.', text: 'With leap years.' }] },
      expectedVersion: 3,
    });
  });

  it('changes only the fields of the form when a step is saved', () => {
    show();
    find<HTMLButtonElement>('button', 'Edit step 2').click();
    const title = find<HTMLInputElement>('#step-1-title');
    title.value = 'Test all';
    title.dispatchEvent(new Event('input'));
    find<HTMLButtonElement>('button', 'Save').click();
    expect(posted.at(-1)).toEqual({
      type: 'save',
      set: {
        steps: [
          { title: 'Parse', description: 'Parse well.', status: 'pending', run: 'run of Parse' },
          { title: 'Test all', description: 'Test well.', status: 'pending', run: 'run of Test' },
        ],
      },
      expectedVersion: 3,
    });
    page.receive({ type: 'refused', error: { kind: 'conflict', message: 'It was modified.' } });
    expect(find<HTMLInputElement>('#step-1-title').value).toBe('Test all');
  });

  it('marks what deviates, and shows comments of steps and lines that are gone', () => {
    show({
      steps: [step('Parse', { status: 'done', unlistedFiles: ['a.ts', 'b.ts'] }), step('Review', { isAddedLater: true })],
      comments: [
        { step: 'Test', line: 'Old line', text: 'Not needed.' },
        { step: 'Parse', line: 'Another line', text: 'Shorter.' },
      ],
    });
    expect(find('.plan-deviation').textContent).toContain('Changed files that the step does not list: a.ts and b.ts');
    expect(find('.plan-badge').textContent).toBe('added later');
    expect(find('.plan-head .plan-comment').textContent).toContain('“Old line” Not needed.');
    expect(find('.plan-step .plan-comment').textContent).toContain('“Another line” Shorter.');
  });
});
