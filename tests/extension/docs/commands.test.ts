// Runs every command in the documents as written, in order, with one home for each document.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { guides, type Block } from './documents';
import { notRun } from './notRun';
import { DocumentShell, extendTimeouts, hasDocumentShell } from './shell';

extendTimeouts();

/** Variables that a block exports apply to the blocks after it, as in a reader's shell. */
const remembered = 'if [ -f "$TMPDIR/exported" ]; then . "$TMPDIR/exported"; fi';
const remember = 'export -p > "$TMPDIR/exported"';

const isShell = ({ language, text }: Block): boolean => language === 'sh' && !text.startsWith('#!');

/** Returns the lines of a block; lines continued with a backslash are joined. */
const linesOf = (block: Block): string[] =>
  block.text
    .replaceAll(/\\\n/g, '\\\u0000')
    .split('\n')
    .map((line) => line.replaceAll('\u0000', '\n'));

const isLeftOut = (line: string): boolean =>
  !line.trim().startsWith('npm run -s plue -- ') &&
  notRun.some(({ begins }) => line.trim() === begins || line.trim().startsWith(`${begins} `));

/** Returns the lines to run; none for a block that contains only comments. */
const linesToRun = (block: Block): string[] => {
  const lines = linesOf(block).filter((line) => !isLeftOut(line));
  return lines.some((line) => line.trim() !== '' && !line.trim().startsWith('#')) ? lines : [];
};

for (const document of guides.filter(({ blocks }) => blocks.some((block) => isShell(block) && linesToRun(block).length > 0))) {
  describe.runIf(hasDocumentShell)(document.path, () => {
    let shell: DocumentShell;
    beforeAll(async () => {
      shell = await DocumentShell.start();
      for (const { file, text } of document.blocks) if (file !== undefined) shell.writeHome(file, text);
    });
    afterAll(() => shell.stop());

    for (const block of document.blocks.filter(isShell)) {
      const lines = linesToRun(block);
      if (lines.length === 0) continue;
      test(`The commands of line ${block.line} end well`, async () => {
        const { code, output, error } = await shell.run([remembered, ...lines, remember].join('\n'));
        expect({ code, said: code === 0 ? '' : `${output}${error}` }).toEqual({ code: 0, said: '' });
      });
    }
  });
}
