// Data blocks in the documents are valid: each is parsed, and read by Plue itself.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { parseAllDocuments } from 'yaml';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { guides, root, type Block } from './documents';
import { DocumentShell, extendTimeouts, hasDocumentShell, list, record } from './shell';

extendTimeouts();

const blocks = guides.flatMap(({ path, blocks }) => blocks.map((block) => [`${path}:${block.line}`, block] as const));
const of = (...languages: string[]): (readonly [string, Block])[] => blocks.filter(([, { language }]) => languages.includes(language));

/** A part of a file is shown as members without braces. All JSON5 is JavaScript; Plue reports what is not JSON5. */
const valueOf = (text: string): unknown => runInNewContext(isPart(text) ? `({${text}})` : `(${text})`, {}, { timeout: 1000 });
const isPart = (text: string): boolean =>
  !text
    .replaceAll(/^\s*\/\/.*$/gm, '')
    .trim()
    .startsWith('{');

let shell: DocumentShell;
beforeAll(async () => {
  shell = await DocumentShell.start();
  for (const [, { file, text }] of blocks) if (file !== undefined) shell.writeHome(file, text);
});
afterAll(() => shell.stop());

test.runIf(hasDocumentShell).each(of('json'))('%s is JSON', async (_, { text }) => {
  const whole = text.trim();
  for (const one of whole.startsWith('{\n') || whole.startsWith('[') ? [whole] : whole.split('\n')) {
    if ('models' in record(JSON.parse(one))) await expectCatalog(text);
  }
});

test.each(of('yaml'))('%s is YAML', (_, { text }) => {
  expect(parseAllDocuments(text).flatMap(({ errors }) => errors)).toEqual([]);
});

test.runIf(hasDocumentShell).each(of('json5'))('%s is what Plue reads', async (where, { text }) => {
  const value = record(valueOf(text));
  const name = `shown-${where.replaceAll(/[^a-z0-9]+/gi, '-').toLowerCase()}`;
  if ('provider_type' in value) return expectNoFindings('providers', name, text);
  if ('mcpServers' in value) return expectServers(text, Object.keys(record(value['mcpServers'])));
  if ('id' in value && 'name' in value) return expectNoFindings('templates', String(value['id']), text);
  if ('automation' in value || 'budget' in value || 'candidates' in value || 'outputs' in value || 'permissions' in value) {
    const fields =
      'automation' in value
        ? 'fields: [{ name: "title", type: "text" }, { name: "status", type: "select", options: ["open", "done"] }],'
        : 'parent_template: "task",';
    return expectNoFindings(
      'templates',
      name,
      `{ id: "${name}", name: "Shown", ${fields} ${isPart(text) ? text : text.trim().slice(1, -1)} }`,
    );
  }
  // `ProvisioningTests` reads such files.
  if ('link' in value) return expect(Object.keys(value)).toEqual(['link', 'copy', 'run', 'timeout_s']);
  if ('allowed_providers' in value) return expectManagedPolicy(text);
  if ('allow' in value || 'deny' in value) return expectPolicy(text);
  return expectSettings(value);
});

test.runIf(hasDocumentShell).each(blocks.filter(([, { text }]) => text.startsWith('#!')))(
  'The program of %s is a provider',
  async (_, { text }) => {
    const program = shell.writeHome('providers/bin/program', text);
    const ask = async (request: object): Promise<Record<string, unknown>[]> => {
      const { code, output, error } = await shell.run(`chmod +x '${program}' && echo '${JSON.stringify(request)}' | '${program}'`);
      expect({ code, error }).toEqual({ code: 0, error: '' });
      return output
        .trim()
        .split('\n')
        .map((line) => record(JSON.parse(line)));
    };
    expect(await ask({ id: 'r1', action: 'authenticate', params: {} })).toEqual([expect.objectContaining({ success: true })]);
    expect(
      list((await ask({ id: 'r2', action: 'list_models', params: {} }))[0]?.['data']).map((model) => typeof record(model)['id']),
    ).toEqual(['string']);
    const chunks = await ask({
      id: 'r3',
      action: 'stream_chat',
      params: { model: 'm', messages: [{ role: 'user', content: 'Hello there' }] },
    });
    expect(chunks.map(({ type }) => type)).toEqual([...Array.from({ length: chunks.length - 1 }, () => 'content'), 'done']);
  },
);

async function expectManagedPolicy(text: string): Promise<void> {
  const path = shell.writeHome('managed-policy.json5', text);
  const { output } = await shell.run(`PLUE_MANAGED_POLICY='${path}' plue health --json || true`);
  const rows = list(record(JSON.parse(output))['rows']).map(record);
  expect(rows.find(({ name }) => name === 'Policy')).toMatchObject({ state: 'ok' });
}

/** Ignores what is missing only on this machine, such as a reader's provider. */
async function expectNoFindings(collection: 'providers' | 'templates', name: string, text: string): Promise<void> {
  shell.writeHome(`${collection}/${name}.json5`, text);
  const { output } = await shell.run('plue template check --json || true');
  const found = list(record(JSON.parse(output))['findings']).map(record);
  expect(
    found.filter(
      (finding) => JSON.stringify(finding).includes(name) && finding['code'] !== 'reference.machine' && finding['severity'] !== 'info',
    ),
  ).toEqual([]);
}

async function expectCatalog(text: string): Promise<void> {
  const file = shell.writeHome('shown.json', text);
  const { code, output, error } = await shell.run(`plue catalog validate '${file}'`);
  expect({ code, said: code === 0 ? '' : `${output}${error}` }).toEqual({ code: 0, said: '' });
}

async function expectServers(text: string, names: string[]): Promise<void> {
  shell.writeHome('mcp.json5', text);
  const { code, output, error } = await shell.run('plue mcp list --json');
  expect({ code, error }).toEqual({ code: 0, error: '' });
  for (const name of names) expect(output).toContain(`"${name}"`);
}

/** An invalid policy is a usage error; with a valid one, the next error is the missing template. */
async function expectPolicy(text: string): Promise<void> {
  const file = shell.writeHome('policy.json5', text);
  const { code, error } = await shell.run(`plue task run no-such-agent "Nothing" --policy '${file}'`);
  expect({ code, namesTemplate: error.includes('no-such-agent') }).toEqual({ code: 1, namesTemplate: true });
}

function expectSettings(value: Record<string, unknown>): void {
  const schema = record(valueOf(readFileSync(join(root, 'server', 'settings.json5'), 'utf8')));
  const names = list(schema['groups'])
    .flatMap((group) => list(record(group)['fields']))
    .map((field) => record(field)['name']);
  expect(Object.keys(value).filter((key) => !names.includes(key))).toEqual([]);
}
