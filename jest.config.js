// The pipeline's log lines would drown the report; tests of the log start a process of their own.
process.env.POWERTOOLS_LOG_LEVEL = 'SILENT';

/** Tests run as ES modules on the Node that the project brings; TypeScript is stripped as Node itself strips it. */
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/test/support/strip-types.js' },
  testTimeout: 30_000,
};
