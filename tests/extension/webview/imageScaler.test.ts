import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseEncoding, fitWithin, longestSide } from '../../../extension/src/webview/chat/imageScaler';

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
    expect(fitWithin(before, longestSide)).toEqual(after);
  });

  it('fits, keeps its shape to the pixel, and is never enlarged', () => {
    fc.assert(
      fc.property(side, side, (width, height) => {
        const after = fitWithin({ width, height }, longestSide);
        expect(Math.max(after.width, after.height)).toBe(Math.min(longestSide, Math.max(width, height)));
        expect(Math.min(after.width, after.height)).toBeGreaterThanOrEqual(1);
        const factor = Math.min(1, longestSide / Math.max(width, height));
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
