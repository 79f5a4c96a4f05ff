// @vitest-environment jsdom
import { readFileSync } from 'node:fs';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { answer, chat, codexId, question, provider as chatProvider } from './chatSamples';

// Texts are looked up while modules are loaded, so the pages are imported after the language is set, as in main.ts.
async function pages() {
  document.documentElement.lang = 'de';
  const bundle = readFileSync('l10n/bundle.l10n.de.json', 'utf8');
  document.head.innerHTML = `<script type="application/json" id="localization">${bundle.replaceAll('<', '\\u003c')}</script>`;
  await import('../../../extension/src/webview/shared/localization');
  const [{ ChatPage }, figures, { instructionsChange }] = await Promise.all([
    import('../../../extension/src/webview/chat/chatPage'),
    import('../../../extension/src/common/format'),
    import('../../../extension/src/webview/chat/messages/instructionsChange'),
  ]);
  return { ChatPage, figures, instructionsChange };
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
    expect(root.textContent).toContain('Eingabe zum Senden, Umschalt+Eingabe für neue Zeile');
    expect(labels('button')).toContain('Antwort kopieren');
    expect(labels('article')).toContain('Ihre Nachricht');
  });

  it('reads figures with a comma, and money as Germans write it', () => {
    const { formatTokens: count, formatCost: money, formatDuration: seconds } = german.figures;
    expect([count(2100), seconds(1234), seconds(125_000)]).toEqual(['2,1k', '1,2 s', '2 min 5 s']);
    expect([money(0), money(0.006), money(12.3)].map((sum) => sum.replace(/\s/gu, ' '))).toEqual(['0 $', '0,006 $', '12,30 $']);
  });

  it('reads whole sentences for one and for several', () => {
    const source = (title: string, version: string) => ({ kind: 'rules' as const, source: title, title, version });
    const before = [source('A', '1'), source('B', '1')];
    expect(german.instructionsChange(before, [source('A', '2'), source('B', '1')])).toBe('Anweisungen geändert: A.');
    expect(german.instructionsChange(before, [source('A', '2'), source('B', '2')])).toBe('Anweisungen geändert: A und B.');
  });
});
