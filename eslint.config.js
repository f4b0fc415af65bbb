import eslint from '@eslint/js';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const ownClock = 'Use the clock port (src/core/clock.ts), so that tests and simulations own the time.';

const nodeGlobals = Object.fromEntries(
  ['Buffer', 'URL', 'clearInterval', 'clearTimeout', 'console', 'process', 'require', 'setInterval', 'setTimeout'].map(
    (name) => [name, 'readonly'],
  ),
);

export default defineConfig(
  { ignores: ['dist', '.dist-draft', 'site', 'coverage'] },
  eslint.configs.recommended,
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // `{ [x in K]?: … }` from an options object and `noPropertyAccessFromIndexSignature` want brackets.
      '@typescript-eslint/dot-notation': 'off',
      '@typescript-eslint/unified-signatures': ['error', { ignoreDifferentlyNamedParameters: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/prefer-promise-reject-errors': ['error', { allowThrowingUnknown: true }],
      '@typescript-eslint/ban-ts-comment': ['error', { minimumDescriptionLength: 3 }],
      eqeqeq: 'error',
      'no-console': 'off',
      'object-shorthand': 'error',
      'prefer-template': 'error',
    },
  },
  {
    files: ['src/**'],
    rules: {
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      'max-lines': ['error', { max: 400 }],
      'no-console': 'error',
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Export by name.' },
        { selector: 'ExportAllDeclaration', message: 'Export the names one by one.' },
        { selector: 'NewExpression[callee.name="Date"][arguments.length=0]', message: ownClock },
      ],
    },
  },
  {
    files: ['src/**'],
    ignores: ['src/core/clock*.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...['setTimeout', 'setInterval', 'performance'].map((name) => ({ name, message: ownClock })),
      ],
      'no-restricted-properties': ['error', { object: 'Date', property: 'now', message: ownClock }],
      'no-restricted-imports': [
        'error',
        {
          paths: ['node:timers', 'node:timers/promises', 'node:perf_hooks'].map((name) => ({
            name,
            message: ownClock,
          })),
        },
      ],
    },
  },
  {
    // A command line talks to a person.
    files: ['src/cli/**'],
    rules: { 'no-console': 'off' },
  },
  {
    // It answers at once what a port lets be waited for, and fails as the port says: by rejecting.
    files: ['src/testing/in-memory/**'],
    rules: { '@typescript-eslint/require-await': 'off' },
  },
  {
    // It takes the timers of the code under test in hand.
    files: ['src/testing/leaks/order/hold-timers.ts'],
    rules: { 'no-restricted-imports': 'off' },
  },
  {
    // Tests hand over wrong things on purpose and say what they expect of `!`.
    files: ['test/**'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/only-throw-error': 'off',
      '@typescript-eslint/prefer-promise-reject-errors': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-empty-function': 'off',
    },
  },
  {
    // A module of NestJS is a class with nothing but its decorator, and takes options as literals.
    files: ['examples/nestjs/**', 'test/**/nestjs/**'],
    rules: {
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
    },
  },
  {
    // It has a tsconfig.json of its own, by which only an installed `tenantry` is found. And what teams copy reads as
    // they would write it.
    files: ['examples/service-template/**/*.ts'],
    languageOptions: { parserOptions: { projectService: false, project: './tsconfig.json' } },
    rules: {
      '@typescript-eslint/no-floating-promises': [
        'error',
        { allowForKnownSafeCalls: [{ from: 'package', name: ['test', 'after'], package: 'node:test' }] },
      ],
    },
  },
  {
    // tsc checks the types of plain JavaScript; the rules about them only know TypeScript's syntax.
    files: ['**/*.{js,mjs,cjs}'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { globals: nodeGlobals },
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
);
