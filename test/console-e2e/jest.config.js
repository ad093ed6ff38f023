// Log lines of the test process would hide the report.
process.env.POWERTOOLS_LOG_LEVEL = 'SILENT';

/** The console in a real browser, against services that run as processes: `npm run test:console`. */
export default {
  rootDir: '../..',
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/test/support/strip-types.js' },
  testMatch: ['<rootDir>/test/console-e2e/**/*.e2e.ts'],
  globalSetup: '<rootDir>/test/console-e2e/support/global-setup.ts',
  testSequencer: '<rootDir>/test/support/longest-first.js',
  testTimeout: 120_000,
  // Each worker has one browser at a time, for the test file that it runs.
  maxWorkers: 2,
  verbose: true,
};
