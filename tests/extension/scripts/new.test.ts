import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

// A C# test checks that the examples compile and pass, because they are part of that project.
const parts = [
  'server/Plue.Server/Providers/ProviderKinds.cs',
  'server/Plue.Server/Providers/ProviderFactory.cs',
  'server/Plue.Server/Templates/ToolNames.cs',
  'server/Plue.Server/Tools/BuiltInTools.cs',
  'templates/llm-provider.json5',
  'docs/providers.md',
  'docs/permissions.md',
];
// Each test starts Node several times.
vi.setConfig({ testTimeout: 60_000 });

let checkout: string;

beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), 'plue-new-'));
  for (const part of parts) cpSync(part, join(checkout, part));
});

afterEach(() => rmSync(checkout, { recursive: true }));

const begin = (...args: string[]): string =>
  execFileSync(process.execPath, ['scripts/new.mjs', ...args, '--into', checkout], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const refusal = (...args: string[]): string =>
  spawnSync(process.execPath, ['scripts/new.mjs', ...args, '--into', checkout], { encoding: 'utf8' }).stderr;
const read = (path: string): string => readFileSync(join(checkout, path), 'utf8');

test('A provider is its files and a line in each place where providers are listed', () => {
  begin('provider', 'my-vendor');
  const source = read('server/Plue.Server/Providers/MyVendor/MyVendorProvider.cs');
  expect(source).toContain('namespace Plue.Server.Providers.MyVendor;');
  expect(source).toContain('internal sealed class MyVendorProvider : IProvider');
  expect(read('tests/Plue.Server.Tests/Providers/MyVendorProviderTests.cs')).toContain('protected override string Kind => "my-vendor";');
  expect(read('server/Plue.Server/Providers/ProviderKinds.cs')).toContain(
    'public const string MyVendor = "my-vendor";\n    public const string Tour',
  );
  expect(read('server/Plue.Server/Providers/ProviderKinds.cs')).toContain('new(MyVendor, "My Vendor", ');
  expect(read('server/Plue.Server/Providers/ProviderFactory.cs')).toContain('using Plue.Server.Providers.MyVendor;\n\nnamespace');
  expect(read('server/Plue.Server/Providers/ProviderFactory.cs')).toContain('ProviderKinds.MyVendor => new MyVendorProvider(');
  expect(read('templates/llm-provider.json5').match(/"my-vendor", /gu)).toHaveLength(2);
  expect(everything()).not.toMatch(/\bExample(?:Provider|Tool)|"example"/u);
});

test('Creates the files of a tool, its description, and an entry in two lists', () => {
  begin('tool', 'count_words');
  expect(read('server/Plue.Server/Tools/CountWordsTool.cs')).toContain('public string Name => "count_words";');
  expect(read('tests/Plue.Server.Tests/Tools/CountWordsToolTests.cs')).toContain('private readonly CountWordsTool tool');
  expect(read('prompts/tool-count_words.md')).toContain('Tool description of count_words that is sent to the model.');
  expect(read('server/Plue.Server/Templates/ToolNames.cs')).toContain('new("count_words", ');
  expect(read('server/Plue.Server/Tools/BuiltInTools.cs')).toContain('("count_words", text => new CountWordsTool(text)),');
  expect(everything()).not.toMatch(/\bExample(?:Provider|Tool)|"example"/u);
});

test('A name of another form, and one that there is already, change nothing', () => {
  const before = everything();
  expect(refusal('tool', 'Count-Words')).toContain('small letters, digits and underscores');
  expect(refusal('thing', 'x')).toContain('npm run new -- provider NAME');
  expect(everything()).toBe(before);
  begin('tool', 'twice');
  const once = everything();
  expect(refusal('tool', 'twice')).toContain('already');
  expect(everything()).toBe(once);
});

test('Where a list looks otherwise nothing is written', () => {
  rmSync(join(checkout, 'server/Plue.Server/Tools/BuiltInTools.cs'));
  cpSync('README.md', join(checkout, 'server/Plue.Server/Tools/BuiltInTools.cs'));
  expect(refusal('tool', 'late')).toContain('Fix scripts/new.mjs');
  expect(existsSync(join(checkout, 'server/Plue.Server/Tools/LateTool.cs'))).toBe(false);
});

function everything(): string {
  const files = readdirSync(checkout, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map((file) => readFileSync(join(file.parentPath, file.name), 'utf8')).join('\n');
}
