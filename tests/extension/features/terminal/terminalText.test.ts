import { expect, test } from 'vitest';
import { commandText, failureMessage, OutputEnd, toolOutput } from '../../../../extension/src/features/terminal/terminalText';

function read(...pieces: string[]): string {
  const output = new OutputEnd();
  for (const piece of pieces) output.push(piece);
  return output.read();
}

test('Control sequences are removed, also if they arrive in pieces', () => {
  expect(read('\u001b]633;C\u0007\u001b[31mErr', 'or\u001b[', '0m\r\nline 2\r\n')).toBe('Error\nline 2');
});

test('A line that was drawn again has its last state', () => {
  expect(read('10 %\r50 %\r100 %\r\nDone\r\n')).toBe('100 %\nDone');
});

test('The end of a long output is kept', () => {
  const text = read(...Array.from({ length: 50_000 }, (_, index) => `line ${index}\n`));
  expect(text.startsWith('…\n')).toBe(true);
  expect(text.endsWith('line 49999')).toBe(true);
  expect(text.length).toBeLessThan(12_100);
});

test('The message has the command, its exit code, and its output', () => {
  expect(failureMessage('Explain', { commandLine: 'npm test', exitCode: 2, output: '```' })).toBe(
    'Explain\n\n````sh\nnpm test\n````\n\nExit code: 2\n\n````text\n```\n````',
  );
  expect(failureMessage('Explain', { commandLine: 'false', exitCode: 1, output: '' })).toBe('Explain\n\n```sh\nfalse\n```\n\nExit code: 1');
});

test('A command has its output, and its exit code if it is known', () => {
  expect(commandText({ commandLine: ' ls ', exitCode: 0, output: 'a.ts' })).toBe('$ ls\na.ts\nExit code: 0');
  expect(commandText({ commandLine: 'true', exitCode: undefined, output: '' })).toBe('$ true');
});

test('Output about another command is not used', () => {
  expect(toolOutput('Last command:\nls /a\nOutput:\nNo such file', 'ls /a')).toContain('No such file');
  expect(toolOutput('Last command:\ngit status', 'ls /a')).toBe('');
});
