// The header: title, options, instructions, meters and the chat menu.
import { isTask } from '../../../common/isTask';
import type { ChatContext } from '../state/chatContext';
import type { MenuItem } from '../../shared/menu';
import { isChatEmpty, type ChatModel, type ChatView } from '../state/chatStore';
import { isUnconnected } from '../state/chosenModel';
import { AnswerOptions } from './answerOptions';
import { chatMenu } from './chatMenu';
import { CostMeter } from './costMeter';
import { Header } from './header';
import { InstructionsList } from './instructionsList';

export class HeaderView implements ChatView {
  readonly cost = new CostMeter();
  private readonly options: AnswerOptions;
  private readonly instructions: InstructionsList;
  private readonly header: Header;

  constructor(
    private readonly context: ChatContext,
    contextMeter: HTMLElement,
  ) {
    const { panel, lists, actions, closed } = context;
    this.options = new AnswerOptions(lists, {
      setOptions: (options) => panel.post({ type: 'options', options }),
      setFallbacks: (fallbacks) => panel.post({ type: 'fallbacks', fallbacks }),
      openSettings: () => actions.help('openSettings'),
      closed,
    });
    this.instructions = new InstructionsList({
      refresh: () => panel.post({ type: 'loadInstructions' }),
      open: ({ source, path }) => panel.post({ type: 'openInstructions', source, ...(path === undefined ? {} : { path }) }),
      allow: ({ source, version }) => panel.post({ type: 'allowInstructions', source, version }),
      manageTrust: () => actions.help('manageTrust'),
      closed,
    });
    this.header = new Header(
      this.options,
      [this.instructions.node, this.cost.node, contextMeter],
      (title) => panel.post({ type: 'rename', title }),
      () => this.menu(),
    );
  }

  get node(): HTMLElement {
    return this.header.node;
  }

  show({ chat, providers, instructions }: ChatModel): void {
    if (chat === undefined) return;
    // For a task, the panel shows the cost with its budget.
    if (!isTask(chat.codex)) this.cost.show(chat.codex.cost);
    this.instructions.show(instructions, chat.messages.findLast(({ steeredBy }) => steeredBy !== undefined)?.steeredBy);
    this.header.show(chat.codex, providers, chat.messages.findLast(({ role }) => role === 'assistant')?.providerInfo);
    // Options, instructions and meters are useless while no model is connected.
    this.header.node.classList.toggle('is-plain', isChatEmpty(chat) && isUnconnected(chat.codex, providers));
    this.options.show(chat.codex, providers, chat.readOnlyReason === undefined);
  }

  rename(): void {
    this.header.rename();
  }

  private menu(): MenuItem[] {
    const { panel, store, actions } = this.context;
    const { chat } = store.model;
    if (chat === undefined) return [];
    return chatMenu(chat, {
      rename: () => this.rename(),
      fork: () => panel.post({ type: 'fork' }),
      find: () => actions.openFind(),
      tryTemplate: () => panel.post({ type: 'tryTemplate' }),
      run: (command) => panel.post({ type: 'command', command }),
    });
  }
}
