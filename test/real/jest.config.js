// Log lines of the test process would hide the report. Tests read the log of the backend, which is another process.
process.env.POWERTOOLS_LOG_LEVEL = 'SILENT';

/** Tests against Keystone and libraries in Python. `npm run test:real` installs them and runs the tests. */
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
