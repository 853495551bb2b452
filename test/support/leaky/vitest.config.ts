import { defineConfig } from 'vitest/config';

/** Runs the files beside it alone, under the leak check: the test of the leak check reads what they print. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['*.test.ts'],
    setupFiles: ['../leak-check.ts'],
    provide: { sharesMountTable: true },
  },
});
