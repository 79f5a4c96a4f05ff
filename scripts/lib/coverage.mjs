// Checks the code coverage that the test runners report against a minimum. `npm run coverage` shows it by file.
import { inArtifacts } from './paths.mjs';

/** The report of each suite. */
export const coverageReports = {
  csharp: inArtifacts('coverage', 'csharp', 'coverage.cobertura.xml'),
  typescript: inArtifacts('coverage', 'typescript', 'lcov.info'),
};

/** In percent. Lines and branches that run only in a real VS Code count as not covered. */
const minimum = {
  'C#': { lines: 93, branches: 86 },
  TypeScript: { lines: 92, branches: 84 },
};

/**
 * @param {keyof typeof minimum} suite
 * @param {{lines: number, branches: number}} coverage In percent.
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
