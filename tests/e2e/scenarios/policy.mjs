// An organization's policy: a provider that it does not allow is rejected by name, and the health report and the settings show its restrictions.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requireAccessible } from '../runner/accessibility.mjs';
import { inArtifacts } from '../../../scripts/lib/paths.mjs';
import { newChat, send } from '../runner/chatPage.mjs';
import { writeLocalServer } from '../runner/localServer.mjs';
import { ScriptedEndpoint } from '../runner/scriptedEndpoint.mjs';

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  const [endpoint, other] = await Promise.all([new ScriptedEndpoint().start(), new ScriptedEndpoint().start()]);
  endpoint.reply = () => ({ text: 'The house answers.' });
  const folder = mkdtempSync(join(tmpdir(), 'plue-policy-'));
  const policy = join(folder, 'policy.json5');
  const allowed = [new URL(endpoint.url).origin];
  writeFileSync(
    policy,
    JSON.stringify({ allowed_endpoints: allowed, denied_tools: ['bash'], max_usd_per_day: 5, commands_network: false }),
  );
  const workbench = await scenario.open({
    env: { PLUE_MANAGED_POLICY: policy },
    prepare: (home) => {
      writeLocalServer(home, endpoint);
      writeLocalServer(home, other, { name: 'Other server' }, 'other');
      writeFileSync(join(home, 'config.json5'), '{ default_large: "other" }');
    },
  });
  try {
    await runSteps(scenario, workbench, { other, policy });
  } finally {
    await Promise.all([endpoint.stop(), other.stop()]);
    rmSync(folder, { recursive: true });
  }
}

/**
 * @param {import('../runner/scenario.mjs').Scenario} scenario
 * @param {import('../runner/workbench.mjs').Workbench} workbench
 * @param {{ other: ScriptedEndpoint, policy: string }} world
 */
async function runSteps(scenario, workbench, { other, policy }) {
  const { page, chat } = workbench;
  const picture = (/** @type {string} */ name) => workbench.screenshot(inArtifacts('screenshots', `policy-${name}.png`));
  const refusal = () => chat.getByText(/Your organization's policy .* does not allow the endpoint/).first();
  const report = page.locator('.editor-instance .view-lines').last();
  const health = async () => {
    await workbench.command('Plue: Check Health and Providers');
    await workbench.until(async () => {
      const text = (await report.innerText()).replaceAll(/\s+/g, ' ');
      return text.includes('restricts endpoints, tools,');
    });
  };
  const settings = async () => {
    await workbench.command('Plue: Open Settings');
    await chat.getByText(`Your organization's policy (${policy}) restricts endpoints, tools,`).waitFor({ timeout: 60_000 });
  };

  await scenario.step('A message to a provider that is not allowed is refused by the name of the policy, and nothing is sent', async () => {
    await workbench.show();
    await page.getByRole('button', { name: /Plue: Other server/ }).waitFor({ timeout: 60_000 });
    await newChat(workbench);
    await send(workbench, 'Who answers?');
    await refusal().waitFor({ timeout: 60_000 });
    assert.deepEqual(other.asked, []);
    await requireAccessible(await workbench.chatFrame());
    await picture('refusal');
  });

  await scenario.step('Health shows what the policy restricts, and the provider that it refuses', async () => {
    await health();
    await picture('health');
  });

  await scenario.step('The settings show the policy and its limits', async () => {
    await settings();
    await chat.getByText("Your organization's policy allows at most 5.").waitFor();
    assert.equal(await chat.getByRole('spinbutton', { name: 'Daily limit (USD)', exact: true }).inputValue(), '5');
    await requireAccessible(await workbench.chatFrame());
    await picture('settings');
  });

  for (const theme of /** @type {const} */ (['Light Modern', 'Default High Contrast'])) {
    await scenario.visual(`The refusals can be read in ${theme}`, async () => {
      workbench.setTheme(theme);
      await workbench.show();
      const name = theme.split(' ').at(-1);
      await health();
      await picture(`health-${name}`);
      await settings();
      await requireAccessible(await workbench.chatFrame());
      await picture(`settings-${name}`);
    });
  }
}
