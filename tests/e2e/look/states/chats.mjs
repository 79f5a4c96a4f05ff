// Chats with a local model: responses, approvals, popups, and failures.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inRoot } from '../../../../scripts/lib/paths.mjs';
import { dotnetRoot } from '../../../../scripts/lib/prerequisites.mjs';
import { ask, composer, drop, isStreaming, newChat, untilFinished } from '../../runner/chatPage.mjs';
import { writeLocalServer } from '../../runner/localServer.mjs';
import { pick } from '../../runner/prompts.mjs';
import { ScriptedEndpoint } from '../../runner/scriptedEndpoint.mjs';
import { closeEditors } from '../album.mjs';

export const views = ['chat', 'composer', 'header', 'search', 'usage', 'tree', 'approvals', 'review', 'trial', 'providers', 'servers'];

const maker = process.env.PLUE_CHAT_MAKER ?? inRoot('artifacts', 'bin', 'ChatMaker', 'debug', 'ChatMaker.dll');

const dot = 'iVBORw0KGgoAAAANSUhEUgAAABgAAAAYCAIAAABvFaqvAAAAH0lEQVR42mO44OBAFcQwatCoQaMGjRo0atCoQQNvEADSfPQfDNuN4QAAAABJRU5ErkJggg==';

const longName = 'a-file-with-a-very-long-name-that-nobody-would-choose-but-a-generator-does-all-the-time.generated.config.ts';

/** A response with all kinds of wide, long and unusual content. */
export const everything = `## Reading dates

The sum is $\\sum_{k=1}^{n} k = \\frac{n(n+1)}{2}$, and \`parse(text)\` costs **nothing**. See [the manual](https://example.org/manual).

$$
f(x) = \\int_0^1 \\sqrt{1 + x^2}\\,dx + \\sum_{k=1}^{n} \\frac{a_k b_k c_k d_k}{k!} + \\begin{pmatrix} a & b \\\\ c & d \\end{pmatrix} + \\prod_{i=1}^{m} (1 + x_i y_i z_i)
$$

| Name | Price | Says | Where it is used |
|:-----|------:|:-----|:-----|
| one  |     1 | $a_1$ | in src/date.js and nowhere else in this whole folder |
| two  |    20 | **bold** | ${longName} |

- [x] read
- [ ] write, ${'with_a_word_that_has_no_place_to_break_'.repeat(4)}
  1. first
  2. second

> A word of somebody else.

![a square](data:image/png;base64,${dot}) and ![a chart](https://charts.example.org/a.png?secret=1)

\`\`\`js src/date.js
export function parse(text) {
  if (text === '') return undefined; // a line that goes on and on, further than any window of this world is wide, and then a little
  return new Date(text);
}
\`\`\`

\`\`\`mermaid
flowchart LR
  A --> B
\`\`\`
`;

const dates = `export function isDate(year, month, day) {
  return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

export function isLeap(year) {
  return year % 4 === 0;
}
`;

const coder = `{
  id: "coder", name: "Coder", description: "Changes the folder.", version: "1.0.0", parent_template: "ai-chat",
  available_tools: ["read", "search", "edit", "write", "bash"],
}
`;

const firstEdit = { path: 'src/dates.js', old: 'day <= 31;', new: 'day <= daysOf(year, month);' };
const command = `printf "%s" "a\u202Eb" > hidden.txt && npm run build -- --with-an-argument-that-is-long --and=another-one-that-is-longer`;

/** @type {Record<string, import('../../runner/scriptedEndpoint.mjs').Reply[]>} */
const script = {
  everything: [{ text: everything, tokens: { input: 21_000, output: 900 } }],
  'Mend the days': [
    {
      text: 'I look for them.',
      calls: [
        { name: 'search', parameters: { query: 'isLeap' } },
        { name: 'read', parameters: { path: 'src/dates.js' } },
        { name: 'read', parameters: { path: 'src/none.js' } },
      ],
    },
    { text: 'The day is checked against 31.', calls: [{ name: 'edit', parameters: firstEdit }] },
    { text: 'Both functions are right now.' },
  ],
  'Run something': [{ text: 'I build it.', calls: [{ name: 'bash', parameters: { command } }] }, { text: 'It is built.' }],
};

/** @param {any} asked */
function replyOf(asked) {
  if (asked.tools === undefined && JSON.stringify(asked.messages).includes('title'))
    return { text: 'Dates that do not exist, and what to do about them' };
  const last = asked.messages.findLastIndex((/** @type {{role: string}} */ { role }) => role === 'user');
  const question = JSON.stringify(asked.messages[last]?.content ?? '');
  const rounds = Object.entries(script).find(([words]) => question.includes(words))?.[1];
  const done = asked.messages.slice(last).filter((/** @type {{role: string}} */ { role }) => role === 'assistant').length;
  return rounds?.[done] ?? { text: 'One word after the other, and then a few more. '.repeat(30) };
}

/** @param {import('../album.mjs').Album} album @param {import('../states.mjs').Open} open */
export async function photograph(album, open) {
  const endpoint = await new ScriptedEndpoint().start();
  // After the list of models was read, a chat with another one is refused.
  endpoint.models = ['gpt-5-mini', 'large-2'];
  endpoint.reply = replyOf;
  const workbench = await open({ prepare: (home) => furnish(home, endpoint) });
  try {
    await workbench.show();
    await workbench.command('View: Close Primary Side Bar');
    await pose(album, workbench, endpoint);
  } finally {
    await workbench.close();
    await endpoint.stop();
  }
}

/** @param {string} home @param {ScriptedEndpoint} endpoint */
function furnish(home, endpoint) {
  const write = (/** @type {string} */ path, /** @type {string} */ text) => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  };
  const workspace = join(home, '..', 'workspace');
  if (existsSync(maker))
    execFileSync(join(dotnetRoot(), 'dotnet'), [maker, 'make', home, '60', '6', '300'], { stdio: 'ignore', timeout: 120_000 });
  writeLocalServer(home, endpoint, { catalog_provider: 'openai', model: 'gpt-5-mini' });
  writeLocalServer(
    home,
    endpoint,
    {
      name: 'The server in the laboratory on the second floor, behind the kitchen',
      model: 'a-model-with-a-name-that-is-much-longer-than-it-would-have-to-be-q4_K_M',
    },
    'laboratory',
  );
  writeLocalServer(home, endpoint, { name: 'Gone', endpoint: 'http://127.0.0.1:9/v1' }, 'gone');
  writeLocalServer(home, endpoint, { name: 'Disabled', enabled: false }, 'off');
  write(join(home, 'config.json5'), '{ default_large: "house", default_small: "house" }');
  write(join(home, 'templates', 'coder.json5'), coder);
  write(
    join(home, 'templates', 'wild.json5'),
    coder.replaceAll('coder', 'wild').replace('version:', 'verzion: 1, available_tols: [], version:'),
  );
  write(
    join(home, 'prompts', 'review.md'),
    '---\ndescription: Look for mistakes in what is selected.\n---\nReview this of {{file}}:\n{{selection}}\n',
  );
  write(
    join(home, 'mcp.json5'),
    JSON.stringify({ mcpServers: { everything: { command: process.execPath, args: ['server.js', 'stdio'] } } }),
  );
  write(join(workspace, 'AGENTS.md'), 'Use tabs.\n');
  write(join(workspace, 'src', 'dates.js'), dates);
  write(join(workspace, 'src', longName), 'export {};\n');
  write(join(workspace, 'big.txt'), 'A line of a large file.\n'.repeat(15_000));
  write(join(home, '..', 'outside.txt'), 'Not of the folder.\n');
}

/** @param {import('../album.mjs').Album} album @param {import('../../runner/workbench.mjs').Workbench} workbench @param {ScriptedEndpoint} endpoint */
async function pose(album, workbench, endpoint) {
  const { page, chat } = workbench;
  const button = (/** @type {string | RegExp} */ name) => chat.getByRole('button', { name });
  const draft = () => chat.locator('.composer textarea');
  const halt = () => button('Stop (Escape)').click();
  const closeAll = () => closeEditors(workbench);
  /** Requests to the sidecar stay pending meanwhile. */
  const whileItSleeps = async (/** @type {() => Promise<void>} */ play) => {
    const pid = workbench.sidecarPid();
    process.kill(pid, 'SIGSTOP');
    await play().finally(() => process.kill(pid, 'SIGCONT'));
  };
  const fresh = async () => {
    await closeAll();
    await newChat(workbench);
  };
  await page.getByRole('button', { name: /Plue: House server/ }).waitFor({ timeout: 60_000 });
  await newChat(workbench);
  await album.learnThemes(workbench);

  await album.scene(['chat'], async () => {
    await album.take(workbench, 'chat', 'empty');
    endpoint.manner = 'answers slowly';
    await ask(workbench, 'Tell me of dates.');
    await isStreaming(workbench);
    await album.take(workbench, 'chat', 'streaming');
    await halt();
    await untilFinished(workbench);
    endpoint.manner = 'answers';
    await fresh();
    /** @type {(value: unknown) => void} */
    let release = () => {};
    endpoint.reply = async (asked) => {
      await new Promise((resolve) => (release = resolve));
      return replyOf(asked);
    };
    await ask(workbench, 'Will you answer?');
    await chat.locator('.activity, .waiting').filter({ hasText: 'Waiting' }).first().waitFor();
    await album.take(workbench, 'chat', 'waiting');
    endpoint.reply = replyOf;
    release(undefined);
    await untilFinished(workbench);
    await fresh();
    await ask(workbench, 'Show me everything that there is, please');
    await untilFinished(workbench);
    const toTop = () => chat.locator('.messages').evaluate((node) => (node.scrollTop = 0));
    const toEnd = () => chat.locator('.messages').evaluate((node) => (node.scrollTop = node.scrollHeight));
    await album.take(workbench, 'chat', 'full-top', { again: toTop });
    await album.take(workbench, 'chat', 'full-middle', { again: () => chat.locator('.table-block').first().scrollIntoViewIfNeeded() });
    await album.take(workbench, 'chat', 'full-end', { again: toEnd });
    await album.take(workbench, 'chat', 'find', {
      again: async () => {
        await page.keyboard.press('Escape');
        await composer(workbench).focus();
        await page.keyboard.press('Control+f');
        await chat.getByRole('textbox', { name: 'Find in chat' }).fill('date');
        await chat.locator('.find-count').filter({ hasText: 'of' }).waitFor();
      },
    });
    await page.keyboard.press('Escape');
    await fresh();
    endpoint.manner = 'sends a web page';
    await ask(workbench, 'Who is there?');
    await chat.locator('.failure').first().waitFor();
    await album.take(workbench, 'chat', 'failing');
    endpoint.manner = 'is overloaded';
    endpoint.retryAfter = 45;
    await fresh();
    await ask(workbench, 'Who is there?');
    await chat
      .getByText(/Retrying|Trying again/)
      .first()
      .waitFor();
    await album.take(workbench, 'chat', 'retrying');
    await halt();
    endpoint.manner = 'answers';
  });

  await album.scene(['header'], async () => {
    await fresh();
    await ask(workbench, 'Show me everything that there is, please');
    await untilFinished(workbench);
    const opens = (/** @type {string | RegExp} */ name) => async () => {
      await page.keyboard.press('Escape');
      await button(name).first().click();
    };
    await album.take(workbench, 'header', 'picker', { again: opens(/^Provider and model/) });
    await page.keyboard.press('Escape');
    await album.take(workbench, 'header', 'options', { again: opens(/^Response options/) });
    await page.keyboard.press('Escape');
    await album.take(workbench, 'header', 'context', {
      again: async () => {
        await page.mouse.move(5, 300);
        await button(/^Context: /).hover();
        await chat.getByRole('dialog', { name: 'Context' }).waitFor();
      },
    });
    await page.mouse.move(5, 300);
    await album.take(workbench, 'header', 'menu', { again: opens('Chat menu') });
    await page.keyboard.press('Escape');
    await album.take(workbench, 'header', 'instructions', { again: opens(/instruction sources/) });
    await page.keyboard.press('Escape');
    await album.take(workbench, 'header', 'rename', { again: opens(/^Chat title/) });
    await page.keyboard.press('Escape');
  });

  await album.scene(['composer'], async () => {
    await fresh();
    const completing = (/** @type {string} */ text) => async () => {
      await page.keyboard.press('Escape');
      await draft().fill('');
      await draft().click();
      await page.keyboard.type(text);
      await chat.getByRole('option').first().waitFor();
    };
    await album.take(workbench, 'composer', 'files', { again: completing('Why does @') });
    await album.take(workbench, 'composer', 'commands', { again: completing('/') });
    await page.keyboard.press('Escape');
    await draft().fill('');
    await drop(
      workbench,
      ['workspace/big.txt', `workspace/src/${longName}`, 'outside.txt', 'workspace/src'].map((path) => join(workbench.folder, path)),
    );
    await chat.getByText('Outside the workspace folder.').waitFor();
    await draft().fill('What do these say?\n'.repeat(5));
    await album.take(workbench, 'composer', 'attachments');
    await fresh();
    endpoint.manner = 'answers slowly';
    await ask(workbench, 'Take your time');
    await isStreaming(workbench);
    for (const text of [
      'First in the queue',
      'Second in the queue, which is so long that it can hardly be shown in one line of a narrow context',
    ]) {
      await draft().fill(text);
      await draft().press('Enter');
      await chat.getByRole('region', { name: 'Queued messages' }).getByText(text.slice(0, 12)).waitFor();
    }
    await album.take(workbench, 'composer', 'queue');
    await halt();
    await chat.getByText('Stopped.').first().waitFor();
    await album.take(workbench, 'composer', 'stopped');
    endpoint.manner = 'answers';
  });

  await album.scene(['chat', 'approvals', 'review'], async () => {
    await closeAll();
    const withTools = async (/** @type {string} */ question) => {
      await workbench.command('Plue: New Chat from Template');
      await pick(workbench, 'New Chat', 'Coder').catch(() =>
        page.locator('.quick-input-list .monaco-list-row').filter({ hasText: 'Coder' }).first().click(),
      );
      await button('Template: Coder').waitFor({ timeout: 60_000 });
      await ask(workbench, question);
    };
    await withTools('Mend the days');
    const card = chat.locator('.approvals:not(.is-fresh) .approval');
    await card.first().waitFor({ timeout: 60_000 });
    await album.take(workbench, 'chat', 'approval-of-an-edit');
    await card.first().getByRole('button', { name: 'Allow Once' }).click();
    await untilFinished(workbench);
    for (const call of await chat.locator('.tool-call summary, .tool-call > button').all()) await call.click().catch(() => {});
    await album.take(workbench, 'chat', 'tools-opened');
    if (album.wants('review')) {
      await button('Review src/dates.js')
        .or(button(/^Review/))
        .first()
        .click();
      await page.locator('.monaco-diff-editor .modified .view-line').first().waitFor();
      await album.takeWindow(workbench, 'review', 'one-change');
    }
    await closeAll();
    await withTools('Run something');
    await card.first().waitFor({ timeout: 60_000 });
    await album.take(workbench, 'chat', 'approval-of-a-command');
    if (album.wants('approvals')) {
      await workbench.command('View: Show Plue');
      await workbench.command('Plue: Show Approvals');
      await workbench.approvals.locator('.approvals:not(.is-fresh) .approval').first().waitFor();
      await album.take(workbench, 'approvals', 'one', { place: 'view' });
      for (let more = 0; more < 3; more++) await withTools('Run something');
      await workbench.until(async () => (await chat.locator('.approvals .approval').count()) > 0);
      await album.take(workbench, 'approvals', 'many-equal', { place: 'view' });
      await workbench.command('View: Close Primary Side Bar');
    }
  });

  await album.scene(['search'], async () => {
    await closeAll();
    await workbench.command('Plue: Search Chats');
    const box = chat.getByRole('searchbox', { name: 'Search all chats' });
    await box.fill('the');
    await chat.locator('.hit').first().waitFor();
    await chat.getByText('Searching…').waitFor({ state: 'detached' });
    await album.take(workbench, 'search', 'results');
    await box.fill('nobodysaidthis');
    await chat.getByText('No results found for').waitFor();
    await album.take(workbench, 'search', 'nothing-found');
    await whileItSleeps(async () => {
      await box.fill('dates');
      await chat.getByText('Searching…').waitFor();
      await album.take(workbench, 'search', 'loading');
    });
  });

  await album.scene(['usage'], async () => {
    await closeAll();
    await whileItSleeps(async () => {
      await workbench.command('Plue: Show Usage');
      await chat.getByText('Loading…').first().waitFor();
      await album.take(workbench, 'usage', 'loading');
    });
    await chat.getByRole('region', { name: 'Total' }).waitFor();
    await album.take(workbench, 'usage', 'full');
    await album.take(workbench, 'usage', 'full-end', {
      again: () => chat.locator('.usage-section').last().scrollIntoViewIfNeeded(),
    });
  });

  await album.scene(['trial'], async () => {
    await closeAll();
    await workbench.command('Plue: Preview Template');
    await page.locator('.quick-input-list .monaco-list-row').filter({ hasText: 'Coder' }).first().click();
    await chat.getByRole('heading', { name: 'Preview: Coder' }).waitFor({ timeout: 60_000 });
    await chat.getByRole('cell').first().waitFor();
    await album.take(workbench, 'trial', 'full');
    await closeAll();
    await workbench.command('Plue: Preview Template');
    await page.locator('.quick-input-list .monaco-list-row').filter({ hasText: 'Orchestrator' }).first().click();
    await chat.getByRole('heading', { name: 'Preview: Orchestrator' }).waitFor({ timeout: 60_000 });
    await chat.getByRole('cell').first().waitFor();
    await album.take(workbench, 'trial', 'agent');
  });

  await album.scene(['providers'], async () => {
    await closeAll();
    await whileItSleeps(async () => {
      await workbench.command('Plue: Manage Providers');
      await chat.getByText('Loading').and(chat.locator(':visible')).first().waitFor();
      await album.take(workbench, 'providers', 'loading');
    });
    await button(/^Test House server/)
      .first()
      .click();
    await chat
      .getByText(/^Connected/)
      .first()
      .waitFor();
    await album.take(workbench, 'providers', 'full');
    await button(/^Test Gone/)
      .first()
      .click();
    await chat.locator('.provider-name').filter({ hasText: 'Gone' }).click();
    await chat
      .getByText(/Nothing responds/)
      .first()
      .waitFor();
    await album.take(workbench, 'providers', 'failing');
    await button('Edit').first().click();
    await chat.getByRole('textbox', { name: 'Endpoint' }).waitFor();
    await album.take(workbench, 'providers', 'edit');
    await button('Cancel').click();
    await button('Add Provider').first().click();
    await button('Compare Prices').click();
    await chat.getByRole('table').getByText('Anthropic', { exact: true }).first().click();
    await chat.getByRole('checkbox').nth(1).waitFor();
    await album.take(workbench, 'providers', 'catalog-detail');
    for (const box of [0, 1, 2]) await chat.getByRole('checkbox').nth(box).check();
    await button(/^Compare/)
      .first()
      .click();
    await chat.getByRole('region', { name: 'Comparison' }).waitFor();
    await album.take(workbench, 'providers', 'compare');
  });

  await album.scene(['servers'], async () => {
    await closeAll();
    await workbench.command('Plue: Manage MCP Servers');
    await pick(workbench, 'MCP Servers', 'everything');
    await pick(workbench, 'everything', 'Show Details and Tools');
    await page.locator('.monaco-editor .view-line').first().waitFor();
    await album.takeWindow(workbench, 'servers', 'details');
  });

  await album.scene(['tree'], async () => {
    await closeAll();
    await workbench.command('View: Show Plue');
    // Chats of earlier days are made by a program that is not always built.
    if (existsSync(maker)) await page.locator('.pane-body .monaco-list-row').filter({ hasText: 'Older' }).click();
    await album.takeWindow(workbench, 'tree', 'chats', { part: '.part.sidebar' });
    await workbench.command('View: Close Primary Side Bar');
  });

  // The sidecar is permanently stopped: it is killed after each restart.
  await album.scene(['chat', 'tree'], async () => {
    await closeAll();
    await newChat(workbench);
    for (let life = 0; life < 6; life++) {
      try {
        process.kill(workbench.sidecarPid(), 'SIGKILL');
        // Time for the sidecar to restart before it is killed again.
        await page.waitForTimeout(1_500);
      } catch {
        break;
      }
    }
    await chat
      .locator('.banner')
      .filter({ hasText: /sidecar|stopped/i })
      .first()
      .waitFor();
    await album.take(workbench, 'chat', 'sidecar-gone');
    if (album.wants('tree')) {
      await workbench.command('View: Show Plue');
      await album.takeWindow(workbench, 'tree', 'sidecar-gone', { part: '.part.sidebar' });
    }
  });
}
