import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Disposable } from 'vscode';
import { activateSkills } from '../../../../extension/src/features/skills';
import { reportOf, rowsOf } from '../../../../extension/src/features/skills/skillRows';
import {
  skillChoose,
  skillCreate,
  skillList,
  type SkillFileView,
  type SkillState,
  type SkillView,
} from '../../../../extension/src/protocol/protocol.generated';
import { fakeLog } from '../../testing/fakeLog';
import { FakeSidecar } from '../../testing/fakeSidecar';
import { answers, executed, registered, reset, shown } from '../../testing/vscode';

const user = { path: '/home/me/.plue/skills', title: '~/.plue/skills', isWorkspace: false };
const workspace = { path: '/work/.claude/skills', title: '.claude/skills', isWorkspace: true };

const skill = (name: string, state: SkillState, location = user, files: SkillFileView[] = []): SkillView => ({
  name,
  description: `Does ${name}.`,
  folder: `${location.path}/${name}`,
  path: `${location.path}/${name}/SKILL.md`,
  location,
  state,
  ...(state === 'on' ? {} : { reason: `Why ${name}.` }),
  fingerprint: `print-${name}`,
  tokens: 120,
  listTokens: 12,
  isForModel: true,
  isForUser: true,
  files,
  problems: [],
});

describe('Skills', () => {
  let sidecar: FakeSidecar;
  let activated: Disposable;
  let skills: SkillView[];

  beforeEach(() => {
    reset();
    skills = [
      skill('deploy', 'waiting', workspace, [{ path: 'run.sh', size: 10, isScript: true, runs: ['git'] }]),
      skill('notes', 'on'),
      skill('pdf', 'off'),
    ];
    const result = () => ({ skills, locations: [workspace, user], listTokens: 40, listLimit: 2000 });
    sidecar = new FakeSidecar()
      .answer(skillList, result)
      .answer(skillChoose, result)
      .answer(skillCreate, ({ location, name }) => ({ paths: [`${location}/${name}/SKILL.md`] }));
    activated = activateSkills(sidecar, fakeLog().log);
  });

  afterEach(() => activated.dispose());

  it('Lists pending skills first, and unused ones last with the reason', () => {
    expect(rowsOf(skills).map(({ label, description, detail }) => [label, description, detail])).toEqual([
      ['waiting for your approval', undefined, undefined],
      ['deploy', '.claude/skills, waits for your approval', 'Why deploy.'],
      ['yours', undefined, undefined],
      ['notes', '~/.plue/skills, on, 12 tokens in each request', 'Does notes.'],
      ['not used', undefined, undefined],
      ['pdf', '~/.plue/skills, off', 'Why pdf.'],
    ]);
  });

  it('Approves exactly what the dialog showed', async () => {
    answers.push('Approve');
    await registered.get('plue.reviewSkill')?.('/work/.claude/skills/deploy/SKILL.md');
    expect(shown.at(-1)?.text).toBe('Approve the skill deploy from .claude/skills?');
    expect(sidecar.asked.at(-1)).toEqual({
      method: skillChoose.method,
      params: { folder: '/work/.claude/skills/deploy', fingerprint: 'print-deploy', choice: 'approve' },
    });
  });

  it('Approves nothing when the dialog is closed', async () => {
    await registered.get('plue.reviewSkill')?.('/work/.claude/skills/deploy/SKILL.md');
    expect(sidecar.methods()).toEqual([skillList.method]);
  });

  it('Opens a chat over a skill, and offers to undo a change by an agent', async () => {
    skills = [skill('notes', 'invalid')];
    answers.push('button:notes');
    await registered.get('plue.showSkills')?.();
    await vi.waitFor(() => expect(executed).toEqual([['plue.editWithPlue', '/home/me/.plue/skills/notes/SKILL.md']]));
    const changed = rowsOf([{ ...skill('notes', 'on'), canUndo: true }])[1];
    expect(changed?.buttons?.map(({ tooltip }) => tooltip)).toEqual(['Turn Off', 'Edit with Plue', 'Undo Last Change', 'Show Details']);
  });

  it('Creates a skill in the chosen folder', async () => {
    answers.push('code-review', 'Reviews a change.', '~/.plue/skills');
    await registered.get('plue.newSkill')?.();
    expect(sidecar.asked.find(({ method }) => method === skillCreate.method)?.params).toEqual({
      location: user.path,
      name: 'code-review',
      description: 'Reviews a change.',
    });
  });

  it('Shows what each file is, with hidden characters visible', () => {
    const files = [
      { path: 'SKILL.md', size: 10, hiddenLine: 3 },
      { path: 'run\u202E.sh', size: 2048, isScript: true, isChanged: true, runs: ['git', 'npm'] },
      { path: 'link', size: 0, isLinkOut: true },
    ];
    expect(
      reportOf(skill('deploy', 'waiting', workspace, files))
        .split('\n')
        .slice(-3),
    ).toEqual([
      '  SKILL.md (10 B, invisible characters in line 3)',
      '  run⟨U+202E⟩.sh (2 KB, changed, script, runs git, npm)',
      '  link (link out of the skill, not read)',
    ]);
  });
});
