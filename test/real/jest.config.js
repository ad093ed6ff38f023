// Log lines of the test process would hide the report. Tests read the log of the backend, which is another process.
process.env.POWERTOOLS_LOG_LEVEL = 'SILENT';

/** Tests against Keystone, errbot and libraries for Python. `npm run test:real` installs them and runs the tests. */
export default {
  rootDir: '../..',
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/test/support/strip-types.js' },
  testMatch: ['<rootDir>/test/real/**/*.real.ts'],
  // Longer than START_TIMEOUT_MS of children.ts, so that a server that does not start is reported with its output.
  testTimeout: 240_000,
  maxWorkers: 2,
  verbose: true,
  reporters: ['<rootDir>/test/real/reporter.js'],
};
