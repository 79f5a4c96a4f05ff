import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { imageTypeOf, readImage } from '../../../../extension/src/features/chat/workspaceImage';
import { Uri, workspace } from '../../testing/vscode';

const png = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3]);
let outside: string;
let folder: string;

beforeAll(() => {
  outside = mkdtempSync(join(tmpdir(), 'plue-image-'));
  folder = join(outside, 'workspace');
  mkdirSync(folder);
  writeFileSync(join(folder, 'a.png'), png);
  writeFileSync(join(folder, 'secrets.png'), 'KEY=1');
  writeFileSync(join(outside, 'b.png'), png);
  symlinkSync(join(outside, 'b.png'), join(folder, 'link.png'));
});
beforeEach(() => {
  workspace.workspaceFolders = [{ uri: Uri.file(folder) }];
});
afterAll(() => rmSync(outside, { recursive: true, force: true }));

describe('an image of the workspace', () => {
  it('is read with its kind', async () => {
    expect(await readImage('a.png', false)).toEqual({ mediaType: 'image/png', data: png });
  });

  it.each(['../b.png', 'link.png', ''])('is not read from outside by %j without consent of the user', async (path) => {
    await expect(readImage(path, false)).rejects.toThrow('outside the workspace folder');
  });

  it('is read from outside with consent of the user', async () => {
    expect((await readImage(join(outside, 'b.png'), true)).data).toEqual(png);
  });

  it('is nothing else that is called so', async () => {
    await expect(readImage('secrets.png', false)).rejects.toThrow('is not a PNG');
    await expect(readImage('gone.png', false)).rejects.toThrow('no longer exists');
  });

  it.each([
    [[0xff, 0xd8, 0xff, 0xe0], 'image/jpeg'],
    [[...Buffer.from('GIF89a')], 'image/gif'],
    [[...Buffer.from('RIFF1234WEBPVP8 ')], 'image/webp'],
    [[...Buffer.from('RIFF1234WAVEfmt ')], undefined],
    [[], undefined],
  ])('of the bytes %j is %s', (bytes, expected) => {
    expect(imageTypeOf(Uint8Array.from(bytes))).toBe(expected);
  });
});
