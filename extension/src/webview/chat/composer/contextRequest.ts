import type { Attachment } from '../../../protocol/protocol.generated';
import type { Panel } from '../../shared/panel';

export interface MeasuredMessage {
  /** Changes whenever the context may have: another message, another model. Empty while nothing can be measured. */
  contextKey: string;
  draft: string;
  attachments: Attachment[];
}

/** Milliseconds without a key before the context is measured again. */
const measureDelay = 500;

/** Asks for the tokens of the next message with its context, once for each content. */
export class ContextRequest {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private asked = '';

  constructor(private readonly panel: Pick<Panel, 'post'>) {}

  ask(message: MeasuredMessage, delay = measureDelay): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const { contextKey, draft, attachments } = message;
      const key = JSON.stringify(message);
      if (contextKey === '' || key === this.asked) return;
      this.asked = key;
      this.panel.post({ type: 'measureContext', draft, attachments });
    }, delay);
  }

  /** Files that are always sent changed. */
  forget(): void {
    this.asked = '';
  }
}
