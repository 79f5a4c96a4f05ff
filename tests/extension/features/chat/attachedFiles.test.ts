import { mkdirSync, mkdtempSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { beforeEach, describe, expect, it } from 'vitest';
import { Uri as RealUri, type FileSystemProvider } from 'vscode';
import { openAttached, openImage, registerImages } from '../../../../extension/src/features/chat/attachedFiles';
import { attachmentRead } from '../../../../extension/src/protocol/protocol.generated';
import { FakeSidecar } from '../../testing/fakeSidecar';
import { answers, executed, fileSystems, opened, Range, reset, selections, shown, Uri, workspace } from '../../testing/vscode';

const home = realpathSync(mkdtempSync(join(tmpdir(), 'plue-attached-')));
const folder = join(home, 'work');
mkdirSync(folder);
for (const name of ['work/a.ts', 'work/..b.ts', 'secret.txt']) writeFileSync(join(home, name), '');
symlinkSync(join(home, 'secret.txt'), join(folder, 'link.txt'));

beforeEach(() => {
  reset();
  workspace.workspaceFolders = [{ uri: Uri.file(folder) }];
});

describe('a file that went with a message', () => {
  it('opens where it lies, at its lines', async () => {
    await openAttached('a.ts', { start: 3, end: 5 });
    await openAttached('a.ts', undefined);
    await openAttached('..b.ts', undefined);
    expect(opened).toEqual([join(folder, 'a.ts'), join(folder, 'a.ts'), join(folder, '..b.ts')]);
    expect(selections).toEqual([new Range(2, 0, 4, Number.MAX_SAFE_INTEGER), undefined, undefined]);
    expect(shown).toEqual([]);
  });

  it('outside of the workspace opens only with consent, on any path', async () => {
    for (const path of [join(home, 'secret.txt'), '../secret.txt', 'link.txt']) {
      await openAttached(path, undefined);
      expect(shown.at(-1)).toMatchObject({ text: `${join(home, 'secret.txt')} is outside the workspace folder.`, buttons: ['Open'] });
    }
    expect(opened).toEqual([]);
    answers.push('Open');
    await openAttached('link.txt', undefined);
    expect(opened).toEqual([join(home, 'secret.txt')]);
  });

  it('is asked about where no folder is open, and has no place there without its root', async () => {
    workspace.workspaceFolders = undefined;
    await openAttached(join(folder, 'a.ts'), undefined);
    await openAttached('a.ts', undefined);
    expect(shown.map(({ text }) => text)).toEqual([
      `${join(folder, 'a.ts')} is outside the workspace folder.`,
      'The file a.ts no longer exists.',
    ]);
    expect(opened).toEqual([]);
  });

  it('that is gone is missed in a sentence', async () => {
    await openAttached('gone.ts', undefined);
    expect(shown.map(({ text }) => text)).toEqual(['The file gone.ts no longer exists.']);
  });

  it('is left alone in a folder that is not trusted', async () => {
    workspace.isTrusted = false;
    await openAttached('a.ts', undefined);
    expect(shown.map(({ text }) => text)).toEqual(['The folder isn’t trusted, so Plue won’t open its files.']);
    expect(opened).toEqual([]);
  });
});

describe('an image of a chat', () => {
  const address = RealUri.from({ scheme: 'plue-image', path: '/photo.png', query: 'blob-1' });

  it('opens in VS Code’s own viewer under its name, regardless of the path in it', async () => {
    await openImage('blob-1', '../../photo.png');
    expect(executed).toEqual([['vscode.open', address, { viewColumn: -1, preview: true }]]);
  });

  it('is read from what the chat keeps of it, and from no file', async () => {
    const sidecar = new FakeSidecar().answer(attachmentRead, () => ({ mediaType: 'image/png', data: btoa('pixels') }));
    registerImages(sidecar);
    const images = v.parse(
      v.custom<FileSystemProvider>(() => true),
      fileSystems.get('plue-image'),
    );
    expect(new TextDecoder().decode(await images.readFile(address))).toBe('pixels');
    expect(await images.stat(address)).toMatchObject({ type: 1, size: 6 });
    expect(sidecar.asked.at(-1)?.params).toEqual({ blob: 'blob-1' });
    expect(images.readDirectory(address)).toEqual([]);
  });

  it('takes no change', () => {
    registerImages(new FakeSidecar());
    const images = v.parse(
      v.custom<FileSystemProvider>(() => true),
      fileSystems.get('plue-image'),
    );
    const options = { create: true, overwrite: true, recursive: true };
    for (const change of [
      () => images.writeFile(address, new Uint8Array(), options),
      () => images.delete(address, options),
      () => images.rename(address, address, options),
      () => images.createDirectory(address),
    ])
      expect(change).toThrow('No permissions');
  });
});
