import { expect, it } from 'vitest';
import { commandsIn } from '../../../../extension/src/features/chat/runInTerminal';

it.each([
  ['npm test\n', 'npm test'],
  ['cd src\nls\n', 'cd src\nls'],
  ['$ npm test\nok 1\n$ npm run build\n', 'npm test\nnpm run build'],
  ['echo a\n$ b\n', 'echo a\n$ b'],
])('runs the commands of %j without prompts and output', (text, commands) => {
  expect(commandsIn(text)).toBe(commands);
});
