import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { characterClasses } from '../../../extension/src/common/visibleText';

const path = 'server/Plue.Server/Platform/UnicodeRanges.cs';

it("the sidecar's table of hidden characters matches the Unicode version of Node", () => {
  if (process.env['UPDATE'] === '1') writeFileSync(path, rendered());
  const stored = readFileSync(path, 'utf8');
  if (versionOf(stored) === process.versions['unicode']) expect(stored).toBe(rendered());
  else for (const [name, expression] of Object.entries(characterClasses)) expectStable(rangesIn(stored, name), expression);
});

/** Another Unicode version may add characters, but never removes these properties from a character. */
function expectStable(ranges: readonly [number, number][], expression: string): void {
  const characterClass = new RegExp(`^${expression}`, 'u');
  const isSmaller = Number(process.versions['unicode']) < Number(versionOf(readFileSync(path, 'utf8')));
  const lost = ranges.flatMap(([first, last]) => [first, last]).filter((value) => !characterClass.test(String.fromCodePoint(value)));
  expect(isSmaller ? [] : lost).toEqual([]);
}

function versionOf(text: string): string | undefined {
  return /UnicodeVersion = "([\d.]+)"/.exec(text)?.[1];
}

function rangesIn(text: string, name: string): [number, number][] {
  const body = new RegExp(`${pascal(name)} =>\\s*\\[([^\\]]*)\\]`).exec(text)?.[1] ?? '';
  const values = [...body.matchAll(/0x([0-9A-F]+)/g)].map((match) => Number.parseInt(match[1] ?? '', 16));
  return values.flatMap((first, at): [number, number][] => (at % 2 === 0 ? [[first, values[at + 1] ?? first]] : []));
}

function rangesOf(expression: string): [number, number][] {
  const characterClass = new RegExp(`^${expression}`, 'u');
  const found: [number, number][] = [];
  for (let value = 0; value <= 0x10ffff; value++) {
    if (value >= 0xd800 && value <= 0xdfff) continue;
    if (!characterClass.test(String.fromCodePoint(value))) continue;
    const last = found.at(-1);
    if (last?.[1] === value - 1) last[1] = value;
    else found.push([value, value]);
  }
  return found;
}

function rendered(): string {
  const properties = Object.entries(characterClasses).map(([name, expression]) => {
    const pairs = rangesOf(expression).map(([first, last]) => `0x${hex(first)}, 0x${hex(last)},`);
    const lines = Array.from({ length: Math.ceil(pairs.length / 8) }, (_, at) => `        ${pairs.slice(at * 8, at * 8 + 8).join(' ')}`);
    return `    public static ReadOnlySpan<int> ${pascal(name)} =>\n    [\n${lines.join('\n')}\n    ];\n`;
  });
  return `namespace Plue.Server.Platform;

/// <summary>
/// Ranges of characters by their properties, which .NET does not know: pairs of first and last, in order. Generated from visibleText.ts with Node's Unicode data
/// by <c>UPDATE=1 npx vitest run tests/extension/webview/unicodeRanges.test.ts</c>.
/// </summary>
internal static class UnicodeRanges
{
    public const string UnicodeVersion = "${process.versions['unicode'] ?? ''}";

${properties.join('\n')}
    public static bool Contains(ReadOnlySpan<int> ranges, int value)
    {
        var at = ranges.BinarySearch(value);
        // Inside a range, or at its start or end.
        return at >= 0 || (~at & 1) == 1;
    }
}
`;
}

function pascal(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function hex(value: number): string {
  return value.toString(16).toUpperCase().padStart(4, '0');
}
