// @vitest-environment jsdom
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  blobOf,
  chooseEncoding,
  fitWithin,
  largestOriginal,
  maxSideLength,
  scaleImage,
} from '../../../extension/src/webview/chat/composer/imageScaler';
import { drawnOn, giveCanvas, setOpacity } from './canvas';

const side = fc.integer({ min: 1, max: 40_000 });

describe('an image', () => {
  it.each([
    [
      { width: 3136, height: 1568 },
      { width: 1568, height: 784 },
    ],
    [
      { width: 800, height: 600 },
      { width: 800, height: 600 },
    ],
    [
      { width: 1, height: 40_000 },
      { width: 1, height: 1568 },
    ],
  ])('of %j becomes one of %j', (before, after) => {
    expect(fitWithin(before, maxSideLength)).toEqual(after);
  });

  it('fits, keeps its shape to the pixel, and is never enlarged', () => {
    fc.assert(
      fc.property(side, side, (width, height) => {
        const after = fitWithin({ width, height }, maxSideLength);
        expect(Math.max(after.width, after.height)).toBe(Math.min(maxSideLength, Math.max(width, height)));
        expect(Math.min(after.width, after.height)).toBeGreaterThanOrEqual(1);
        const factor = Math.min(1, maxSideLength / Math.max(width, height));
        expect(Math.abs(after.width - width * factor)).toBeLessThanOrEqual(1);
        expect(Math.abs(after.height - height * factor)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('is sent without a loss unless that costs more than twice the bytes', () => {
    const png = { type: 'image/png', bytes: 100 };
    expect(chooseEncoding([{ type: 'image/webp', bytes: 60 }, png])).toBe(png);
    expect(chooseEncoding([{ type: 'image/webp', bytes: 30 }, png])).toMatchObject({ type: 'image/webp' });
    expect(chooseEncoding([{ type: 'image/jpeg', bytes: 20 }, { type: 'image/webp', bytes: 30 }, png])).toMatchObject({
      type: 'image/jpeg',
    });
    expect(chooseEncoding([])).toBeUndefined();
  });
});

describe('an image that goes to a model', () => {
  /** Image types that the browser can write, with the resulting sizes. */
  let writes: Record<string, number>;
  let tried: string[];
  let drawn: unknown[];
  let closed: number;

  beforeEach(() => {
    giveCanvas();
    setOpacity(255);
    [writes, tried, drawn, closed] = [{ 'image/png': 900, 'image/webp': 300, 'image/jpeg': 400 }, [], [], 0];
    opens({ width: 3136, height: 1568 });
    Object.defineProperty(HTMLCanvasElement.prototype, 'toBlob', {
      configurable: true,
      value(this: HTMLCanvasElement, done: (blob: Blob | null) => void, type: string) {
        tried.push(type);
        drawn.push([this.width, this.height, ...drawnOn(this)]);
        // Other types are written as PNG.
        const written = type in writes ? type : 'image/png';
        const length = writes[written];
        done(length === undefined ? null : new Blob(['x'.repeat(length)], { type: written }));
      },
    });
    Object.defineProperty(HTMLCanvasElement.prototype, 'toDataURL', {
      configurable: true,
      value(this: HTMLCanvasElement, type: string) {
        return `data:${type};${this.width}x${this.height}`;
      },
    });
  });

  afterEach(() => vi.unstubAllGlobals());

  function opens(size: { width: number; height: number }): void {
    vi.stubGlobal('createImageBitmap', () => Promise.resolve({ ...size, close: () => closed++ }));
  }

  function image(bytes: number, type = 'image/png'): Blob {
    return new Blob(['o'.repeat(bytes)], { type });
  }

  it('is drawn smaller, written as what is smallest, and has a small picture of itself', async () => {
    const scaled = await scaleImage(image(5000), 'shot.png');
    expect(scaled).toMatchObject({
      mediaType: 'image/webp',
      size: { width: 1568, height: 784 },
      from: { width: 3136, height: 1568 },
      thumbnail: 'data:image/png;64x32',
    });
    expect(atob(scaled.data)).toBe('x'.repeat(300));
    expect(tried).toEqual(['image/png', 'image/webp', 'image/jpeg']);
    expect(drawn[0]).toEqual([1568, 784, { kind: 'picture', width: 1568, height: 784 }]);
    expect(closed).toBe(1);
  });

  it('stays the original where that is small enough', async () => {
    opens({ width: 800, height: 600 });
    const scaled = await scaleImage(image(200, 'image/gif'), 'shot.gif');
    expect(scaled).toMatchObject({ mediaType: 'image/gif', size: { width: 800, height: 600 } });
    expect(scaled.from).toBeUndefined();
    expect(atob(scaled.data)).toBe('o'.repeat(200));
  });

  it('of a type that vendors do not accept is converted', async () => {
    opens({ width: 800, height: 600 });
    expect((await scaleImage(image(10, 'image/bmp'), 'shot.bmp')).mediaType).toBe('image/webp');
  });

  it('that one can see through is never made a JPEG', async () => {
    setOpacity(254);
    writes = { 'image/png': 900, 'image/jpeg': 10 };
    expect((await scaleImage(image(5000), 'shot.png')).mediaType).toBe('image/png');
    expect(tried).not.toContain('image/jpeg');
  });

  it('that is too large, broken or cannot be encoded is reported and released', async () => {
    const large = image(1);
    Object.defineProperty(large, 'size', { value: largestOriginal + 1024 * 1024 });
    await expect(scaleImage(large, 'huge.png')).rejects.toThrow('huge.png is 21.0 MB. Images can be up to 20 MB.');
    writes = {};
    await expect(scaleImage(image(5000), 'odd.png')).rejects.toThrow('odd.png could not be scaled down.');
    expect(closed).toBe(1);
    vi.stubGlobal('createImageBitmap', () => Promise.reject(new Error('bad')));
    await expect(scaleImage(image(1), 'broken.png')).rejects.toThrow('broken.png could not be read as an image.');
  });

  it('that came as text has all its bytes again', () => {
    const blob = blobOf(btoa('\u0000\u00ff'), 'image/png');
    expect([blob.type, blob.size]).toEqual(['image/png', 2]);
  });
});
