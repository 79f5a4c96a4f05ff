// Web accessibility check of a page inside a webview. Evaluated as source, because the page's policy allows no other scripts.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Throws if there are serious or critical findings. @param {import('playwright-core').Frame} frame */
export async function requireAccessible(frame) {
  // The buttons of an approval are dimmed for a moment.
  await frame.waitForFunction(() => document.querySelector('.is-fresh') === null);
  await frame.evaluate(source);
  const violations = await frame.evaluate(async () => {
    // @ts-expect-error axe came with the line above.
    const { violations } = await globalThis.axe.run(document, { resultTypes: ['violations'] });
    return violations.map((/** @type {import('axe-core').Result} */ { id, impact, help, nodes }) => ({
      id,
      impact,
      help,
      where: nodes.slice(0, 5).map((node) => `${node.target.join(' ')}: ${node.failureSummary ?? ''}`),
    }));
  });
  const serious = violations.filter((/** @type {{impact: string}} */ { impact }) => impact === 'serious' || impact === 'critical');
  if (serious.length > 0) throw new Error(`Accessibility findings:\n${JSON.stringify(serious, null, 2)}`);
}

/** Returns text with too little contrast, as one sentence each. @param {import('playwright-core').Frame} frame @returns {Promise<string[]>} */
export async function contrastFindings(frame) {
  if (!(await frame.evaluate(() => 'axe' in globalThis))) await frame.evaluate(source);
  return frame.evaluate(async () => {
    // @ts-expect-error axe came with the lines above.
    const { violations } = await globalThis.axe.run(document, { runOnly: ['color-contrast'], resultTypes: ['violations'] });
    return violations.flatMap((/** @type {import('axe-core').Result} */ { nodes }) =>
      nodes.map((node) => `${node.target.join(' ')}: ${node.any[0]?.message ?? node.failureSummary}`),
    );
  });
}
