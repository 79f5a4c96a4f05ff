// Detects a lost extension host. A ping follows every message, and the host replies to it.

/** Seconds without a message before a ping is sent. */
export const pingAfter = 5;
/** Timeout for the reply to a ping, in seconds. */
export const pingTimeout = 10;

export interface HostLinkEvents {
  post(message: unknown): void;
  /** A ping is waiting for a reply, or no longer is. */
  asked(isAsked: boolean): void;
  /** The host is lost, or responds again. */
  changed(isLost: boolean): void;
}

export class HostLink {
  private isAsked = false;
  private isLost = false;
  private rest = 0;
  /** Counted in ticks instead of measured, because the machine may sleep. */
  private silence = 0;

  constructor(private readonly events: HostLinkEvents) {}

  send(message: unknown): void {
    this.events.post(message);
    this.ping();
  }

  /** Call when a message from the host was received. */
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

  /** Call once per second. */
  tick(): void {
    this.rest++;
    if (this.isAsked) this.silence++;
    if (this.rest >= pingAfter) this.ping();
    if (this.silence < pingTimeout || this.isLost) return;
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
