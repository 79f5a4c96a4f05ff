import { expect, it } from 'vitest';
import { commandsIn, runInTerminal } from '../../../../extension/src/features/chat/runInTerminal';

it.each([
  ['npm test\n', 'npm test'],
  ['cd src\nls\n', 'cd src\nls'],
  ['$ npm test\nok 1\n$ npm run build\n', 'npm test\nnpm run build'],
  ['echo a\n$ b\n', 'echo a\n$ b'],
])('runs the commands of %j without prompts and output', (text, commands) => {
  expect(commandsIn(text)).toBe(commands);
});

it.each(['echo a\u202E', 'echo a\u001B[2K', 'ls\u0003', 'echo \u{E0072}m', 'true\rrm -rf .'])(
  'refuses %j, which does not look like what it does',
  (text) => {
    expect(() => runInTerminal(text)).toThrow('hidden characters');
  },
);
