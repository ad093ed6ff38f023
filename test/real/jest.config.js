// Log lines of what runs in a test's own process would drown the report; those of the backend's process are read.
process.env.POWERTOOLS_LOG_LEVEL = 'SILENT';

/** Tests that need Python: `npm run test:real` gives them a Keystone to start. */
export default {
  rootDir: '../..',
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/test/support/strip-types.js' },
  testMatch: ['<rootDir>/test/real/**/*.real.ts'],
  // A Keystone takes seconds to start.
  testTimeout: 60_000,
  maxWorkers: 2,
  verbose: true,
  reporters: ['<rootDir>/test/real/reporter.js'],
};
