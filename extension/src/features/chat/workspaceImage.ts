// Reads an image for the webview, which scales it.
import { open } from 'node:fs/promises';
import * as l10n from '../../infrastructure/localizedText';
import { findFile } from '../../infrastructure/workspaceFolders';
import { formatDecimal } from '../../common/format';

/** In bytes. */
const largestImage = 20 * 1024 * 1024;

/**
 * Reads only images: the webview shows model output, so its requests are not trusted.
 * @param allowOutside True if the user allowed it.
 * @throws Error with a message for the user.
 */
export async function readImage(path: string, allowOutside: boolean): Promise<{ mediaType: string; data: Buffer }> {
  const found = await findFile(path);
  if (found === undefined) throw new Error(l10n.t('{0} no longer exists.', path));
  if (!allowOutside && !found.isInside) throw new Error(l10n.t('{0} is outside the workspace folder.', path));
  const file = await open(found.real, 'r');
  try {
    const { size } = await file.stat();
    if (size > largestImage)
      throw new Error(l10n.t('{0} is {1} MB. Images can be up to 20 MB.', path, formatDecimal(size / 1024 / 1024, 1)));
    const data = await file.readFile();
    const mediaType = imageTypeOf(data);
    if (mediaType === undefined) throw new Error(l10n.t('{0} is not a PNG, JPEG, GIF or WebP image.', path));
    return { mediaType, data };
  } finally {
    await file.close();
  }
}

/** Detects the type by the first bytes instead of the name. */
export function imageTypeOf(data: Uint8Array): string | undefined {
  const text = String.fromCharCode(...data.subarray(0, 12));
  if (text.startsWith('\u0089PNG\r\n\u001a\n')) return 'image/png';
  if (text.startsWith('\u00ff\u00d8\u00ff')) return 'image/jpeg';
  if (/^GIF8[79]a/u.test(text)) return 'image/gif';
  return text.startsWith('RIFF') && text.slice(8) === 'WEBP' ? 'image/webp' : undefined;
}
