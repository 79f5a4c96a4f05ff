import { describe, expect, it } from 'vitest';
import { LineInput } from '../../../../extension/src/features/terminal/lineInput';

function typed(...keys: string[]) {
  const input = new LineInput();
  return keys.map((key) => input.type(key));
}

describe('LineInput', () => {
  it('sends a line at Enter and shows what is typed', () => {
    expect(typed('a', 'b', '\r').map(({ echo, lines }) => [echo, lines])).toEqual([
      ['a', []],
      ['b', []],
      ['\r\n', ['ab']],
    ]);
  });

  it('splits a paste into its lines and keeps the last one for editing', () => {
    const [pasted, end] = typed('\u001b[200~one\r\ntwo\r\nth\u001b[201~', 'ree\r');
    expect(pasted?.lines).toEqual(['one', 'two']);
    expect(end?.lines).toEqual(['three']);
  });

  it('deletes whole characters, and the line with Ctrl+U', () => {
    expect(typed('a😀', '\u007f', '\u007f', '\u007f', 'b\r').map(({ echo }) => echo)).toEqual(['a😀', '\b \b', '\b \b', '', 'b\r\n']);
    expect(typed('abc', '\u0015', 'd\r').at(-1)?.lines).toEqual(['d']);
  });

  it('stops at Ctrl+C and ignores keys that need a terminal', () => {
    expect(typed('\u0003')[0]).toEqual({ echo: '', lines: [], isStop: true });
    expect(typed('\u001b[A\u001bOP\u001b[1;5C\u0007')[0]).toEqual({ echo: '', lines: [], isStop: false });
  });
});
