// Second step of adding a provider: name, address, authentication. VS Code asks for the key.
import * as l10n from '@vscode/l10n';
import type {
  AuthType,
  CatalogSummary,
  ExecutableView,
  ModelView,
  ProviderKindView,
  ProviderSummary,
} from '../../protocol/protocol.generated';
import { formatModelCount } from '../../common/counts';
import { element, icon, textButton, type Child } from '../shared/element';
import { urlProblem } from '../shared/fieldControl';
import { Form } from '../shared/form';
import { Section } from '../shared/section';
import { isLocalAddress, isProgram } from '../../common/providerCards';
import { visibleText } from '../../common/visibleText';
import { actionButton, failureLine, failureOf, focusHeading, isUp, loadingLine, routeHead, type Actions, type View } from './actions';
import type { NewProvider, ProvidersAction } from '../../common/messages/providers';
import { isBusy, type Choice, type State } from './pageState';
import {
  authNames,
  authSpelling,
  catalogCapabilities,
  catalogModels,
  chatCost,
  freeName,
  keyVariable,
  kindName,
  priceRange,
  statusOf,
} from './words';

/** Fields with their own control on this page, or stored in the vault. */
const separateFields = ['name', 'provider_type', 'catalog_provider', 'api_key_ref', 'auth_type', 'command', 'endpoint', 'enabled'];

/** Fields that are rarely set, because they have a default. All others, including custom ones, are always shown. */
const rare = [
  'description',
  'model',
  'cli_path',
  'own_settings',
  'arguments',
  'environment',
  'sandbox',
  'writable_folders',
  'session_mode',
  'pass_mcp_servers',
  'max_turns',
  'custom_system_prompt',
  'allowed_tools',
  'max_tokens',
  'temperature',
  'stop_sequences',
  'reasoning_level',
  'supports_streaming',
  'supports_tools',
  'timeout_ms',
  'retry_policy',
  'headers',
  'additional_auth',
];

/** Maximum number of models listed in the result; the list of providers has all of them. */
const maxListed = 12;

/** Identifies the operation that saves and tests the provider. */
export const connectWork = 'connect';

export class ConnectView implements View {
  readonly node: HTMLElement;
  private readonly head = new Section('div', {});
  private readonly fields = new Section('div', {});
  private readonly formPlace = element('div', {});
  private form: Form | undefined;
  private readonly enables = new Section('section', { class: 'enables', 'aria-label': l10n.t('Available models') });
  private readonly foot = new Section('div', {});
  private state: State | undefined;

  /** The typed values, which the fields update. */
  private readonly choice: Choice;

  constructor(
    choice: Choice,
    private readonly actions: Actions,
  ) {
    this.choice = { ...choice };
    this.node = element(
      'section',
      { class: 'route', 'aria-label': l10n.t('Connect') },
      this.head.node,
      element(
        'div',
        { class: 'connect' },
        element('div', { class: 'connect-main' }, this.fields.node, this.formPlace, this.foot.node),
        this.enables.node,
      ),
    );
  }

  focus(): void {
    focusHeading(this.node);
  }

  show(state: State): void {
    this.state = state;
    const stored = state.route.at === 'connect' ? state.route.choice.providerId : undefined;
    if (stored !== undefined) this.choice.providerId = stored;
    const kind = this.kindOf(state);
    if (kind === undefined) {
      this.head.show('no kind', () => [routeHead(l10n.t('Connect'), this.actions), loadingLine(l10n.t('Loading…'))]);
      return;
    }
    const title = this.titleOf(state, kind);
    this.choice.name ??= freeName(title, named(state.providers));
    const isDone = this.isDone(state);
    this.head.show([title, isDone], () => [
      isDone
        ? routeHead(l10n.t('Connected to {0}', this.stored(state)?.name ?? title), this.actions)
        : routeHead(l10n.t('Connect {0}', title), this.actions),
    ]);
    this.fields.node.hidden = this.formPlace.hidden = this.enables.node.hidden = isDone;
    const catalog = state.catalogs?.find(({ id }) => id === this.choice.catalogId);
    const executables = isProgram(this.choice.kind)
      ? [state.executables, state.busy, state.failures['approve'], state.failures['executables']]
      : [];
    this.fields.show(['fields', kind, catalog?.endpoint, ...executables, this.choice.command], () => this.fieldLines(state, kind));
    this.showForm(state);
    const provider = this.stored(state);
    this.enables.show([catalog, state.catalogDetails[this.choice.catalogId ?? '']?.models, state.models[provider?.id ?? '']], () =>
      this.enabled(state),
    );
    this.foot.show(
      [
        provider,
        state.models[provider?.id ?? '']?.models,
        ...[state.busy, state.failures, state.sidecar.state, this.choice.authType, this.choice.wasTested],
      ],
      () => this.footLines(state, kind),
    );
    // Custom fields of the template may be required.
    if (this.choice.connectsAtOnce === true && isUp(state) && this.form !== undefined) {
      delete this.choice.connectsAtOnce;
      this.connect();
    }
  }

  private isDone(state: State): boolean {
    const provider = this.stored(state);
    return (
      this.choice.wasTested === true && !isBusy(state, connectWork) && provider?.status === 'connected' && provider.error === undefined
    );
  }

  /** Shows template fields without their own control. */
  private showForm({ template }: State): void {
    if (template === undefined || this.form !== undefined) return;
    const { choice } = this;
    this.form = new Form({
      id: 'connect-field',
      fields: template.fields,
      values: { ...choice.fields, provider_type: choice.kind },
      hidden: separateFields,
      folded: rare,
      defaultWord: l10n.t('Suggested'),
      onChange: () => {
        choice.fields = this.form?.drawn ?? {};
        this.keep();
      },
    });
    this.formPlace.replaceChildren(this.form.node);
  }

  private kindOf({ kinds }: State): ProviderKindView | undefined {
    return kinds.find(({ kind }) => kind === this.choice.kind);
  }

  private titleOf(state: State, kind: ProviderKindView): string {
    const { catalogId } = this.choice;
    const catalog = catalogId === undefined ? undefined : (state.catalogs?.find(({ id }) => id === catalogId)?.name ?? catalogId);
    return catalog ?? kindName(kind.kind, state.kinds);
  }

  private stored({ providers }: State): ProviderSummary | undefined {
    const { providerId } = this.choice;
    return providerId === undefined ? undefined : providers?.find(({ id }) => id === providerId);
  }

  private fieldLines(state: State, kind: ProviderKindView): Child[] {
    const { choice } = this;
    const catalog = state.catalogs?.find(({ id }) => id === choice.catalogId);
    const name = this.text(
      'connect-name',
      l10n.t('Name'),
      choice.name ?? '',
      l10n.t('Shown in lists and pickers.'),
      (typed) => (choice.name = typed),
    );
    const usual = defaultEndpoint(catalog, kind);
    const needsEndpoint = kind.needsEndpoint && usual === undefined;
    const endpoint = kind.takesEndpoint
      ? this.text(
          'connect-endpoint',
          l10n.t('Endpoint'),
          choice.endpoint ?? '',
          needsEndpoint ? l10n.t('Server address (required).') : l10n.t('If empty, the default is used.'),
          (typed) => (choice.endpoint = typed),
          usual ?? 'http://localhost:8080/v1',
        )
      : undefined;
    const isAgent = choice.kind === 'acp';
    return [
      name,
      endpoint,
      this.authChoice(kind),
      isProgram(choice.kind) ? this.programs(state) : undefined,
      isAgent
        ? this.text(
            'connect-command',
            l10n.t('Other program'),
            state.executables?.some(({ path }) => path === choice.command) === true ? '' : (choice.command ?? ''),
            l10n.t(
              'Absolute path of a program that speaks the Agent Client Protocol. Plue asks for your approval before it starts the program.',
            ),
            (typed) => this.chooseCommand(typed.trim()),
            '/usr/local/bin/my-agent',
          )
        : undefined,
    ];
  }

  private text(id: string, label: string, value: string, help: string, keep: (typed: string) => void, placeholder?: string): HTMLElement {
    const input = element('input', {
      type: 'text',
      class: 'text-input',
      id,
      spellcheck: 'false',
      autocomplete: 'off',
      placeholder,
      'aria-describedby': `${id}-help ${id}-problem`,
      'data-key': id,
    });
    input.value = value;
    input.addEventListener('input', () => {
      keep(input.value);
      this.showProblem(id, undefined);
      this.keep();
    });
    input.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && !event.isComposing) this.connect();
    });
    return element(
      'div',
      { class: 'field' },
      element('label', { class: 'field-label', for: id }, label),
      element('div', { class: 'field-help', id: `${id}-help` }, help),
      input,
      element('div', { class: 'field-problem', id: `${id}-problem`, hidden: true }),
    );
  }

  private authChoice({ authTypes }: ProviderKindView): HTMLElement | undefined {
    if (authTypes.length < 2) return undefined;
    const chosen = this.authOf(authTypes);
    const options = authTypes.map((type) => {
      const box = element('input', { type: 'radio', name: 'auth', value: type, class: 'radio', 'data-key': `auth:${type}` });
      box.checked = type === chosen;
      box.addEventListener('change', () => {
        this.choice.authType = type;
        this.keep();
        if (this.state !== undefined) this.show(this.state);
      });
      return element('label', { class: 'radio-line' }, box, authNames[type]);
    });
    return element('fieldset', { class: 'field' }, element('legend', { class: 'field-label' }, l10n.t('Authentication')), ...options);
  }

  private authOf(authTypes: readonly AuthType[]): AuthType | undefined {
    return authTypes.find((type) => type === this.choice.authType) ?? authTypes[0];
  }

  private programs(state: State): HTMLElement {
    const { executables } = state;
    if (executables === undefined) {
      return element(
        'div',
        { class: 'field' },
        failureOf(state, this.actions, 'executables') ?? loadingLine(l10n.t('Searching for programs…')),
      );
    }
    const isAgent = this.choice.kind === 'acp';
    const offered = executables.filter(({ agent }) => (agent !== undefined) === isAgent);
    const rows = offered.map((program) => {
      const box = element('input', {
        type: 'radio',
        name: 'program',
        class: 'radio',
        value: program.path,
        disabled: !program.approved,
        'data-key': `program:${program.path}`,
      });
      box.checked = this.choice.command === program.path && program.approved;
      box.addEventListener('change', () => {
        this.chooseProgram(program);
      });
      return element(
        'li',
        { class: 'program' },
        element('label', { class: 'radio-line' }, box, visibleText(program.agent ?? program.name)),
        element('span', { class: 'mono line' }, visibleText(program.path)),
        element('span', { class: 'mono line quiet' }, `SHA-256 ${visibleText(program.sha256)}`),
        program.changedSinceApproval
          ? element('span', { class: 'line' }, icon('warning'), ` ${l10n.t('The program changed since you approved it.')}`)
          : undefined,
        program.approved ? element('span', { class: 'line quiet' }, l10n.t('Approved')) : this.approval(state, program),
      );
    });
    return element(
      'fieldset',
      { class: 'field' },
      element('legend', { class: 'field-label' }, l10n.t('Program')),
      element(
        'div',
        { class: 'field-help' },
        isAgent
          ? l10n.t('Lists agents that were found on this machine. Each program needs your approval before it starts.')
          : l10n.t(
              'Lists programs named plue-provider-… on PATH or in ~/.plue/providers/bin. Each program needs your approval before it starts.',
            ),
      ),
      rows.length === 0
        ? element('p', { class: 'quiet' }, isAgent ? l10n.t('No agents found.') : l10n.t('No programs found.'))
        : element('ul', { class: 'plain-list' }, ...rows),
      failureOf(state, this.actions, 'approve'),
      element('div', { class: 'field-problem', id: 'connect-program-problem', hidden: true }),
    );
  }

  /** Approving a program selects it. */
  private approval(state: State, program: ExecutableView): HTMLElement {
    const approve = actionButton(state, this.actions, {
      label: l10n.t('Approve Program'),
      name: l10n.t('Approve Program: {0}', program.agent ?? program.name),
      work: 'approve',
      action: { type: 'approve', path: program.path, sha256: program.sha256 },
    });
    approve.addEventListener('click', () => {
      this.chooseProgram(program);
    });
    return approve;
  }

  /** Fills in the name and arguments of a known agent. */
  private chooseProgram({ path, agent, arguments: usual }: ExecutableView): void {
    this.chooseCommand(path);
    if (agent === undefined || this.choice.providerId !== undefined) return;
    this.choice.name = freeName(agent, named(this.state?.providers));
    const name = document.getElementById('connect-name');
    if (name instanceof HTMLInputElement) name.value = this.choice.name;
    if (usual === undefined) return;
    this.choice.fields = { ...this.choice.fields, arguments: [...usual] };
    this.form = undefined;
    if (this.state !== undefined) this.showForm(this.state);
    this.keep();
  }

  private chooseCommand(path: string): void {
    this.choice.command = path;
    this.showProblem('connect-program', undefined);
    this.showProblem('connect-command', undefined);
    this.keep();
  }

  private enabled(state: State): Child[] {
    const catalog = state.catalogs?.find(({ id }) => id === this.choice.catalogId);
    const detail = state.catalogDetails[this.choice.catalogId ?? ''];
    const listed = state.models[this.stored(state)?.id ?? '']?.models;
    const heading = element('h3', {}, l10n.t('Available models'));
    if (catalog === undefined) {
      const words = listed === undefined ? l10n.t('Available models are listed after you connect.') : formatModelCount(listed.length);
      return [heading, element('p', {}, words)];
    }
    const usual = defaultModel(detail?.models ?? [], catalog.defaultLargeModel);
    const rows: [string, string][] = [
      [l10n.t('Models'), catalogModels(catalog)],
      [l10n.t('Input $/M'), aMillion(priceRange(catalog.lowestInputPerMillion, catalog.highestInputPerMillion))],
      [l10n.t('Output $/M'), aMillion(priceRange(catalog.lowestOutputPerMillion, catalog.highestOutputPerMillion))],
      [l10n.t('Capabilities'), catalogCapabilities(catalog)],
      [
        l10n.t('Typical chat'),
        usual?.typicalChatCost === undefined
          ? l10n.t('shown after a few chats')
          : l10n.t('about {0} with {1}', chatCost(usual.typicalChatCost), usual.name ?? usual.id),
      ],
    ];
    return [
      heading,
      element(
        'dl',
        { class: 'facts' },
        ...rows.flatMap(([name, words]) => [element('dt', {}, name), element('dd', {}, visibleText(words))]),
      ),
    ];
  }

  private footLines(state: State, kind: ProviderKindView): Child[] {
    const { actions } = this;
    const provider = this.stored(state);
    if (this.isDone(state)) return [this.result(state, provider), failureOf(state, actions, connectWork, provider)];
    const busy = isBusy(state, connectWork);
    const wantsKey = this.wantsKey(kind);
    const press = (label: string, look: 'primary' | 'secondary'): HTMLElement => {
      const button = textButton(label, () => this.connect(), look);
      if (busy || !isUp(state)) button.setAttribute('aria-disabled', 'true');
      button.dataset['key'] = 'connect';
      return button;
    };
    const back = textButton(l10n.t('Back'), () => actions.back());
    back.dataset['key'] = 'back-below';
    return [
      wantsKey ? element('p', { class: 'quiet' }, icon('key'), ` ${keyLine(provider)}`) : undefined,
      element(
        'div',
        { class: 'buttons' },
        press(busy ? l10n.t('Connecting…') : this.authOf(kind.authTypes) === 'oauth' ? l10n.t('Sign In…') : l10n.t('Connect'), 'primary'),
        back,
      ),
      busy
        ? loadingLine(provider === undefined && wantsKey ? l10n.t('Waiting for the key…') : l10n.t('Saving and testing…'))
        : this.result(state, provider),
      failureOf(state, actions, connectWork, provider),
    ];
  }

  private result(state: State, provider: ProviderSummary | undefined): HTMLElement | undefined {
    const { actions } = this;
    if (provider === undefined || this.choice.wasTested !== true) return undefined;
    if (provider.error !== undefined) return failureLine(state, actions, provider.error, provider);
    if (provider.status !== 'connected') return element('p', { class: 'quiet' }, l10n.t('The provider is saved but not tested.'));
    const status = statusOf(provider, new Date(), false);
    const words =
      provider.modelCount === undefined ? l10n.t('Connected.') : l10n.t('Connected. {0}.', formatModelCount(provider.modelCount));
    const done = textButton(l10n.t('Done'), () => actions.go({ at: 'providers' }));
    done.dataset['key'] = 'done';
    return element(
      'div',
      { class: 'result', role: 'group', 'aria-label': l10n.t('Result') },
      element('p', {}, element('span', { class: 'status-icon good' }, icon(status.icon)), ` ${words}`),
      ...this.modelLines(state, provider),
      element(
        'div',
        { class: 'buttons' },
        provider.isDefault
          ? undefined
          : actionButton(state, actions, {
              label: l10n.t('Make Default'),
              work: `default:${provider.id}`,
              action: { type: 'makeDefault', id: provider.id },
            }),
        actionButton(state, actions, { label: l10n.t('New chat'), work: 'newChat', action: { type: 'newChat' } }),
        done,
      ),
    );
  }

  /** Shows the models, with the one that new chats use. */
  private modelLines(state: State, provider: ProviderSummary): Child[] {
    const listed = state.models[provider.id]?.models ?? [];
    const catalog = state.catalogs?.find(({ id }) => id === this.choice.catalogId);
    const used = provider.model ?? defaultModel(listed, catalog?.defaultLargeModel)?.id;
    const nameOf = ({ id, name }: ModelView): string => visibleText(name === undefined || name === '' ? id : name);
    const chosen = listed.find(({ id }) => id === used);
    const shown = listed.slice(0, maxListed);
    const more = listed.length - shown.length;
    return [
      chosen === undefined
        ? undefined
        : element(
            'p',
            {},
            provider.isDefault ? l10n.t('New chats use {0}.', nameOf(chosen)) : l10n.t('Default model: {0}', nameOf(chosen)),
          ),
      listed.length === 0
        ? undefined
        : element(
            'p',
            { class: 'quiet' },
            more > 0 ? l10n.t('{0}, and {1} more', shown.map(nameOf).join(', '), more) : shown.map(nameOf).join(', '),
          ),
    ];
  }

  private wantsKey({ takesKey, authTypes, kind }: ProviderKindView): boolean {
    const auth = this.authOf(authTypes);
    const { endpoint } = this.choice;
    // By default, the address determines whether Ollama needs a key.
    if (kind === 'ollama' && this.choice.authType === undefined)
      return endpoint !== undefined && endpoint !== '' && !isLocalAddress(endpoint);
    return takesKey && (auth === undefined || auth === 'apiKey' || auth === 'serviceAccount');
  }

  private connect(): void {
    const { state } = this;
    const kind = state === undefined ? undefined : this.kindOf(state);
    if (state === undefined || kind === undefined || !isUp(state) || isBusy(state, connectWork) || !this.check(state, kind)) return;
    const { choice } = this;
    const auth = this.authOf(kind.authTypes);
    const provider: NewProvider = { name: (choice.name ?? '').trim(), kind: choice.kind };
    if (choice.providerId !== undefined) provider.id = choice.providerId;
    if (choice.catalogId !== undefined) provider.catalogProvider = choice.catalogId;
    if (kind.takesEndpoint && (choice.endpoint ?? '').trim() !== '') provider.endpoint = (choice.endpoint ?? '').trim();
    const stored = this.stored(state);
    // Do not write default values to a new file.
    if (auth !== undefined && auth !== (stored?.authType ?? kind.authTypes[0])) provider.authType = authSpelling[auth];
    if (choice.command !== undefined) provider.command = choice.command;
    const fields = { ...choice.fields, ...this.form?.drawn };
    if (Object.keys(fields).length > 0) provider.fields = fields;
    choice.wasTested = true;
    this.keep();
    const then = auth === 'oauth' ? 'signIn' : this.wantsKey(kind) && stored?.hasCredential !== true ? 'setKey' : 'test';
    const action: ProvidersAction = { type: 'connect', provider, then };
    this.actions.ask(connectWork, action);
  }

  private check(state: State, kind: ProviderKindView): boolean {
    const { choice } = this;
    const name = (choice.name ?? '').trim();
    const others = named(state.providers).filter(({ id }) => id !== choice.providerId);
    const isTaken = others.some((one) => one.name.toLowerCase() === name.toLowerCase());
    const usual = defaultEndpoint(
      state.catalogs?.find(({ id }) => id === choice.catalogId),
      kind,
    );
    const typed = (choice.endpoint ?? '').trim();
    const problems: [string, string | undefined][] = [
      [
        'connect-name',
        name === '' ? l10n.t('Enter a name for the provider.') : isTaken ? l10n.t('A provider with this name already exists.') : undefined,
      ],
      [
        'connect-endpoint',
        typed !== '' ? urlProblem(typed) : kind.needsEndpoint && usual === undefined ? l10n.t('Enter the server address.') : undefined,
      ],
      [
        'connect-program',
        choice.kind === 'external' && state.executables?.some(({ path, approved }) => approved && path === choice.command) !== true
          ? l10n.t('Choose a program and approve it first.')
          : undefined,
      ],
      [
        'connect-command',
        choice.kind === 'acp' && (choice.command ?? '') === '' ? l10n.t('Choose an agent, or enter the path of its program.') : undefined,
      ],
    ];
    for (const [id, problem] of problems) this.showProblem(id, problem);
    const wrong = problems.find(([, problem]) => problem !== undefined)?.[0];
    if (wrong === undefined) return this.form?.check() !== false;
    document.getElementById(wrong)?.focus();
    return false;
  }

  private showProblem(id: string, problem: string | undefined): void {
    const place = document.getElementById(`${id}-problem`);
    if (place !== null) {
      place.hidden = problem === undefined;
      place.textContent = problem ?? '';
    }
    const input = document.getElementById(id);
    if (problem === undefined) input?.removeAttribute('aria-invalid');
    else input?.setAttribute('aria-invalid', 'true');
  }

  private keep(): void {
    this.actions.keep({ at: 'connect', choice: { ...this.choice } });
  }
}

/** A catalog can have a variable instead of an address; the default of the provider type is used then. */
function defaultEndpoint(catalog: CatalogSummary | undefined, kind: ProviderKindView): string | undefined {
  const { endpoint } = catalog ?? {};
  return endpoint !== undefined && URL.canParse(endpoint) ? endpoint : kind.defaultEndpoint;
}

function defaultModel(models: readonly ModelView[], usual: string | undefined): ModelView | undefined {
  return models.find(({ id }) => id === usual) ?? models[0];
}

function keyLine(provider: ProviderSummary | undefined): string {
  if (provider === undefined || !provider.hasCredential)
    return l10n.t('No key yet. You’ll enter it in a VS Code prompt; it’s never shown here.');
  const variable = keyVariable(provider);
  return variable === undefined ? l10n.t('A key is set.') : l10n.t('The key comes from the environment variable {0}.', variable);
}

function aMillion(prices: string): string {
  return l10n.t('{0} per million tokens', prices);
}

/** Excludes detected agents, which the new provider replaces. */
function named(providers: readonly ProviderSummary[] | undefined): readonly ProviderSummary[] {
  return (providers ?? []).filter(({ kind, source }) => !(kind === 'acp' && source === 'found'));
}
