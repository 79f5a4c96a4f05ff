// One line for each hook that ran for a message. A line with more information expands.
import * as l10n from '@vscode/l10n';
import type { HookRunView } from '../../../protocol/protocol.generated';
import { element, icon } from '../../shared/element';
import { formatDuration } from '../../../common/format';
import { visibleText } from '../../../common/visibleText';

export class HookLines {
  readonly node = element('div', { class: 'hook-lines', hidden: true });
  private shown = '';

  update(hooks: readonly HookRunView[]): void {
    const key = JSON.stringify(hooks);
    if (key === this.shown) return;
    this.shown = key;
    this.node.hidden = hooks.length === 0;
    const open = new Set([...this.node.querySelectorAll('details[open]')].map((line) => line.getAttribute('data-at')));
    this.node.replaceChildren(...hooks.map((run, at) => lineOf(run, at, open.has(String(at)))));
  }
}

/** Undefined for a hook without an effect. */
function iconOf({ result }: HookRunView): string {
  switch (result) {
    case 'refused':
      return 'circle-slash';
    case 'failed':
      return 'warning';
    case 'asked':
      return 'question';
    case 'skipped':
      return 'debug-step-over';
    case 'continued':
      return 'debug-continue';
    case 'ran':
    case 'replaced':
    case 'addedContext':
      return 'zap';
  }
}

/** Returns "Hook Format ran (120 ms)". */
export function hookSentence({ name, result, durationMs, trigger }: HookRunView): string {
  const [hook, duration] = [visibleText(name), durationText(durationMs)];
  switch (result) {
    case 'ran':
      return l10n.t('Hook {0} ran ({1})', hook, duration);
    case 'refused':
      return trigger === 'user_message' ? l10n.t('Hook {0} refused the message', hook) : l10n.t('Hook {0} refused', hook);
    case 'asked':
      return l10n.t('Hook {0} requested approval', hook);
    case 'replaced':
      return l10n.t('Hook {0} replaced the arguments', hook);
    case 'addedContext':
      return l10n.t('Hook {0} added context ({1})', hook, duration);
    case 'continued':
      return l10n.t('Hook {0} continued the response', hook);
    case 'failed':
      return l10n.t('Hook {0} failed', hook);
    case 'skipped':
      return l10n.t('Hook {0} did not run', hook);
  }
}

function lineOf(run: HookRunView, at: number, isOpen: boolean): HTMLElement {
  const { text, context, parameters, result } = run;
  // A short reason of a failure is shown without expanding.
  const isShort = text !== undefined && text.length <= 200 && !text.includes('\n');
  const sentence = isShort ? `${hookSentence(run)}: ${visibleText(text)}` : hookSentence(run);
  const more = [isShort ? undefined : text, context, parameters].filter((one) => one !== undefined);
  const words = [icon(iconOf(run)), element('span', {}, sentence)];
  if (more.length === 0) return element('div', { class: `hook-line ${result}` }, ...words);
  const line = element(
    'details',
    { class: `hook-line ${result}`, 'data-at': String(at) },
    element('summary', {}, ...words),
    ...more.map((one) => element('pre', { tabindex: 0 }, visibleText(one))),
  );
  line.toggleAttribute('open', isOpen);
  return line;
}

function durationText(ms: number): string {
  return ms < 1000 ? l10n.t('{0} ms', Math.max(1, Math.round(ms))) : formatDuration(ms);
}
