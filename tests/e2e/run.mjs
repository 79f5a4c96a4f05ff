// Every test in a real VS Code: first the suite inside its extension host, then one journey after the other through the workbench.
// Results go to artifacts/tests/e2e.json, one picture per step to artifacts/screenshots.
// A journey that failed is told once more from its beginning, in a VS Code of its own, and the report says so; more than two such journeys are no accident.
//   node tests/e2e/run.mjs [journey ...]     only these (a journey is a file's name, `inHost` the suite)
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { chromium } from 'playwright-core';
import { requireChromium } from '../../scripts/lib/chromium.mjs';
import { inArtifacts, inRoot } from '../../scripts/lib/paths.mjs';
import { runMain, say } from '../../scripts/lib/progress.mjs';
import { browserArguments } from './runner/browser.mjs';
import { runInHostSuite } from './runner/inHostSuite.mjs';
import { addUpHosts } from './runner/coverage.mjs';
import { Journey } from './runner/journey.mjs';

const mostToldAgain = 2;

await runMain(async () => {
  const chosen = process.argv.slice(2);
  const isChosen = (/** @type {string} */ name) => chosen.length === 0 || chosen.includes(name);
  const screenshots = inArtifacts('screenshots');
  if (chosen.length === 0) rmSync(screenshots, { recursive: true, force: true });
  mkdirSync(screenshots, { recursive: true });
  /** @type {import('../../scripts/lib/testResults.mjs').TestResult[]} */
  const results = [];
  const browser = await chromium.launch({ executablePath: await requireChromium(), args: browserArguments });
  try {
    if (isChosen('inHost')) results.push(...(await runInHostSuite(browser)));
    for (const file of readdirSync(inRoot('tests', 'e2e', 'journeys')).sort()) {
      const name = basename(file, '.mjs');
      if (isChosen(name)) results.push(...(await runJourney(name, browser)));
    }
    if (chosen.length === 0) await tellAgain(results, browser);
  } finally {
    await browser.close();
    addUpHosts();
  }
  mkdirSync(inArtifacts('tests'), { recursive: true });
  writeFileSync(inArtifacts('tests', 'e2e.json'), JSON.stringify(results, null, 2));
  say(`Pictures of each step: ${screenshots}`);
  return results.some(({ outcome }) => outcome === 'failed') ? 1 : 0;
});

/** @param {import('../../scripts/lib/testResults.mjs').TestResult[]} results What is told again takes the place of what failed. @param {import('playwright-core').Browser} browser */
async function tellAgain(results, browser) {
  const journeyOf = (/** @type {{name: string}} */ { name }) => name.slice(0, name.indexOf(':'));
  const failed = [...new Set(results.filter(({ outcome }) => outcome === 'failed').map(journeyOf))].filter((name) => name !== 'inHost');
  if (failed.length === 0 || failed.length > mostToldAgain) return;
  for (const name of failed) {
    const first = results.find((result) => journeyOf(result) === name && result.outcome === 'failed');
    say(`Once more: ${name}`);
    const again = await runJourney(name, browser);
    const place = results.findIndex((result) => journeyOf(result) === name);
    const others = results.filter((result) => journeyOf(result) !== name);
    const told = again.map((result) =>
      result.name === first?.name && result.outcome === 'passed' ? { ...result, firstReason: first.reason } : result,
    );
    results.splice(0, results.length, ...others.slice(0, place), ...told, ...others.slice(place));
  }
}

/** @param {string} name @param {import('playwright-core').Browser} browser */
async function runJourney(name, browser) {
  const journey = new Journey(name, browser);
  try {
    const { default: travel } = await import(new URL(join('journeys', `${name}.mjs`), import.meta.url).href);
    await travel(journey);
  } catch (error) {
    journey.fail(error);
  } finally {
    await journey.end();
  }
  return journey.results;
}
