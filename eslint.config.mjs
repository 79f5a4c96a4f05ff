import { readdirSync } from 'node:fs';
import tseslint from 'typescript-eslint';
import { noRawTextApi } from './scripts/lib/rawTextApi.mjs';

const features = readdirSync(new URL('extension/src/features/', import.meta.url)).sort();

/** The modules that a folder must not import. The whole table is in ARCHITECTURE.md. */
const layers = [
  ...features.map((feature) =>
    layer(`extension/src/features/${feature}/**`, [
      forbid(
        features.filter((other) => other !== feature).map((other) => `**/${other}/*`),
        'Features must not import sibling features: run a command or share through server/.',
      ),
      forbid(['**/webview/**'], 'The extension host imports nothing of the pages: share through common/.'),
    ]),
  ),
  layer('extension/src/server/**', [forbid(['**/features/**', '**/webview/**'], 'The connection knows no feature and no page.')]),
  layer('extension/src/infrastructure/**', [
    forbid(['**/features/**', '**/server/**', '**/protocol/**', '**/webview/**'], 'Infrastructure may import common/ only.'),
  ]),
  layer('extension/src/extension.ts', [
    forbid(['**/webview/**'], 'The extension host imports nothing of the pages: share through common/.'),
  ]),
  layer('extension/src/common/**', [
    forbid(
      ['**/features/**', '**/server/**', '**/infrastructure/**', '**/webview/**'],
      'Host and pages share common/: protocol types only.',
    ),
    ...browserOnly('common/ runs in a browser, too.'),
  ]),
  layer('extension/src/webview/**', [
    forbid(
      ['**/features/**', '**/server/**', '**/infrastructure/**'],
      'A page may import common/, protocol types, webview/shared and itself.',
    ),
    ...browserOnly('A page runs in a browser.'),
  ]),
];

function browserOnly(message) {
  return [
    forbid(['vscode', 'vscode-*', 'node:*'], message),
    { group: ['**/protocol.generated'], allowTypeImports: true, message: 'Types of the protocol, never its requests.' },
  ];
}

function forbid(group, message) {
  return { group, message };
}

function layer(files, patterns) {
  return { files: [files], rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns }] } };
}

export default tseslint.config(
  {
    ignores: [
      'node_modules/',
      'artifacts/',
      'extension/out/',
      'extension/src/protocol/*.generated.ts',
      '.vscode-test/',
      '**/*.mjs',
      '**/*.cjs',
    ],
  },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/consistent-type-assertions': ['error', { assertionStyle: 'never' }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      eqeqeq: ['error', 'always'],
      'no-console': 'error',
      'no-control-regex': 'error',
      'no-misleading-character-class': 'error',
      'no-var': 'error',
      'prefer-const': 'error',
    },
  },
  {
    files: ['extension/src/**'],
    ignores: ['extension/src/infrastructure/{addresses,window}.ts', 'extension/src/webview/**'],
    plugins: { plue: { rules: { 'no-raw-text-api': noRawTextApi } } },
    rules: { 'plue/no-raw-text-api': 'error' },
  },
  ...layers,
);
