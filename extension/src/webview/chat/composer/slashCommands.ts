// Slash commands of the chat and prompts of the user.
import * as l10n from '@vscode/l10n';
import type { PromptView } from '../../../common/messages/chatComposer';
import type { ChatCommand } from '../../../common/messages/chatMessages';
import type { Completion, CompletionList } from './completionList';
import { commandAt, type Token } from './mention';

export interface SlashActions {
  run(command: ChatCommand): void;
  fork(): void;
  find(): void;
  chooseModel(): void;
  newTask(goal: string): void;
  listPrompts(): void;
  /** @param given Text behind the command. */
  readPrompt(uri: string, given: string): void;
  replace(token: Token, text: string): void;
}

interface Command {
  name: string;
  icon: string;
  detail: string;
  /** True if the command takes text behind it. */
  takesMore?: boolean;
  run(given: string): void;
}

export class SlashCommands {
  private readonly commands: Command[];
  private prompts: PromptView[] | undefined;
  /** The last received prompts. */
  private known: readonly PromptView[] = [];
  private token: Token | undefined;

  constructor(
    private readonly list: CompletionList,
    private readonly actions: SlashActions,
  ) {
    const run = (command: ChatCommand) => () => actions.run(command);
    this.commands = [
      {
        name: 'compact',
        icon: 'fold',
        detail: l10n.t('Summarize earlier messages to free up context'),
        run: run('plue.chat.compact'),
      },
      { name: 'undo', icon: 'discard', detail: l10n.t('Undo the last turn'), run: run('plue.chat.undo') },
      { name: 'redo', icon: 'redo', detail: l10n.t('Restore the last undone turn'), run: run('plue.chat.redo') },
      { name: 'fork', icon: 'repo-forked', detail: l10n.t('Continue in a copy of this chat'), run: () => actions.fork() },
      { name: 'find', icon: 'search', detail: l10n.t('Find in this chat'), run: () => actions.find() },
      { name: 'model', icon: 'symbol-misc', detail: l10n.t('Choose the model'), run: () => actions.chooseModel() },
      {
        name: 'task',
        icon: 'rocket',
        detail: l10n.t('Start an agent task'),
        takesMore: true,
        run: (goal) => actions.newTask(goal),
      },
      { name: 'export', icon: 'export', detail: l10n.t('Export this chat to a file'), run: run('plue.chat.export') },
      { name: 'new', icon: 'add', detail: l10n.t('Start a new chat'), run: run('plue.newChat') },
    ];
  }

  /** True while the cursor is in a command. */
  follow(text: string, cursor: number): boolean {
    this.token = commandAt(text, cursor);
    if (this.token === undefined) return false;
    if (this.prompts === undefined) {
      this.prompts = [];
      this.actions.listPrompts();
    }
    this.show();
    return true;
  }

  /** Prompts are requested again with the next slash, because their files can change. */
  forget(): void {
    this.prompts = undefined;
    this.token = undefined;
  }

  receive(prompts: PromptView[]): void {
    this.prompts = prompts;
    this.known = prompts;
    if (this.token !== undefined) this.show();
  }

  /** Runs a draft that is a command, or inserts the named prompt. */
  runs(draft: string): boolean {
    const { name, given } = readCommand(draft) ?? {};
    const command = this.commands.find((one) => draft === `/${one.name}` || (one.takesMore === true && one.name === name));
    if (command !== undefined) {
      command.run(given ?? '');
      return true;
    }
    const prompt = this.known.find(({ uri }) => promptName(uri) === name);
    if (prompt !== undefined) this.actions.readPrompt(prompt.uri, given ?? '');
    return prompt !== undefined;
  }

  /** The reason why a draft is not a valid command; undefined if it is one, or text. */
  mistake(draft: string): string | undefined {
    const { name, given } = readCommand(draft) ?? {};
    if (name === undefined || this.known.some(({ uri }) => promptName(uri) === name)) return undefined;
    const command = this.commands.find((one) => one.name === name);
    if (command === undefined) return l10n.t('/{0} is not a command or prompt. Send it as text?', name);
    return given === '' || command.takesMore === true ? undefined : l10n.t('/{0} takes no arguments. Send it as text?', name);
  }

  private show(): void {
    const { token } = this;
    if (token === undefined) return;
    const typed = token.query.toLowerCase();
    const commands = this.commands
      .filter(({ name }) => name.startsWith(typed))
      .map((command) => ({
        icon: command.icon,
        label: `/${command.name}`,
        detail: command.detail,
        pick: () => this.take(token, () => command.run('')),
      }));
    const prompts = (this.prompts ?? [])
      .filter(({ title, uri }) => title.toLowerCase().includes(typed) || promptName(uri).startsWith(typed))
      .map((prompt): Completion => ({
        icon: 'note',
        label: `/${promptName(prompt.uri)}`,
        detail: prompt.description ?? prompt.title,
        pick: () => this.take(token, () => this.actions.readPrompt(prompt.uri, '')),
      }));
    this.list.show({ label: l10n.t('Commands and prompts'), rows: [...commands, ...prompts] });
  }

  private take(token: Token, run: () => void): void {
    this.list.close();
    this.token = undefined;
    this.actions.replace(token, '');
    run();
  }
}

/** `/word` or `/word and more` at the very beginning; a path as /usr/bin is none. */
function readCommand(draft: string): { name: string; given: string } | undefined {
  const match = /^\/(?<name>[A-Za-z][\w.-]*)(?:\s+(?<given>[^]*))?$/u.exec(draft.trim());
  const name = match?.groups?.['name'];
  return name === undefined ? undefined : { name, given: match?.groups?.['given'] ?? '' };
}

function promptName(uri: string): string {
  return decodeURIComponent(uri.slice(uri.lastIndexOf('/') + 1));
}
