import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: {
    alias: { vscode: fileURLToPath(new URL('./tests/extension/testing/vscode.ts', import.meta.url)) },
  },
  test: {
    include: ['tests/extension/**/*.test.ts'],
    // Tests read these without importing them, so that a change of one runs all tests in `npm test -- --changed`.
    forceRerunTriggers: ['**/*.{cs,css,html,json,json5,md,svg,yml}'],
    globalSetup: ['tests/extension/testing/temporaryFolder.ts'],
    // The page's tests name their own environment (jsdom) in their first line.
    environment: 'node',
    server: { deps: { inline: ['vscode-languageclient'] } },
    coverage: {
      provider: 'v8',
      include: ['extension/src/**/*.ts'],
      exclude: ['extension/src/protocol/**'],
      reportsDirectory: 'artifacts/coverage/typescript',
      experimentalAstAwareRemapping: true,
      reporter: ['text-summary', 'lcovonly'],
    },
  },
});
