// A canvas that records what is drawn, because jsdom has none. It replaces the browser's; no pixels are painted.
import { vi } from 'vitest';

export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Calls of a canvas, in order. */
export type Drawing =
  | { kind: 'fill'; color: string; boxes: readonly Box[] }
  | { kind: 'line'; color: string }
  | { kind: 'words'; color: string; font: string; words: string }
  | { kind: 'picture'; width: number; height: number };

class KeptPath {
  readonly boxes: Box[] = [];

  rect(left: number, top: number, width: number, height: number): void {
    this.boxes.push({ left, top, width, height });
  }
}

class KeptContext {
  fillStyle = '';
  strokeStyle = '';
  font = '';
  drawings: Drawing[] = [];

  constructor(readonly canvas: HTMLCanvasElement) {}

  clearRect(): void {
    this.drawings = [];
  }

  fill(path: KeptPath): void {
    this.drawings.push({ kind: 'fill', color: this.fillStyle, boxes: [...path.boxes] });
  }

  stroke(): void {
    this.drawings.push({ kind: 'line', color: this.strokeStyle });
  }

  fillText(words: string): void {
    this.drawings.push({ kind: 'words', color: this.fillStyle, font: this.font, words });
  }

  drawImage(_picture: unknown, _left: number, _top: number, width: number, height: number): void {
    this.drawings.push({ kind: 'picture', width, height });
  }

  /** One pixel represents all. */
  getImageData(): { data: readonly number[] } {
    return { data: [0, 0, 0, opacity] };
  }

  beginPath(): void {}
  moveTo(): void {}
  lineTo(): void {}
  clip(): void {}
  save(): void {}
  restore(): void {}
  translate(): void {}
  setLineDash(): void {}
}

let opacity = 255;

/** Sets the opacity of images, from 0 to 255. */
export function setOpacity(alpha: number): void {
  opacity = alpha;
}

const contexts = new WeakMap<HTMLCanvasElement, KeptContext>();

/** Call before the page under test is loaded, because its drawing library may access the canvas immediately. */
export function giveCanvas(): void {
  vi.stubGlobal('Path2D', KeptPath);
  vi.stubGlobal('matchMedia', () => new EventTarget());
  Object.defineProperty(HTMLCanvasElement.prototype, 'getContext', {
    configurable: true,
    value(this: HTMLCanvasElement): KeptContext {
      const context = contexts.get(this) ?? new KeptContext(this);
      contexts.set(this, context);
      return context;
    },
  });
}

/** Returns what was drawn since the canvas was cleared. */
export function drawnOn(canvas: HTMLCanvasElement | null): readonly Drawing[] {
  return (canvas === null ? undefined : contexts.get(canvas))?.drawings ?? [];
}
