import {defineConfig} from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/setup/build.ts'],
    // A shared machine stands still for seconds; what hangs is still found.
    testTimeout: 90_000,
  },
});
