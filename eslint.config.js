import {defineConfig} from 'eslint/config';
import tseslint from 'typescript-eslint';

export default defineConfig(
  {ignores: ['dist/', 'runs/', 'node_modules/', '.venv*/']},
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {parserOptions: {projectService: {allowDefaultProject: ['eslint.config.js']}}},
    rules: {
      // Numbers and branded strings in messages are what templates are for.
      '@typescript-eslint/restrict-template-expressions': ['error', {allowNumber: true, allowBoolean: true}],
      // `map.get(key)!` behind a check that the key is there reads better than an impossible branch.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unused-vars': ['error', {argsIgnorePattern: '^_', varsIgnorePattern: '^_'}],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', {considerDefaultExhaustiveForUnions: true}],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        {ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true},
      ],
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  // A held command is started by plain node, so it is not TypeScript.
  {files: ['test/**/*.mjs'], ...tseslint.configs.disableTypeChecked},
  {
    // Only cli/ may look at the process: everything else takes what it needs as a parameter.
    files: ['src/**/*.ts'],
    ignores: ['src/cli/**'],
    rules: {
      'no-console': 'error',
      'no-restricted-properties': ['error', {object: 'process', property: 'env'}, {object: 'process', property: 'cwd'}],
    },
  },
);
