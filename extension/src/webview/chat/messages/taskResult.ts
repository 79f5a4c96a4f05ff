// Result of a task and the files that it changed, below its last message.
import * as l10n from '@vscode/l10n';
import type { ChangedFileView, TaskDetail } from '../../../protocol/protocol.generated';
import { visibleText } from '../../../common/visibleText';
import { element, type Child } from '../../shared/element';
import { exactText } from '../../shared/exactText';
import { labelOf } from '../../shared/fieldLabel';
import { Section } from '../../shared/section';
import { changedFile, type RunEdit } from './changedFile';
import type { CodeActions } from './codeBlock';
import { MarkdownView } from './markdownView';

export class TaskResult {
  private readonly section = new Section('section', { class: 'task-result', 'aria-label': l10n.t('Result'), hidden: true });
  readonly node = this.section.node;

  constructor(
    private readonly run: RunEdit,
    private readonly code: CodeActions,
  ) {}

  /** @param pending Paths of changes that the user has neither kept nor undone; undefined until known. */
  show(detail: TaskDetail | undefined, pending: readonly string[] | undefined): void {
    const { outputs, files = [] } = detail ?? {};
    this.node.hidden = outputs === undefined;
    if (outputs === undefined) return;
    this.section.show([outputs, files, pending], () => [
      element('h2', {}, l10n.t('Result')),
      ...this.outputs(outputs, files),
      ...files.map((file) => changedFile(file, { isPending: pending?.includes(file.path) ?? true, showsPath: true }, this.run)),
    ]);
  }

  /** Omits the names of changed files, which are already listed. */
  private outputs(outputs: unknown, files: readonly ChangedFileView[]): Child[] {
    if (typeof outputs !== 'object' || outputs === null || Array.isArray(outputs)) return [asIs(outputs)];
    const paths = files.map(({ path }) => path);
    const shown = Object.entries(outputs).filter(
      ([, value]: [string, unknown]) => !isEmpty(value) && !(isTexts(value) && value.every((one) => paths.includes(one))),
    );
    return shown.map(([name, value]: [string, unknown], index) =>
      element(
        'div',
        { class: 'task-output' },
        // The first text is the summary.
        index === 0 && typeof value === 'string' ? undefined : element('h3', {}, visibleText(labelOf(name))),
        this.output(value),
      ),
    );
  }

  private output(value: unknown): HTMLElement {
    if (typeof value === 'string') {
      const view = new MarkdownView(this.code);
      view.update(value, true);
      return view.node;
    }
    if (isTexts(value)) return element('ul', {}, ...value.map((one) => element('li', {}, visibleText(one))));
    return isRecords(value) ? table(value) : asIs(value);
  }
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

function isEmpty(value: unknown): boolean {
  return value === null || value === '' || (Array.isArray(value) && value.length === 0);
}

type FlatRecord = Record<string, string | number | boolean | null>;

/** True for a list of objects without nested values. */
function isRecords(value: unknown): value is FlatRecord[] {
  const isFlat = (one: unknown): boolean =>
    typeof one === 'object' &&
    one !== null &&
    !Array.isArray(one) &&
    Object.values(one).every((part) => typeof part !== 'object' || part === null);
  return Array.isArray(value) && value.every(isFlat);
}

function table(records: readonly FlatRecord[]): HTMLElement {
  const columns = [...new Set(records.flatMap((record) => Object.keys(record)))];
  return element(
    'table',
    {},
    element('thead', {}, element('tr', {}, ...columns.map((name) => element('th', { scope: 'col' }, visibleText(labelOf(name)))))),
    element(
      'tbody',
      {},
      ...records.map((record) => element('tr', {}, ...columns.map((name) => element('td', {}, visibleText(String(record[name] ?? '')))))),
    ),
  );
}

function asIs(value: unknown): HTMLElement {
  return element('pre', { tabindex: 0 }, exactText(JSON.stringify(value, undefined, 2) ?? ''));
}
