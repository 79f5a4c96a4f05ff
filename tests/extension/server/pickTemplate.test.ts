import { beforeEach, expect, test } from 'vitest';
import * as l10n from '../../../extension/src/infrastructure/localizedText';
import {
  templateCheck,
  templateList,
  type TemplateFinding,
  type TemplateSummary,
} from '../../../extension/src/protocol/protocol.generated';
import { pickTemplate } from '../../../extension/src/server/pickTemplate';
import { FakeSidecar } from '../testing/fakeSidecar';
import { templateSummary as template } from '../testing/templateSummary';
import { answers, executed, reset, shown } from '../testing/vscode';

beforeEach(reset);

function risk(templateId: string, message: string): TemplateFinding {
  return { kind: 'risk', code: 'risk.write-anywhere', templateId, path: `${templateId}.json5`, line: 1, column: 1, message };
}

const question = { title: l10n.t('New Task'), collections: ['tasks'], none: 'There is no template for a task.' } as const;

function sidecarWith(templates: TemplateSummary[], findings: TemplateFinding[] = []): FakeSidecar {
  return new FakeSidecar().answer(templateList, () => ({ templates })).answer(templateCheck, () => ({ findings }));
}

test('Only valid templates of the requested kind that are in force are offered', async () => {
  const problem = { message: 'It ends too early.', line: 1, column: 1, isError: true };
  const sidecar = sidecarWith([
    template('writer'),
    template('hidden', { isActive: false }),
    template('broken', { problems: [problem] }),
    template('ai-chat', { collection: 'chats' }),
  ]);
  answers.push('writer');
  expect((await pickTemplate(sidecar, question)).id).toBe('writer');
  expect(shown).toEqual([{ kind: 'pick', text: 'New Task', buttons: ['$(checklist) writer'] }]);
});

test('A template with a risk shows it before it is selected', async () => {
  answers.push('writer');
  await pickTemplate(
    sidecarWith([template('writer', { icon: 'edit' })], [risk('writer', 'It may write anywhere.'), risk('writer', 'b')]),
    question,
  );
  expect(shown[0]?.buttons).toEqual(['$(edit) writer $(warning) It may write anywhere. (1 more)']);
});

test('Without the check of risks one can choose all the same', async () => {
  const sidecar = new FakeSidecar().answer(templateList, () => ({ templates: [template('writer')] }));
  answers.push('writer');
  expect((await pickTemplate(sidecar, question)).id).toBe('writer');
});

test('A template is tried from the list instead of being chosen', async () => {
  answers.push('button:writer');
  await expect(pickTemplate(sidecarWith([template('writer')]), question)).rejects.toThrow('Cancelled.');
  expect(executed).toEqual([['plue.tryTemplate', 'writer']]);
});

test('With nothing to select it shows what to do', async () => {
  await expect(pickTemplate(sidecarWith([]), question)).rejects.toThrow(question.none);
});
