// @vitest-environment jsdom
import { readFileSync } from 'node:fs';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ApprovalView } from '../../../extension/src/protocol/protocol.generated';
import { answer, chat, codexId, question, provider as chatProvider } from './chatSamples';
import { kind, provider } from './providerSamples';
import { layOut } from '../testing/layout';

// The words are looked up while the modules are loaded, so the pages come after the language, as in main.ts.
async function pages() {
  document.documentElement.lang = 'de';
  const bundle = readFileSync('l10n/bundle.l10n.de.json', 'utf8');
  document.head.innerHTML = `<script type="application/json" id="localization">${bundle.replaceAll('<', '\\u003c')}</script>`;
  await import('../../../extension/src/webview/shared/localization');
  const [{ ChatPage }, { ApprovalsPage }, { ProvidersPage }, figures, { steeringChange }] = await Promise.all([
    import('../../../extension/src/webview/chat/render'),
    import('../../../extension/src/webview/approvals/approvalsPage'),
    import('../../../extension/src/webview/providers/page'),
    import('../../../extension/src/webview/shared/figures'),
    import('../../../extension/src/webview/chat/steeringChange'),
  ]);
  return { ChatPage, ApprovalsPage, ProvidersPage, figures, steeringChange };
}

let german: Awaited<ReturnType<typeof pages>>;
let root: HTMLElement;

beforeAll(async () => {
  german = await pages();
}, 60_000);

beforeEach(() => {
  document.body.innerHTML = '';
  root = document.body.appendChild(document.createElement('main'));
});

const panel = { post: () => undefined, getState: () => undefined, setState: () => undefined };

const approval: ApprovalView = {
  id: 'a1',
  fingerprint: 'f1',
  codexId: 'codex://tasks/docs',
  path: ['Update docs'],
  toolName: 'bash',
  kind: 'command',
  what: 'npm test',
  where: '/work/app',
  why: 'Nothing allows it.',
  rule: 'bash(npm test)',
  ruleFolder: '/work/app',
  createdAt: '2026-11-21T12:00:00Z',
};

function words(selector: string): string[] {
  return [...root.querySelectorAll(selector)].map((node) => node.textContent ?? '');
}

function labels(selector: string): (string | null)[] {
  return [...root.querySelectorAll(selector)].map((node) => node.getAttribute('aria-label'));
}

describe('a reader whose VS Code speaks German', () => {
  it('is asked by the composer of a chat in German', async () => {
    const page = new german.ChatPage(root, panel, codexId, undefined);
    page.receive({ type: 'snapshot', chat: chat([question('m1', 'Hallo'), answer('m2', 'Guten Tag')]), providers: [chatProvider()] });
    await vi.waitFor(() => expect(page.isDrawn).toBe(true));
    const composer = root.querySelector('textarea');
    expect(composer?.placeholder).toBe('Fragen, / Prompts, @ Dateien');
    expect(composer?.getAttribute('aria-label')).toBe('Nachricht');
    expect(root.textContent).toContain('Eingabe sendet, Umschalt+Eingabe bricht um.');
    expect(labels('button')).toContain('Antwort kopieren');
    expect(labels('article')).toContain('Ihre Nachricht');
  });

  it('is asked for an approval in German, and sees the command as it is', () => {
    layOut();
    const page = new german.ApprovalsPage(root, panel);
    page.receive({ type: 'approvals', approvals: [approval], canAnswer: true });
    expect(words('.approval-wish')).toEqual(['bash möchte ausführen']);
    expect(words('.approval-foot button')).toEqual(['Einmal zulassen', 'Immer…', 'Verweigern']);
    expect(words('.approval-facts dt')).toEqual(['Warum', 'Wo']);
    expect(words('.exact-text pre')).toEqual(['npm test']);
    expect(root.querySelector('.approval')?.getAttribute('aria-label')).toBe('bash möchte ausführen, angefragt von Update docs');
  });

  it('finds the providers in German', async () => {
    const page = new german.ProvidersPage(root, panel);
    page.receive({
      type: 'snapshot',
      providers: [provider({ isDefault: true, modelCount: 1 }), provider({ id: 'b', name: 'Basement', enabled: false, modelCount: 2 })],
      kinds: [kind()],
    });
    await vi.waitFor(() => expect(page.isDrawn).toBe(true));
    expect(words('h1')).toEqual(['Anbieter']);
    expect(words('.page-header button')).toContain('Anbieter hinzufügen');
    expect(root.textContent).toContain('Anthropic · 1 Modell');
    expect(root.textContent).toContain('Anthropic · 2 Modelle');
    expect(labels('[role=switch]')).toEqual(['Anthropic aktiviert', 'Basement aktiviert']);
  });

  it('reads figures with a comma, and money as Germans write it', () => {
    const { count, money, seconds } = german.figures;
    expect([count(2100), seconds(1234), seconds(125_000)]).toEqual(['2,1k', '1,2 s', '2 min 5 s']);
    expect([money(0), money(0.006), money(12.3)].map((sum) => sum.replace(/\s/gu, ' '))).toEqual(['0 $', '0,006 $', '12,30 $']);
  });

  it('reads whole sentences for one and for several', () => {
    const source = (title: string, version: string) => ({ kind: 'rules' as const, source: title, title, version });
    const before = [source('A', '1'), source('B', '1')];
    expect(german.steeringChange(before, [source('A', '2'), source('B', '1')])).toBe('A wurde geändert und gilt ab hier.');
    expect(german.steeringChange(before, [source('A', '2'), source('B', '2')])).toBe('A und B wurden geändert und gelten ab hier.');
  });
});
