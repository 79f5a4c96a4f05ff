// @vitest-environment jsdom
import { beforeEach, describe, expect, it } from 'vitest';
import type {
  MessageInstructionsResult,
  UsedInstructionView,
  InstructionSourceView,
} from '../../../extension/src/protocol/protocol.generated';
import { changedSince, previousInstructions, instructionsChange } from '../../../extension/src/webview/chat/messages/instructionsChange';
import { InstructionsList } from '../../../extension/src/webview/chat/header/instructionsList';
import { answer, question } from './chatSamples';

const prompt: UsedInstructionView = { kind: 'prompt', source: 'codex://prompts/mine', title: 'mine', version: 'a' };
const rules: UsedInstructionView = { kind: 'rules', source: '/work/AGENTS.md', title: 'AGENTS.md', version: 'b' };
const template: UsedInstructionView = { kind: 'template', source: 'codex://templates/ai-chat', title: 'Chat', version: 'c' };
const provider: UsedInstructionView = { kind: 'provider', source: 'codex://providers/p', title: 'Anthropic', version: 'd' };
const changed = (source: UsedInstructionView): UsedInstructionView => ({ ...source, version: `${source.version}2` });

describe('changed instructions', () => {
  it('is nothing when all is as it was, and another provider is no change of the texts', () => {
    expect(instructionsChange([prompt, rules, provider], [prompt, rules, provider])).toBeUndefined();
    expect(instructionsChange([prompt, provider], [prompt, { ...provider, source: 'codex://providers/q' }])).toBeUndefined();
  });

  it('are summarized in a sentence', () => {
    expect(instructionsChange([prompt, rules], [changed(prompt), changed(rules)])).toBe('Instructions changed: mine and AGENTS.md.');
    expect(instructionsChange([provider], [changed(provider)])).toBe('Instructions changed: Anthropic.');
    expect(instructionsChange([prompt], [prompt, rules])).toBe('Instructions added: AGENTS.md.');
    expect(instructionsChange([prompt, rules, template], [changed(template), rules])).toBe(
      'Instructions changed: Chat. Instructions removed: mine.',
    );
  });

  it('is looked up at the nearest answer above that knows it', () => {
    const messages = [question('m1', 'a'), answer('m2', 'b', { instructions: [prompt] }), question('m3', 'c'), answer('m4', 'd')];
    expect(previousInstructions(4, (at) => messages[at])).toEqual([prompt]);
    expect(previousInstructions(1, (at) => messages[at])).toBeUndefined();
    // A message that is not loaded could be one.
    expect(previousInstructions(4, (at) => (at === 2 ? undefined : messages[at]))).toBeUndefined();
  });

  it('is marked for the next response unless it is omitted', () => {
    expect(changedSince([prompt], prompt)).toBe(false);
    expect(changedSince([prompt], changed(prompt))).toBe(true);
    expect(changedSince([prompt], rules)).toBe(true);
    expect(changedSince([prompt], { ...rules, omittedReason: 'x' })).toBe(false);
    expect(changedSince(undefined, prompt)).toBe(false);
  });
});

describe('the list of instructions', () => {
  let done: string[];
  let list: InstructionsList;
  const hidden: InstructionSourceView = {
    ...rules,
    hiddenCharacters: 2,
    omittedReason: 'It has 2 characters that nobody sees.',
    canBeAllowed: true,
    path: rules.source,
  };
  const button = (): HTMLButtonElement | null => list.node.querySelector('.instructions-button');
  const popup = (): HTMLElement | null => list.node.querySelector('[role=dialog]');
  const press = (label: string): void => [...list.node.querySelectorAll('button')].find((one) => one.textContent === label)?.click();
  const show = (instructions: MessageInstructionsResult, last?: UsedInstructionView[]): void => list.show(instructions, last);

  beforeEach(() => {
    done = [];
    list = new InstructionsList({
      refresh: () => done.push('refresh'),
      open: ({ source }) => done.push(`open ${source}`),
      allow: ({ source, version }) => done.push(`allow ${source} ${version}`),
      manageTrust: () => done.push('trust'),
      closed: new AbortController().signal,
    });
    document.body.replaceChildren(list.node);
  });

  it('is hidden while unknown, and then shows the count', () => {
    list.show(undefined, undefined);
    expect(list.node.hidden).toBe(true);
    show({ sources: [prompt, rules, template] });
    expect(button()?.textContent).toBe('3');
    expect(button()?.getAttribute('aria-label')).toBe('3 instruction sources: mine, AGENTS.md, Chat');
    expect(list.node.classList.contains('warning')).toBe(false);
  });

  it('opens by a click, asks anew, and closes by Escape with the focus back on its button', () => {
    show({ sources: [prompt] });
    button()?.click();
    expect(popup()?.hidden).toBe(false);
    expect(button()?.getAttribute('aria-expanded')).toBe('true');
    press('mine');
    popup()?.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }));
    expect(popup()?.hidden).toBe(true);
    expect(document.activeElement).toBe(button());
    expect(done).toEqual(['refresh', 'open codex://prompts/mine']);
  });

  it('shows changes since the last response and hidden characters', () => {
    show({ sources: [changed(prompt), { ...template, hiddenCharacters: 1 }] }, [prompt, template]);
    expect(popup()?.textContent).toContain('minePromptChanged: used from the next response');
    expect(popup()?.textContent).toContain('ChatTemplateContains 1 hidden character.');
    expect(list.node.classList.contains('warning')).toBe(true);
  });

  it('explains an omitted file, shows it, and allows the version that was seen', () => {
    show({ sources: [prompt, hidden] });
    expect(button()?.textContent).toBe('1');
    expect(popup()?.textContent).toContain('Omitted. It has 2 characters that nobody sees.');
    press('Show');
    press('Use Anyway');
    expect(done).toEqual(['open /work/AGENTS.md', 'allow /work/AGENTS.md b']);
  });

  it('keeps the focus inside when it is drawn anew', () => {
    show({ sources: [prompt, hidden] });
    button()?.click();
    const use = [...list.node.querySelectorAll('button')].find((one) => one.textContent === 'Use Anyway');
    use?.focus();
    show({ sources: [prompt, { ...rules, hiddenCharacters: 2 }] });
    expect(document.activeElement).toBe(button());
    expect(popup()?.hidden).toBe(false);
  });

  it('shows that a folder is not trusted and links to its trust', () => {
    show({ sources: [template], note: 'This folder is not trusted, so nothing in it steers the chat.' });
    expect(popup()?.textContent).toContain('This folder is not trusted');
    press('Manage Trust');
    expect(done).toEqual(['trust']);
    show({ sources: [template], note: 'The instruction files of the workspace, such as AGENTS.md, are turned off in the settings.' });
    expect([...list.node.querySelectorAll('button')].find((one) => one.textContent === 'Manage Trust')).toBeUndefined();
  });

  it('names the file that made instructions of a folder apply, and the instructions of the user', () => {
    show({
      sources: [
        { ...rules, title: 'src/AGENTS.md', appliesTo: 'src/a.ts' },
        { ...rules, kind: 'user', title: '~/.plue/AGENTS.md' },
      ],
    });
    expect([...(popup()?.querySelectorAll('li') ?? [])].map((row) => row.textContent)).toEqual([
      'src/AGENTS.mdWorkspace instructionsUsed for src/a.ts',
      '~/.plue/AGENTS.mdYour instructions',
    ]);
  });

  it('draws a name that hides something so that it is seen', () => {
    show({ sources: [{ ...rules, title: 'AGENTS\u202E.md' }] });
    expect(popup()?.textContent).toContain('AGENTS⟨U+202E⟩.md');
  });
});
