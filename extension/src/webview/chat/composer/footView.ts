// The bottom of the chat: approvals, undo, refused messages, changed files, and the composer.
import * as l10n from '@vscode/l10n';
import type { Mode } from '../../../common/messages/chatAgents';
import { undeleteMs } from '../../../common/messages/chatMessages';
import { visibleText } from '../../../common/visibleText';
import { choiceText, ModelPicker } from '../../shared/modelPicker';
import { ApprovalBox } from '../../shared/approvals/approvalBox';
import { element } from '../../shared/element';
import { failureLine } from '../messages/failure';
import { textOf } from '../messages/message';
import { remedies } from '../messages/remedies';
import type { ChatContext } from '../state/chatContext';
import { chosenChoice } from '../state/chosenModel';
import { type ChatState, isRunning } from '../state/chatState';
import { canAnswer, type ChatModel, type ChatView, isChatEmpty } from '../state/chatStore';
import { Toast } from '../toast';
import { BackgroundBar } from './backgroundBar';
import { ChangesBar } from './changesBar';
import { ChatModelPicker } from './chatModelPicker';
import { ComposerArea } from './composerArea';
import { modeOf, ModeSwitch } from './modeSwitch';
import { PlaceSwitch } from './placeSwitch';
import { type SessionChoices, sessionChoicesOf, SessionSwitch } from './sessionSwitch';
import { TemplateSwitch } from './templateSwitch';

export class FootView implements ChatView {
  readonly node: HTMLElement;
  readonly composer: ComposerArea;
  readonly picker: ChatModelPicker;
  /** For the task that the next message starts. */
  private readonly agentPicker: ModelPicker;
  private readonly approvals: ApprovalBox;
  private readonly background: BackgroundBar;
  private readonly changes: ChangesBar;
  private readonly template: TemplateSwitch;
  private readonly mode: ModeSwitch;
  private readonly place: PlaceSwitch;
  private readonly session: SessionSwitch;
  /** The agent whose session options were requested. */
  private listedFor: string | undefined;
  /** The agent for which it was checked whether it can have a worktree. */
  private checkedFor: string | undefined;
  private readonly toast = new Toast();
  private readonly refused = element('div', { class: 'refused' });

  /** @param page Accepts dropped files. */
  constructor(
    page: HTMLElement,
    private readonly context: ChatContext,
  ) {
    const { panel } = context;
    this.template = this.createTemplateSwitch();
    this.mode = new ModeSwitch((mode) => this.chooseMode(mode));
    this.place = this.createPlaceSwitch();
    this.session = new SessionSwitch((chosen) => this.chooseSession(chosen));
    this.picker = this.createPicker();
    this.agentPicker = this.createAgentPicker();
    this.approvals = this.createApprovals();
    this.background = new BackgroundBar(
      (action, id) => panel.post({ type: 'background', action, id }),
      () => this.composer.focus(),
    );
    this.changes = new ChangesBar(
      (command, path) => panel.post({ type: 'edits', command, ...(path === undefined ? {} : { path }) }),
      () => this.composer.focus(),
    );
    const switches = [this.template.node, this.mode.node, this.place.node, this.session.node, this.picker.node, this.agentPicker.node];
    this.composer = new ComposerArea(page, context, element('span', { class: 'composer-switches' }, ...switches));
    const column = element(
      'div',
      { class: 'column' },
      this.toast.node,
      this.refused,
      this.background.node,
      this.changes.node,
      this.composer.node,
    );
    const dock = element('div', { class: 'approval-dock' }, this.approvals.node);
    this.node = element('div', { class: 'chat-foot' }, dock, element('div', { class: 'composer-area' }, column));
  }

  show(model: ChatModel): void {
    const { chat, templates, approvals, providers, choices, underReview, agent } = model;
    const tokens = model.context?.tokens;
    const isReadOnly = chat === undefined || chat.readOnlyReason !== undefined;
    this.showRefusal(model);
    this.composer.show({
      isRunning: chat !== undefined && isRunning(chat) && canAnswer(model),
      blocked: this.blocked(model),
      isReadOnly,
      queue: chat?.queue ?? [],
      sent: (chat?.messages ?? []).filter(({ role }) => role === 'user').map(textOf),
      imageWarning: this.composer.hasImage ? this.imageWarning(model) : undefined,
      contextKey: contextKey(chat),
      agent: agent === undefined ? undefined : visibleText(agent.name),
    });
    this.approvals.show(approvals, canAnswer(model));
    this.background.show(model.backgroundCommands);
    this.changes.show(underReview ?? []);
    if (chat === undefined) return;
    this.template.show(chat.codex, templates, isChatEmpty(chat), agent);
    this.mode.show(modeOf(chat.values), !isReadOnly);
    this.showSession(model, !isReadOnly);
    this.showPlace(model);
    this.picker.node.hidden = agent !== undefined;
    this.picker.show(chat.codex, providers, choices, tokens);
    this.agentPicker.node.hidden = agent === undefined;
    const { model: chosen } = agent ?? {};
    this.agentPicker.show({
      ...choices,
      ...(tokens === undefined ? {} : { tokens }),
      ...(chosen?.model === undefined ? {} : { shortText: chosen.model }),
      words: chosen === undefined ? l10n.t('Chosen by template') : choiceText(chosen, providers),
      providers,
      chosen,
    });
  }

  /** The answer to an approval was rejected. */
  askAgain(): void {
    this.approvals.askAgain();
  }

  offerUndo(text: string, undo: () => void): void {
    this.toast.show(text, undo, undeleteMs);
  }

  hideUndo(): void {
    this.toast.hide();
  }

  private createTemplateSwitch(): TemplateSwitch {
    const { panel, store, actions } = this.context;
    return new TemplateSwitch({
      run: (command) => panel.post({ type: 'command', command }),
      change: (templateId) => panel.post({ type: 'changeTemplate', templateId }),
      chooseAgent: (agent) => {
        store.update({ agent });
        actions.focusComposer();
      },
      openForm: ({ id }) => panel.post({ type: 'newTask', goal: this.composer.draft, templateId: id }),
      tryTemplate: () => panel.post({ type: 'tryTemplate' }),
    });
  }

  private chooseMode(mode: Mode): void {
    const { panel, store } = this.context;
    const { chat } = store.model;
    if (chat !== undefined) store.updateChat({ values: { ...chat.values, permission_mode: mode } });
    panel.post({ type: 'mode', mode });
  }

  private chooseSession(chosen: SessionChoices): void {
    const { panel, store } = this.context;
    const { chat } = store.model;
    if (chat !== undefined) store.updateChat({ values: { ...chat.values, session_options: chosen } });
    panel.post({ type: 'sessionOptions', chosen });
  }

  private showSession({ chat, sessionOptions, agent }: ChatModel, canChange: boolean): void {
    const { panel, store } = this.context;
    const { provider } = store;
    const id = provider?.kind === 'acp' ? provider.id : undefined;
    if (id !== undefined && id !== this.listedFor) panel.post({ type: 'listSessionOptions' });
    this.listedFor = id;
    const options = id === undefined || agent !== undefined ? [] : (sessionOptions ?? []);
    this.session.show(options, sessionChoicesOf(chat?.values), canChange);
  }

  private createPlaceSwitch(): PlaceSwitch {
    const { store } = this.context;
    return new PlaceSwitch((worktree) => {
      const { agent } = store.model;
      if (agent !== undefined) store.update({ refusal: undefined, agent: { ...agent, worktree } });
    });
  }

  /** Only for a task, in a repository where worktrees work. */
  private showPlace({ agent, canUseWorktree, templates }: ChatModel): void {
    if (agent !== undefined && agent.id !== this.checkedFor) this.context.panel.post({ type: 'checkWorktree' });
    this.checkedFor = agent?.id;
    this.place.show(
      agent === undefined || canUseWorktree !== true
        ? undefined
        : (agent.worktree ?? templates.find(({ id }) => id === agent.id)?.isIsolated ?? false),
    );
  }

  private createPicker(): ChatModelPicker {
    const { panel, store, lists, actions } = this.context;
    return new ChatModelPicker(lists, {
      choose: (providerId, model) => {
        // The refusal was about the previous model.
        store.update({ refusal: undefined });
        panel.post({ type: 'choose', providerId, ...(model === undefined ? {} : { model }) });
      },
      connect: () => actions.help('chooseProvider'),
    });
  }

  private createAgentPicker(): ModelPicker {
    const { store, lists, actions } = this.context;
    return new ModelPicker({
      id: 'agent-picker',
      label: l10n.t('Provider and model of the task'),
      lists,
      unset: l10n.t('Chosen by template'),
      choose: (chosen) => {
        const { agent } = store.model;
        if (agent !== undefined) store.update({ refusal: undefined, agent: { ...agent, model: chosen } });
      },
      connect: () => actions.help('chooseProvider'),
    });
  }

  private createApprovals(): ApprovalBox {
    const { panel, codexId, actions, closed } = this.context;
    return new ApprovalBox({
      codexId,
      answer: (answer) => panel.post({ type: 'answerApproval', answer }),
      openDiff: (id) => panel.post({ type: 'openApprovalDiff', id }),
      open: (uri) => panel.post({ type: 'openCodex', uri }),
      announce: (words) => actions.announce(words),
      left: () => this.composer.focus(),
      closed,
    });
  }

  private showRefusal({ refusal }: ChatModel): void {
    const { provider } = this.context.store;
    const key = JSON.stringify([refusal, provider?.kind]);
    if (this.refused.dataset['shown'] === key) return;
    this.refused.dataset['shown'] = key;
    const fix = remedies(this.context, undefined, undefined);
    this.refused.replaceChildren(...(refusal === undefined ? [] : [failureLine(refusal, provider, fix, false)]));
  }

  private blocked({ chat, sidecar, isHostLost, isSending }: ChatModel): string | undefined {
    if (isHostLost) return l10n.t('Plue does not respond; the draft is kept');
    if (sidecar.state === 'stopped') return l10n.t('Plue is not running; the draft is kept');
    if (sidecar.state === 'starting' || chat === undefined) return l10n.t('Plue is starting; the draft is kept');
    if (chat.readOnlyReason !== undefined) return l10n.t('This chat is read-only');
    return isSending ? l10n.t('Sending') : undefined;
  }

  /** Known once the provider's models are. */
  private imageWarning({ chat, providers }: ChatModel): string | undefined {
    const { lists, store } = this.context;
    const { provider } = store;
    const choice = chat === undefined ? undefined : chosenChoice(chat.codex, providers);
    if (provider === undefined || !provider.enabled) return undefined;
    if (provider.kind !== 'tour') lists.load(provider.id);
    const model = lists.model(provider.id, choice?.model ?? provider.model);
    return model?.supportsVision === false ? l10n.t('{0} doesn’t support images', model.name ?? model.id) : undefined;
  }
}

/** Inputs of the context estimate other than the draft. */
function contextKey(chat: ChatState | undefined): string {
  if (chat === undefined || isRunning(chat)) return '';
  const { codex, messages } = chat;
  return JSON.stringify([codex.providerId, codex.model, messages.length, messages.at(-1)?.id, messages.at(-1)?.status]);
}
