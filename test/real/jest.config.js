// Log lines of the test process would hide the report. Tests read the log of the backend, which is another process.
process.env.POWERTOOLS_LOG_LEVEL = 'SILENT';

/** Tests against Keystone, which need Python. `npm run test:real` installs Keystone and runs them. */
export default {
  rootDir: '../..',
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/test/support/strip-types.js' },
  testMatch: ['<rootDir>/test/real/**/*.real.ts'],
  // Keystone takes several seconds to start.
  testTimeout: 60_000,
  maxWorkers: 2,
  verbose: true,
  reporters: ['<rootDir>/test/real/reporter.js'],
};
