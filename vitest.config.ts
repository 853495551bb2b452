import { defineConfig } from 'vitest/config';

const leakCheck = ['test/support/leak-check.ts'];
const sideBySide = { setupFiles: leakCheck, provide: { sharesMountTable: true } };

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['src/**/*.test.ts', 'scripts/**/*.test.ts'], ...sideBySide } },
      { test: { name: 'integration', include: ['test/integration/**/*.test.ts'], ...sideBySide } },
      { test: { name: 'conformance', include: ['test/conformance/**/*.test.ts'], ...sideBySide, testTimeout: 30_000 } },
      {
        // Real processes on a real clock, one file after another: they share the machine's mount table.
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          setupFiles: leakCheck,
          provide: { sharesMountTable: false },
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
