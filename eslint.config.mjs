import { readdirSync } from 'node:fs';
import tseslint from 'typescript-eslint';
import { noRawTextApi } from './scripts/lib/rawTextApi.mjs';

const features = readdirSync(new URL('extension/src/features/', import.meta.url)).sort();

/** Which rooms a folder may not look into, and why. The whole table: STYLE, "Who may import whom". */
const layers = [
  ...features.map((feature) =>
    room(`extension/src/features/${feature}/**`, [
      forbid(
        features.filter((other) => other !== feature).map((other) => `**/${other}/*`),
        'Features must not import sibling features: run a command or share through server/.',
      ),
      {
        regex: 'webview/(?!shared/(viewMessages|visibleText|beginning|taskWords|titleWords|wordList|amounts|figures)$|[a-z]+/messages$)',
        message: 'Of the pages, the extension host knows only their messages, and the words, figures and signs that both show.',
      },
    ]),
  ),
  room('extension/src/server/**', [forbid(['**/features/**', '**/webview/**'], 'The connection knows no feature.')]),
  room('extension/src/infrastructure/**', [
    forbid(['**/features/**', '**/server/**', '**/protocol/**'], 'Infrastructure is below everything else.'),
    { regex: 'webview/(?!shared/visibleText$)', message: 'Infrastructure is below everything else.' },
  ]),
  room('extension/src/webview/**', [
    forbid(
      ['**/features/**', '**/server/**', '**/infrastructure/**'],
      'A page runs in a browser: protocol types, webview/shared and itself only.',
    ),
    forbid(['vscode', 'vscode-*', 'node:*'], 'A page runs in a browser.'),
    {
      group: ['**/protocol.generated'],
      allowTypeImports: true,
      message: 'A page takes types and schemas from the wire, never its requests.',
    },
  ]),
];

function forbid(group, message) {
  return { group, message };
}

function room(files, patterns) {
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
