// Which share of the code the tests run, as the runners report it, held against a lower limit. `npm run coverage` draws the files.
import { inArtifacts } from './paths.mjs';

/** Where each suite writes its report. */
export const coverageReports = {
  csharp: inArtifacts('coverage', 'csharp', 'coverage.cobertura.xml'),
  typescript: inArtifacts('coverage', 'typescript', 'lcov.info'),
};

/** Percent. Lines and branches that only a real VS Code runs count as not run. */
const minimum = {
  'C#': { lines: 93, branches: 86 },
  TypeScript: { lines: 92, branches: 84 },
};

/**
 * @param {keyof typeof minimum} suite
 * @param {{lines: number, branches: number}} coverage Percent.
 * @returns {import('./testResults.mjs').TestResult[]}
 */
export function coverageTests(suite, coverage) {
  return /** @type {const} */ (['lines', 'branches']).map((part) => {
    const name = `The tests run at least ${minimum[suite][part]} % of the ${part}`;
    return coverage[part] >= minimum[suite][part]
      ? { name, outcome: 'passed' }
      : { name, outcome: 'failed', reason: `They run ${coverage[part].toFixed(1)} %. \`npm run coverage\` shows what they leave out.` };
  });
}
