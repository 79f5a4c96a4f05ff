// Images in messages. Each is requested once through the panel, and the most recent ones are cached.

/** Types that the page shows as images; others show only their name. */
const drawable = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp']);

const maxKept = 24;

export class Blobs {
  /** Data URLs; undefined for images that are not available. */
  private readonly known = new Map<string, string | undefined>();
  private readonly waiting = new Map<string, ((address: string | undefined) => void)[]>();

  constructor(private readonly ask: (blob: string) => void) {}

  /** Calls back with the URL of an image, or undefined if it is not available. */
  read(blob: string, callback: (address: string | undefined) => void): void {
    if (this.known.has(blob)) {
      callback(this.known.get(blob));
      return;
    }
    const others = this.waiting.get(blob);
    if (others === undefined) {
      this.waiting.set(blob, [callback]);
      this.ask(blob);
    } else others.push(callback);
  }

  take(blob: string, mediaType: string | undefined, data: string | undefined): void {
    const address =
      mediaType !== undefined && data !== undefined && drawable.has(mediaType) ? `data:${mediaType};base64,${data}` : undefined;
    this.known.set(blob, address);
    for (const oldest of [...this.known.keys()].slice(0, -maxKept)) this.known.delete(oldest);
    const waiting = this.waiting.get(blob) ?? [];
    this.waiting.delete(blob);
    for (const callback of waiting) callback(address);
  }
}
