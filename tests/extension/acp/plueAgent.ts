// `plue acp` started as an editor does, with the client of the official SDK and a local model.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Writable, type Readable } from 'node:stream';
import {
  client,
  methods,
  ndJsonStream,
  type ClientCapabilities,
  type ClientContext,
  type CreateElicitationRequest,
  type CreateElicitationResponse,
  type InitializeResponse,
  type LoadSessionResponse,
  type McpServer,
  type NewSessionResponse,
  type RequestPermissionRequest,
  type RequestPermissionResponse,
  type SessionUpdate,
} from '@agentclientprotocol/sdk';
import { ScriptedEndpoint } from '../../e2e/runner/scriptedEndpoint.mjs';
import { root } from '../docs/documents';
import { dotnetRoot, sidecar } from '../docs/shell';

/** A home, a workspace and a model for one test. */
export class AgentBench {
  readonly #folder = realpathSync(mkdtempSync(join(tmpdir(), 'plue-acp-')));
  readonly home = join(this.#folder, '.plue');
  readonly workspace = join(this.#folder, 'work');
  readonly model = new ScriptedEndpoint();
  readonly #agents: PlueAgent[] = [];

  static async start(): Promise<AgentBench> {
    const bench = new AgentBench();
    await bench.model.start();
    mkdirSync(bench.workspace);
    return bench;
  }

  /** Configures the model as the only provider. */
  connectModel(more = ''): void {
    this.write(
      join(this.home, 'providers', 'scripted.json5'),
      `{ name: 'Scripted', provider_type: 'openai-compatible', endpoint: '${this.model.url}', model: 'small-1', retry_policy: 'none', ${more} }`,
    );
  }

  /** Runs shell commands with `plue` as the sidecar. */
  run(...lines: string[]): void {
    const script = [`plue() { "${sidecar}" "$@"; }`, ...lines].join('\n');
    execFileSync('bash', ['--noprofile', '--norc', '-euo', 'pipefail', '-c', script], { env: this.environment() });
  }

  write(path: string, text: string): string {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  async agent(capabilities: ClientCapabilities = {}): Promise<PlueAgent> {
    const agent = new PlueAgent(this.environment());
    this.#agents.push(agent);
    await agent.initialize(capabilities);
    return agent;
  }

  environment(): NodeJS.ProcessEnv {
    return {
      PATH: '/usr/bin:/bin',
      HOME: this.#folder,
      PLUE_HOME: this.home,
      TMPDIR: this.#folder,
      LANG: 'C.UTF-8',
      DOTNET_ROOT: dotnetRoot(),
    };
  }

  hasChat(id: string): boolean {
    return existsSync(this.#journal(id));
  }

  readChat(id: string): string {
    return readFileSync(this.#journal(id), 'utf8');
  }

  async stop(): Promise<void> {
    for (const agent of this.#agents) await agent.end();
    await this.model.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #journal(id: string): string {
    return join(this.home, 'codices', 'chats', `${id}.jsonl`);
  }
}

type Permission = (request: RequestPermissionRequest) => RequestPermissionResponse | Promise<RequestPermissionResponse>;

/** One process of `plue acp` with an editor's client. */
export class PlueAgent {
  readonly updates: { sessionId: string; update: SessionUpdate }[] = [];
  readonly permissions: RequestPermissionRequest[] = [];
  readonly context: ClientContext;
  readonly questions: CreateElicitationRequest[] = [];
  /** The user's answer to a form or an address. */
  answer: CreateElicitationResponse = { action: 'decline' };
  /** The user's answer to a permission request. */
  permission: Permission = () => ({ outcome: { outcome: 'selected', optionId: 'allow' } });
  initialized: InitializeResponse | undefined;
  readonly process: ChildProcess;
  readonly #exited: Promise<number | null>;
  readonly #waiting: { is: (update: SessionUpdate) => boolean; resolve: (update: SessionUpdate) => void }[] = [];
  readonly #close: () => void;

  constructor(env: NodeJS.ProcessEnv) {
    const child = spawn(sidecar, ['acp'], { cwd: root, env, stdio: ['pipe', 'pipe', 'inherit'] });
    this.process = child;
    this.#exited = new Promise((resolve) => child.once('close', resolve));
    const connection = client({ name: 'test' })
      .onNotification(methods.client.session.update, ({ params }) => {
        this.#take(params.sessionId, params.update);
      })
      .onRequest(methods.client.session.requestPermission, ({ params }) => {
        this.permissions.push(params);
        return this.permission(params);
      })
      .onRequest(methods.client.elicitation.create, ({ params }) => {
        this.questions.push(params);
        return this.answer;
      })
      .connect(ndJsonStream(Writable.toWeb(child.stdin), bytesOf(child.stdout)));
    this.context = connection.agent;
    this.#close = () => {
      connection.close();
    };
  }

  async initialize(clientCapabilities: ClientCapabilities): Promise<void> {
    this.initialized = await this.context.request(methods.agent.initialize, {
      protocolVersion: 1,
      clientCapabilities,
      clientInfo: { name: 'test', version: '1' },
    });
  }

  new(cwd: string, mcpServers: McpServer[] = []): Promise<NewSessionResponse> {
    return this.context.request(methods.agent.session.new, { cwd, mcpServers });
  }

  load(sessionId: string, cwd: string): Promise<LoadSessionResponse> {
    return this.context.request(methods.agent.session.load, { sessionId, cwd, mcpServers: [] });
  }

  /** Sends text and returns why the response ended. */
  async ask(sessionId: string, text: string): Promise<string> {
    const { stopReason } = await this.context.request(methods.agent.session.prompt, { sessionId, prompt: [{ type: 'text', text }] });
    return stopReason;
  }

  cancel(sessionId: string): Promise<void> {
    return this.context.notify(methods.agent.session.cancel, { sessionId });
  }

  /** Returns the session's updates so far, of one kind. */
  of<Kind extends SessionUpdate['sessionUpdate']>(sessionId: string, kind: Kind): Extract<SessionUpdate, { sessionUpdate: Kind }>[] {
    const isKind = (update: SessionUpdate): update is Extract<SessionUpdate, { sessionUpdate: Kind }> => update.sessionUpdate === kind;
    return this.updates
      .filter((one) => one.sessionId === sessionId)
      .map(({ update }) => update)
      .filter(isKind);
  }

  /** Returns the session's text so far. */
  text(sessionId: string, kind: 'agent_message_chunk' | 'agent_thought_chunk' | 'user_message_chunk' = 'agent_message_chunk'): string {
    return this.of(sessionId, kind)
      .map(({ content }) => (content.type === 'text' ? content.text : ''))
      .join('');
  }

  /** Returns the first matching update, including earlier ones. */
  until(is: (update: SessionUpdate) => boolean): Promise<SessionUpdate> {
    const before = this.updates.find(({ update }) => is(update));
    return before === undefined ? new Promise((resolve) => this.#waiting.push({ is, resolve })) : Promise.resolve(before.update);
  }

  /** Ends the process as a closed editor does, by closing its input. */
  async end(): Promise<number | null> {
    // The client's connection is closed later: it cancels its requests, which a closed editor does not do.
    this.process.stdin?.end();
    const code = await this.#exited;
    this.#close();
    return code;
  }

  #take(sessionId: string, update: SessionUpdate): void {
    this.updates.push({ sessionId, update });
    for (const one of this.#waiting.filter(({ is }) => is(update))) {
      this.#waiting.splice(this.#waiting.indexOf(one), 1);
      one.resolve(update);
    }
  }
}

function bytesOf(stream: Readable): ReadableStream<Uint8Array> {
  // A closed client no longer reads, while the process still writes.
  let isOpen = true;
  return new ReadableStream({
    start: (controller) => {
      stream
        .on('data', (piece: Buffer) => {
          if (isOpen) controller.enqueue(piece);
        })
        .on('end', () => {
          if (isOpen) controller.close();
        });
    },
    cancel: () => {
      isOpen = false;
    },
  });
}
