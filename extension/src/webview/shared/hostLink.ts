// Notices when the extension host is gone. It answers each ping, and a ping follows whatever a page sends.

/** Seconds without anything to send until the host is asked whether it is there. */
export const pingAfter = 5;
/** Seconds in which the host has to say something after a ping. */
export const answerWithin = 10;

export interface HostLinkEvents {
  post(message: unknown): void;
  /** A ping waits for its answer, or no longer does. */
  asked(isAsked: boolean): void;
  /** The host is lost, or is heard again. */
  changed(isLost: boolean): void;
}

export class HostLink {
  private isAsked = false;
  private isLost = false;
  private rest = 0;
  /** Counted, not measured: while a machine sleeps nobody is silent. */
  private silence = 0;

  constructor(private readonly events: HostLinkEvents) {}

  send(message: unknown): void {
    this.events.post(message);
    this.ping();
  }

  /** The host said something, whatever it was. */
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
