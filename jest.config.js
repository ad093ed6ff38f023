// The pipeline's log lines would drown the report; tests of the log start a process of their own.
process.env.POWERTOOLS_LOG_LEVEL = 'SILENT';

/** Tests that need DynamoDB Local. It is started only when one of the project `dynamodb` is in the run. */
const NEEDS_DYNAMODB = ['**/test/**/dynamodb*.test.ts'];

/** Tests of the whole service and of its rules: they run on SQLite and a second time on DynamoDB. */
const END_TO_END = [
  '**/test/{functions,sdk}/**/*.test.ts',
  '**/test/endpoint*.test.ts',
  '**/test/authority/{races,once,lists,deletion,upstream-claims}*.test.ts',
  '**/test/hooks/{door,job}*.test.ts',
];

/** Tests of the KMS APIs: they run a third time over three processes, the client, the backend and a cloud behind it. */
const UPSTREAM = {
  caller: [
    '**/test/functions/{grants,keys}/**/*.test.ts',
    '**/test/endpoint*.test.ts',
    // A caller's own token is passed on: there is no AK/SK, and the cloud judges the role, of what is in good form only.
    '!**/test/endpoint-roles.test.ts',
  ],
  // With AK/SK of its own the backend issues all grants at the cloud. What tells issuers apart runs with the others.
  service: [
    '**/test/sdk/**/*.test.ts',
    '**/test/endpoint-roles.test.ts',
    '**/test/functions/grants/{create-grant,revoke-grant,list-principal-grants,revoke-principal-grants*}.test.ts',
  ],
};

/** Tests run as ES modules on the Node that the project brings; TypeScript is stripped as Node itself strips it. */
const common = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/test/support/strip-types.js' },
};

export default {
  // For all projects: jest reads it here only.
  testTimeout: 30_000,
  // Much of the time is waiting, for processes that start and for DynamoDB Local.
  maxWorkers: 2,
  projects: [
    {
      ...common,
      displayName: 'sqlite',
      testMatch: ['<rootDir>/test/**/*.test.ts', ...NEEDS_DYNAMODB.map((glob) => `!${glob}`)],
    },
    {
      ...common,
      displayName: 'dynamodb',
      testMatch: [...NEEDS_DYNAMODB, ...END_TO_END],
      globalSetup: '<rootDir>/test/support/dynamodb/global-setup.ts',
      globalTeardown: '<rootDir>/test/support/dynamodb/global-teardown.ts',
      setupFiles: ['<rootDir>/test/support/dynamodb/use-dynamodb.ts'],
    },
    {
      ...common,
      displayName: 'upstream',
      testMatch: UPSTREAM.caller,
      setupFiles: ['<rootDir>/test/support/upstream/use-caller.ts'],
    },
    {
      ...common,
      displayName: 'upstream-service',
      testMatch: UPSTREAM.service,
      setupFiles: ['<rootDir>/test/support/upstream/use-service.ts'],
    },
  ],
};
