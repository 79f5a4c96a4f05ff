import * as v from 'valibot';
import { EventEmitter, type CancellationToken, type Event } from 'vscode';
import type { RequestType } from 'vscode-languageclient/node';
import type {
  ApprovalChangedParams,
  CodexChangedParams,
  BackgroundChangedParams,
  TriggerChangedParams,
  EditChangedParams,
  ErrorData,
  HostNotifyParams,
  MessageEventParams,
  ModelEventParams,
  ProviderChangedParams,
  ReviewProgressParams,
  SearchHitsParams,
  TaskEventParams,
} from '../../../extension/src/protocol/protocol.generated';
import type { Sidecar, SidecarState } from '../../../extension/src/server/client';

/** Responds to requests from a table and stores them. */
export class FakeSidecar implements Sidecar {
  readonly asked: { method: string; params: unknown }[] = [];
  readonly started = new EventEmitter<void>();
  readonly stateChanged = new EventEmitter<SidecarState>();
  readonly codexChanged = new EventEmitter<CodexChangedParams>();
  readonly messageEvent = new EventEmitter<MessageEventParams>();
  readonly modelEvent = new EventEmitter<ModelEventParams>();
  readonly providerChanged = new EventEmitter<ProviderChangedParams>();
  readonly searchHits = new EventEmitter<SearchHitsParams>();
  readonly taskEvent = new EventEmitter<TaskEventParams>();
  readonly approvalChanged = new EventEmitter<ApprovalChangedParams>();
  readonly editChanged = new EventEmitter<EditChangedParams>();
  readonly backgroundChanged = new EventEmitter<BackgroundChangedParams>();
  readonly reviewProgress = new EventEmitter<ReviewProgressParams>();
  readonly triggerChanged = new EventEmitter<TriggerChangedParams>();
  readonly notified = new EventEmitter<HostNotifyParams>();
  private readonly table = new Map<string, (params: unknown, token?: CancellationToken) => unknown>();

  state: SidecarState = { state: 'running' };
  readonly onDidStart: Event<void> = this.started.event;
  readonly onDidChangeState: Event<SidecarState> = this.stateChanged.event;
  readonly onCodexChanged: Event<CodexChangedParams> = this.codexChanged.event;
  readonly onMessageEvent: Event<MessageEventParams> = this.messageEvent.event;
  readonly onModelEvent: Event<ModelEventParams> = this.modelEvent.event;
  readonly onProviderChanged: Event<ProviderChangedParams> = this.providerChanged.event;
  readonly onSearchHits: Event<SearchHitsParams> = this.searchHits.event;
  readonly onTaskEvent: Event<TaskEventParams> = this.taskEvent.event;
  readonly onApprovalChanged: Event<ApprovalChangedParams> = this.approvalChanged.event;
  readonly onEditChanged: Event<EditChangedParams> = this.editChanged.event;
  readonly onBackgroundChanged: Event<BackgroundChangedParams> = this.backgroundChanged.event;
  readonly onReviewProgress: Event<ReviewProgressParams> = this.reviewProgress.event;
  readonly onTriggerChanged: Event<TriggerChangedParams> = this.triggerChanged.event;
  readonly onNotify: Event<HostNotifyParams> = this.notified.event;

  /** Sets the response from now on. If it throws, the request fails. */
  answer<P, R>(type: RequestType<P, R, ErrorData>, answer: (params: P, token?: CancellationToken) => R | Promise<R>): this {
    this.table.set(type.method, (params, token) =>
      answer(
        v.parse(
          v.custom<P>(() => true),
          params,
        ),
        token,
      ),
    );
    return this;
  }

  async request<P, R>(type: RequestType<P, R, ErrorData>, params: P, token?: CancellationToken): Promise<R> {
    this.asked.push({ method: type.method, params });
    const answer = this.table.get(type.method);
    if (!answer) throw new Error(`The test has no answer for ${type.method}.`);
    return v.parse(
      v.custom<R>(() => true),
      await answer(params, token),
    );
  }

  methods(): string[] {
    return this.asked.map(({ method }) => method);
  }
}
