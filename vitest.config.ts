import { defineConfig } from 'vitest/config';

const leakCheck = ['test/support/leak-check.ts'];
/** A machine that runs many things at once may starve a test that waits for the real world; the report names it. */
const retry = process.env.CI ? 2 : 0;
const sideBySide = { setupFiles: leakCheck, provide: { sharesMountTable: true }, retry };

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
          retry,
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 120_000,
        },
      },
      {
        // Beside programs of Kubernetes itself, which scripts/build-kubernetes.sh builds: `npm run upstream`.
        test: {
          name: 'upstream',
          include: ['test/upstream/**/*.test.ts'],
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
