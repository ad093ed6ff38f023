// The pipeline's log lines would drown the report; tests of the log start a process of their own.
process.env.POWERTOOLS_LOG_LEVEL = 'SILENT';

/** Tests that need DynamoDB Local. It is started only when one of the project `dynamodb` is in the run. */
const NEEDS_DYNAMODB = ['**/test/**/dynamodb*.test.ts'];

/** Tests of the whole service and of its rules: they run on SQLite and a second time on DynamoDB. */
const END_TO_END = [
  '**/test/{functions,sdk}/**/*.test.ts',
  '**/test/handlers/http*.test.ts',
  '**/test/authority/standalone/{races,commit-change,lists,key-deletion}.test.ts',
  '**/test/authority/upstream/change.test.ts',
  '**/test/webhooks/inbound/receive*.test.ts',
  '**/test/webhooks/jobs/job*.test.ts',
];

/** Tests of the KMS APIs: they run a third time over three processes, the client, the backend and an upstream KMS. */
const UPSTREAM = {
  caller: [
    '**/test/functions/{grants,keys}/**/*.test.ts',
    '**/test/handlers/http*.test.ts',
    // The caller's own token is passed on: there is no AK/SK, and the upstream checks the role, of well-formed calls only.
    '!**/test/handlers/http-roles.test.ts',
  ],
  // With its own AK/SK the backend issues all grants at the upstream. Tests that tell issuers apart are left out.
  service: [
    '**/test/sdk/**/*.test.ts',
    '**/test/handlers/http-roles.test.ts',
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
