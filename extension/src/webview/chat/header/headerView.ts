// The header: title, options, instructions, meters and the chat menu.
import { isTask } from '../../../common/isTask';
import type { ChatContext } from '../state/chatContext';
import type { MenuItem } from '../../shared/menu';
import { isRunning } from '../state/chatState';
import { canAnswer, isChatEmpty, type ChatModel, type ChatView } from '../state/chatStore';
import { isUnconnected } from '../state/chosenModel';
import { ResponseOptions } from './responseOptions';
import { chatMenu } from './chatMenu';
import { ContextMeter } from './contextMeter';
import { CostMeter } from './costMeter';
import { Header } from './header';
import { InstructionsList } from './instructionsList';

export class HeaderView implements ChatView {
  private readonly cost = new CostMeter();
  private readonly meter: ContextMeter;
  private readonly options: ResponseOptions;
  private readonly instructions: InstructionsList;
  private readonly header: Header;

  constructor(private readonly context: ChatContext) {
    const { panel, lists, actions, closed } = context;
    this.options = new ResponseOptions(lists, {
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
    this.meter = new ContextMeter(() => panel.post({ type: 'command', command: 'plue.chat.compact' }));
    this.header = new Header(
      this.options,
      [this.instructions.node, this.cost.node, this.meter.node],
      (title) => panel.post({ type: 'rename', title }),
      () => this.menu(),
    );
  }

  get node(): HTMLElement {
    return this.header.node;
  }

  show(model: ChatModel): void {
    const { chat, providers, instructions, context, costLimit } = model;
    this.meter.show(context);
    if (chat === undefined) return;
    // The panel of a task shows the cost with its budget.
    if (!isTask(chat.codex)) this.cost.show(chat.codex.cost, costLimit);
    this.instructions.show(instructions, chat.messages.findLast(({ instructions }) => instructions !== undefined)?.instructions);
    this.header.show(chat.codex, providers, chat.messages.findLast(({ role }) => role === 'assistant')?.providerInfo);
    // Options, instructions and meters are useless while no model is connected.
    this.header.node.classList.toggle('is-plain', isChatEmpty(chat) && isUnconnected(chat.codex, providers));
    this.meter.allowCompacting(canAnswer(model) && !isRunning(chat) && !model.isSending && chat.readOnlyReason === undefined);
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
