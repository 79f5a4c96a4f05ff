// Detects a lost extension host. The host answers pings, which follow every message.

/** Seconds without a message after which a ping is sent. */
export const pingAfter = 5;
/** Timeout in seconds for a reply to a ping. */
export const answerWithin = 10;

export interface HostLinkEvents {
  post(message: unknown): void;
  /** A ping waits for a reply, or no longer does. */
  asked(isAsked: boolean): void;
  /** The host was lost or responds again. */
  changed(isLost: boolean): void;
}

export class HostLink {
  private isAsked = false;
  private isLost = false;
  private rest = 0;
  /** Counted, not measured, because the machine may sleep. */
  private silence = 0;

  constructor(private readonly events: HostLinkEvents) {}

  send(message: unknown): void {
    this.events.post(message);
    this.ping();
  }

  /** A message of the host arrived. */
  received(): void {
    this.silence = 0;
    if (this.isAsked) {
      this.isAsked = false;
      this.events.asked(false);
    }
    if (!this.isLost) return;
    this.isLost = false;
    this.events.changed(false);
  }

  /** A second has passed. */
  tick(): void {
    this.rest++;
    if (this.isAsked) this.silence++;
    if (this.rest >= pingAfter) this.ping();
    if (this.silence < answerWithin || this.isLost) return;
    this.isLost = true;
    this.events.changed(true);
  }

  private ping(): void {
    this.rest = 0;
    this.isAsked = true;
    this.events.asked(true);
    this.events.post({ type: 'ping' });
  }
}
