import { expect, test } from 'vitest';
import { SidecarLines, maskTrace, maskedChannel } from '../../../extension/src/infrastructure/logging';

test('Each line of the sidecar keeps its own level', () => {
  const lines = new SidecarLines();
  const levels = ['trce: a', 'dbug: b', 'info: c', 'warn: d', 'fail: e', 'crit: f'].map((line) => lines.read(line));
  expect(levels.map(({ level, text }) => `${level} ${text}`)).toEqual(['trace a', 'debug b', 'info c', 'warn d', 'error e', 'error f']);
});

test('A line without a level belongs to the entry before it', () => {
  const lines = new SidecarLines();
  expect(lines.read('Hello').level).toBe('info');
  lines.read('fail: It broke');
  expect(lines.read('      at Somewhere')).toEqual({ level: 'error', text: '      at Somewhere', begins: false });
  expect(lines.read('note: not a level of ours').level).toBe('error');
});

test('The last output of a process that ended by an exception is an error', () => {
  expect(new SidecarLines().read('Unhandled exception. System.IO.IOException: No space left')).toMatchObject({
    level: 'error',
    begins: true,
  });
});

test('The trace of a vault call keeps its first line and loses the secret', () => {
  for (const head of [
    "Sending request 'vault/store - (3)'.",
    "Received response 'vault/store - (3)' in 2ms.",
    "Received notification 'vault/changed'.",
    "Sending response 'vault/x - (1)'. Processing request took 1ms",
  ]) {
    expect(maskTrace(`${head}\nParams: {"secret": "sk-1"}`)).toBe(`${head} (masked)`);
  }
});

test('The trace of another call stays whole', () => {
  const entry = `Sending request 'message/send - (4)'.\nParams: {"text": "what is 'vault/store'?"}`;
  expect(maskTrace(entry)).toBe(entry);
});

test('A trace in JSON carries nothing of the message', () => {
  const entry = JSON.stringify({
    isLSPMessage: true,
    type: 'send-request',
    message: { method: 'vault/store', params: { secret: 'sk-1' } },
  });
  expect(maskTrace(entry)).not.toContain('sk-1');
  expect(maskTrace(entry)).toContain('send-request');
});

test('A masked channel writes nothing unmasked, whichever method is used', () => {
  const written: string[] = [];
  const write = (text: string): void => {
    written.push(text);
  };
  const channel = {
    logLevel: 1,
    name: 'Plue',
    trace: write,
    debug: write,
    info: write,
    warn: write,
    error: write,
    append: write,
    appendLine: write,
  };
  const masked = maskedChannel(channel);
  const entry = "Sending request 'vault/unlock - (1)'.\nParams: sk-1";
  for (const method of ['trace', 'debug', 'info', 'warn', 'error', 'append', 'appendLine'] as const) masked[method](entry);
  expect(written).toHaveLength(7);
  expect(written.join()).not.toContain('sk-1');
  expect(masked.name).toBe('Plue');
});
