import * as l10n from '@vscode/l10n';
import { formatDecimal } from '../../../common/format';
// Scales images to the size that models use before they leave the webview.

/** Maximum length of the longest side in pixels. Vendors scale larger images down but count their full size. */
export const maxSideLength = 1568;
/** Bytes of an original. */
export const largestOriginal = 20 * 1024 * 1024;
const thumbnailSide = 64;

/** Types that every vendor accepts. */
const imageTypes = ['image/png', 'image/jpeg', 'image/webp', 'image/gif'];

export interface Size {
  width: number;
  height: number;
}

export interface ScaledImage {
  mediaType: string;
  /** Base64. */
  data: string;
  /** A data address. */
  thumbnail: string;
  size: Size;
  /** Set if the image was scaled. */
  from?: Size;
}

/** Rejects with a message for the user. */
export async function scaleImage(image: Blob, name: string): Promise<ScaledImage> {
  if (image.size > largestOriginal)
    throw new Error(l10n.t('{0} is {1} MB. Images can be up to 20 MB.', name, formatDecimal(image.size / 1024 / 1024, 1)));
  const bitmap = await createImageBitmap(image).catch(() => {
    throw new Error(l10n.t('{0} could not be read as an image.', name));
  });
  try {
    const before = { width: bitmap.width, height: bitmap.height };
    const size = fitWithin(before, maxSideLength);
    const isScaled = size.width !== before.width;
    const canvas = draw(bitmap, size);
    const encoded = await Promise.all(encodings(isOpaque(canvas)).map(async (type) => ({ type, blob: await encode(canvas, type) })));
    const original = !isScaled && imageTypes.includes(image.type) ? [{ type: image.type, blob: image }] : [];
    const candidates = [...original, ...encoded].flatMap(({ type, blob }) => (blob === null ? [] : [{ type, blob, bytes: blob.size }]));
    const chosen = chooseEncoding(candidates);
    if (chosen === undefined) throw new Error(l10n.t('{0} could not be scaled down.', name));
    return {
      mediaType: chosen.type,
      data: await base64Of(chosen.blob),
      thumbnail: draw(bitmap, fitWithin(before, thumbnailSide)).toDataURL('image/png'),
      size,
      ...(isScaled ? { from: before } : {}),
    };
  } finally {
    bitmap.close();
  }
}

/** Keeps the aspect ratio, with sides of at least one pixel. Never enlarges. */
export function fitWithin({ width, height }: Size, maxLength: number): Size {
  const factor = Math.min(1, maxLength / Math.max(width, height));
  const side = (pixels: number): number => Math.min(maxLength, Math.max(1, Math.round(pixels * factor)));
  return factor === 1 ? { width, height } : { width: side(width), height: side(height) };
}

/** Prefers small lossless images: text in screenshots stays sharp. */
export function chooseEncoding<T extends { type: string; bytes: number }>(candidates: readonly T[]): T | undefined {
  const smallest = least(candidates);
  const exact = least(candidates.filter(({ type }) => type === 'image/png' || type === 'image/gif'));
  return exact !== undefined && smallest !== undefined && exact.bytes <= smallest.bytes * 2 ? exact : smallest;
}

function least<T extends { bytes: number }>(candidates: readonly T[]): T | undefined {
  return candidates.reduce<T | undefined>((best, one) => (best === undefined || one.bytes < best.bytes ? one : best), undefined);
}

/** JPEG knows no transparency. */
function encodings(isOpaque: boolean): string[] {
  return ['image/png', 'image/webp', ...(isOpaque ? ['image/jpeg'] : [])];
}

function draw(bitmap: ImageBitmap, { width, height }: Size): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (context === null) throw new Error('This window cannot scale images.');
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, 0, 0, width, height);
  return canvas;
}

function isOpaque(canvas: HTMLCanvasElement): boolean {
  const pixels = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
  for (let at = 3; at < pixels.length; at += 4) if (pixels[at] !== 255) return false;
  return true;
}

function encode(canvas: HTMLCanvasElement, type: string): Promise<Blob | null> {
  // Browsers return PNG for types that they cannot write.
  return new Promise((resolve) => canvas.toBlob((blob) => resolve(blob?.type === type ? blob : null), type, 0.85));
}

function base64Of(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(typeof reader.result === 'string' ? reader.result.slice(reader.result.indexOf(',') + 1) : '');
    reader.onerror = () => reject(new Error(l10n.t('The file could not be read.')));
    reader.readAsDataURL(blob);
  });
}

export function blobOf(data: string, type: string): Blob {
  return new Blob([Uint8Array.from(atob(data), (character) => character.charCodeAt(0))], { type });
}
