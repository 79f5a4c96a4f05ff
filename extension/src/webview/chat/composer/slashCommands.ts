// Slash commands of the chat, prompts of the user and of MCP servers, and skills.
import * as l10n from '@vscode/l10n';
import type { PromptView, SkillName } from '../../../common/messages/chatComposer';
import type { AgentCommandView, McpPromptView, PromptArgumentView } from '../../../protocol/protocol.generated';
import type { ChatCommand } from '../../../common/messages/chatMessages';
import type { ChatContext } from '../state/chatContext';
import type { Completion } from './completionList';
import type { Composer } from './composer';
import { commandAt, type Token } from './mention';
import { withArguments } from './promptStops';

interface Command {
  name: string;
  icon: string;
  detail: string;
  /** True if the command takes text behind it. */
  takesArguments?: boolean;
  run(given: string): void;
}

export class SlashCommands {
  private readonly commands: Command[];
  private prompts: PromptView[] | undefined;
  /** The last received prompts. */
  private known: readonly PromptView[] = [];
  private skills: readonly SkillName[] = [];
  private serverPrompts: readonly McpPromptView[] = [];
  /** Commands of the agent that responds. */
  private agent: readonly AgentCommandView[] = [];
  private token: Token | undefined;
  /** Text behind the command whose prompt is loading. */
  private given = '';

  constructor(
    private readonly composer: Composer,
    private readonly context: ChatContext,
  ) {
    const { panel, actions } = context;
    const run = (command: ChatCommand) => () => panel.post({ type: 'command', command });
    this.commands = [
      {
        name: 'compact',
        icon: 'fold',
        detail: l10n.t('Summarize earlier messages to free up context'),
        run: run('plue.chat.compact'),
      },
      { name: 'undo', icon: 'discard', detail: l10n.t('Undo the last turn'), run: run('plue.chat.undo') },
      { name: 'redo', icon: 'redo', detail: l10n.t('Restore the last undone turn'), run: run('plue.chat.redo') },
      { name: 'fork', icon: 'repo-forked', detail: l10n.t('Continue in a copy of this chat'), run: () => panel.post({ type: 'fork' }) },
      { name: 'find', icon: 'search', detail: l10n.t('Find in this chat'), run: () => actions.openFind() },
      { name: 'model', icon: 'symbol-misc', detail: l10n.t('Choose the model'), run: () => actions.openPicker() },
      {
        name: 'task',
        icon: 'rocket',
        detail: l10n.t('Start an agent task'),
        takesArguments: true,
        run: (goal) => panel.post({ type: 'newTask', goal }),
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
      this.context.panel.post({ type: 'listPrompts' });
    }
    this.show();
    return true;
  }

  /** Prompts are requested again with the next slash, because their files can change. */
  forget(): void {
    this.prompts = undefined;
    this.token = undefined;
  }

  receive(prompts: PromptView[], agent: readonly AgentCommandView[] = []): void {
    this.prompts = prompts;
    this.known = prompts;
    this.agent = agent;
    if (this.token !== undefined) this.show();
  }

  receiveSkills(skills: readonly SkillName[]): void {
    this.skills = skills;
    if (this.token !== undefined) this.show();
  }

  receiveServerPrompts(prompts: readonly McpPromptView[]): void {
    this.serverPrompts = prompts;
    if (this.token !== undefined) this.show();
  }

  /** Runs a draft that is a command, or inserts the named prompt. */
  runs(draft: string): boolean {
    const { name, given } = readCommand(draft) ?? {};
    const command = this.commands.find((one) => draft === `/${one.name}` || (one.takesArguments === true && one.name === name));
    if (command !== undefined) {
      command.run(given ?? '');
      return true;
    }
    const prompt = this.known.find(({ uri }) => promptName(uri) === name);
    if (prompt !== undefined) {
      this.readPrompt(prompt, given ?? '');
      return true;
    }
    const ofServer = this.serverPrompts.find((one) => one.command === name);
    if (ofServer !== undefined) this.readServerPrompt(ofServer, given ?? '');
    return ofServer !== undefined;
  }

  /** The reason why a draft is not a valid command; undefined if it is one, or text. */
  problemIn(draft: string): string | undefined {
    const { name, given } = readCommand(draft) ?? {};
    if (name === undefined || this.known.some(({ uri }) => promptName(uri) === name)) return undefined;
    if (this.serverPrompts.some(({ command }) => command === name)) return undefined;
    // Sent as it is: the sidecar adds the text of the skill.
    if (this.invocable.some((skill) => skill.name === name)) return undefined;
    const command = this.commands.find((one) => one.name === name);
    // The agent receives its commands as text.
    if (command === undefined && this.agent.some((one) => one.name === name)) return undefined;
    if (command === undefined) return l10n.t('/{0} is not a command, prompt or skill. Send it as text?', name);
    return given === '' || command.takesArguments === true ? undefined : l10n.t('/{0} takes no arguments. Send it as text?', name);
  }

  /** The text of the prompt that was loading, with the text behind its command as arguments. */
  filledIn(text: string, args: readonly PromptArgumentView[]): string {
    const { given } = this;
    this.given = '';
    return withArguments(text, args, given);
  }

  private readPrompt({ uri }: PromptView, given: string): void {
    this.given = given;
    this.context.panel.post({ type: 'readPrompt', uri });
  }

  private readServerPrompt({ server, name }: McpPromptView, given: string): void {
    this.context.panel.post({ type: 'readServerPrompt', server, name, given });
  }

  /** Without those that a command or prompt hides. */
  private get invocable(): readonly SkillName[] {
    return this.skills.filter(
      ({ name }) => !this.commands.some((command) => command.name === name) && !this.known.some(({ uri }) => promptName(uri) === name),
    );
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
        pick: () => this.take(token, () => this.readPrompt(prompt, '')),
      }));
    const agent = this.agent
      .filter(({ name }) => name.toLowerCase().startsWith(typed) && !this.commands.some((one) => one.name === name))
      .map((command): Completion => ({
        icon: 'hubot',
        label: `/${command.name}`,
        detail: [command.description, command.hint].filter((words) => words !== undefined && words !== '').join(' · '),
        pick: () => this.insert(token, command.name),
      }));
    const skills = this.invocable
      .filter(({ name }) => name.includes(typed))
      .map(({ name, description, argumentHint }): Completion => ({
        icon: 'lightbulb',
        label: argumentHint === undefined ? `/${name}` : `/${name} ${argumentHint}`,
        detail: l10n.t('Skill: {0}', description),
        pick: () => this.insert(token, name),
      }));
    const ofServers = this.serverPrompts
      .filter(({ command }) => command.toLowerCase().includes(typed))
      .map((prompt): Completion => ({
        icon: 'server',
        label: [`/${prompt.command}`, ...prompt.arguments.map(({ name, isRequired }) => (isRequired ? name : `[${name}]`))].join(' '),
        detail:
          prompt.description === '' ? l10n.t('Prompt of the MCP server {0}', prompt.server) : `${prompt.server}: ${prompt.description}`,
        pick: () =>
          prompt.arguments.length === 0 ? this.take(token, () => this.readServerPrompt(prompt, '')) : this.insert(token, prompt.command),
      }));
    this.composer.completions.show({
      label: l10n.t('Commands, prompts and skills'),
      rows: [...commands, ...agent, ...prompts, ...skills, ...ofServers],
    });
  }

  /** Arguments can follow before it is sent. */
  private insert(token: Token, name: string): void {
    this.composer.completions.close();
    this.token = undefined;
    this.composer.replace(token, `/${name} `);
  }

  private take(token: Token, run: () => void): void {
    this.composer.completions.close();
    this.token = undefined;
    this.composer.replace(token, '');
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
