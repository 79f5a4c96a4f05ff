// `npm run new -- provider NAME` and `npm run new -- tool NAME`: creates files from the examples in scripts/new, which are built and tested with the C# tests.
// Writes the class, its test, and its descriptions, and adds its registrations. Changes nothing if a step fails.
//   --into FOLDER   uses another checkout
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { inRoot, root } from './lib/paths.mjs';
import { Stop, WrongOption, runMain, say } from './lib/progress.mjs';

/**
 * @typedef {{name: string, pascal: string, title: string}} Words `name` is for files and models, `pascal` for C#, `title` for users.
 * @typedef {object} Kind
 * @property {RegExp} name
 * @property {string} form Description of a valid name.
 * @property {(words: Words) => Record<string, string>} files Maps each new path to its example.
 * @property {(words: Words) => {file: string, before: string, line: string, isOptional?: boolean}[]} lines Lines to insert before a text in a file.
 * @property {string} next
 */

/** @type {Record<string, Kind>} */
const kinds = {
  provider: {
    name: /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/,
    form: 'small letters, digits and hyphens, as `my-vendor`',
    files: ({ pascal }) => ({
      [`server/Plue.Server/Providers/${pascal}/${pascal}Provider.cs`]: 'ExampleProvider.cs',
      [`tests/Plue.Server.Tests/Providers/${pascal}ProviderTests.cs`]: 'ExampleProviderTests.cs',
    }),
    lines: ({ name, pascal, title }) => [
      at(
        'server/Plue.Server/Providers/ProviderKinds.cs',
        '    public const string Tour =',
        `    public const string ${pascal} = "${name}";\n`,
      ),
      at(
        'server/Plue.Server/Providers/ProviderKinds.cs',
        '        new(Tour,',
        `        new(${pascal}, "${title}", [AuthType.ApiKey, AuthType.Oauth], "https://api.example.com/v1", TakesEndpoint: true),\n`,
      ),
      at(
        'server/Plue.Server/Providers/ProviderFactory.cs',
        '\nnamespace Plue.Server.Providers;',
        `using Plue.Server.Providers.${pascal};\n`,
      ),
      at(
        'server/Plue.Server/Providers/ProviderFactory.cs',
        '            ProviderKinds.Tour =>',
        `            ProviderKinds.${pascal} => new ${pascal}Provider(settings, secrets, http, time, credential),\n`,
      ),
      at('templates/llm-provider.json5', '"tour",\n      ],', `"${name}", `),
      at('templates/llm-provider.json5', '"external"],', `"${name}", `),
      {
        ...at(
          'docs/providers.md',
          '## A server that speaks Chat Completions',
          `## ${title}\n\n\`\`\`json5\n{ name: "${title}", provider_type: "${name}", model: "some-model", api_key_ref: "vault://${name}/api_key" }\n\`\`\`\n\n`,
        ),
        isOptional: true,
      },
    ],
    next: 'Set its address and its wire, then run `npm run update` and look at the difference. A catalog of its models and prices is a file in server/catalog.',
  },
  tool: {
    name: /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/,
    form: 'small letters, digits and underscores, as `count_words`',
    files: ({ name, pascal }) => ({
      [`server/Plue.Server/Tools/${pascal}Tool.cs`]: 'ExampleTool.cs',
      [`tests/Plue.Server.Tests/Tools/${pascal}ToolTests.cs`]: 'ExampleToolTests.cs',
      [`prompts/tool-${name}.md`]: 'tool-example.md',
    }),
    lines: ({ name, pascal }) => [
      at(
        'server/Plue.Server/Templates/ToolNames.cs',
        '        new("spawn_task",',
        `        new("${name}", "Says back what it was given.", MayChange: false),\n`,
      ),
      at('server/Plue.Server/Tools/BuiltInTools.cs', '        ("fetch",', `        ("${name}", text => new ${pascal}Tool(text)),\n`),
      { ...at('docs/permissions.md', '`fetch`,', `\`${name}\`, `), isOptional: true },
    ],
    next: 'Write the tool description for the model in prompts/ and for the user in ToolNames, then run `npm run update` and review the diff.',
  },
};

/** @param {string} file @param {string} before @param {string} line */
function at(file, before, line) {
  return { file, before, line };
}

await runMain(() => {
  const { values, positionals } = parseArgs({ options: { into: { type: 'string' } }, allowPositionals: true });
  const [what = '', name = ''] = positionals;
  const kind = kinds[what];
  if (!kind || positionals.length !== 2)
    throw new WrongOption('Say what to begin: `npm run new -- provider NAME` or `npm run new -- tool NAME`.');
  if (!kind.name.test(name)) throw new Stop(`The name of a ${what} has ${kind.form}.`);
  const parts = name.split(/[-_]/).map((part) => part.charAt(0).toUpperCase() + part.slice(1));
  const words = { name, pascal: parts.join(''), title: parts.join(' ') };
  const written = changesOf(kind, words, values.into ?? root);
  for (const [path, text] of written) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    say(path);
  }
  say(kind.next);
  return Promise.resolve();
});

/** Computes all changes before anything is written. @param {Kind} kind @param {Words} words @param {string} folder @returns {Map<string, string>} */
function changesOf(kind, words, folder) {
  /** @type {Map<string, string>} */
  const changes = new Map();
  for (const [file, example] of Object.entries(kind.files(words))) {
    const path = join(folder, file);
    if (existsSync(path)) throw new Stop(`There is ${path} already.`);
    changes.set(path, named(readFileSync(inRoot('scripts', 'new', example), 'utf8'), words));
  }
  for (const { file, before, line, isOptional } of kind.lines(words)) {
    const path = join(folder, file);
    const text = changes.get(path) ?? readFileSync(path, 'utf8');
    const place = text.indexOf(before);
    if (place < 0 && isOptional) continue;
    if (place < 0) throw new Stop(`${file} has no place for it: \`${before.trim()}\` is not there. Fix scripts/new.mjs.`);
    if (text.includes(line + before)) throw new Stop(`${file} has it already.`);
    changes.set(path, text.slice(0, place) + line + text.slice(place));
  }
  return changes;
}

/** @param {string} text @param {Words} words */
function named(text, { name, pascal }) {
  return text
    .replaceAll(/Example(?=Tool|Provider|;)/g, pascal)
    .replace('/// <summary>Example:', `/// <summary>${pascal}:`)
    .replaceAll('"example"', `"${name}"`)
    .replaceAll('tool-example.md', `tool-${name}.md`)
    .replace('Tool description of example ', `Tool description of ${name} `);
}
