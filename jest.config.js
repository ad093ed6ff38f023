// The log lines of the service would hide the report. Tests of the log start a process.
process.env.POWERTOOLS_LOG_LEVEL = 'SILENT';

const ALL = '**/test/**/*.test.ts';
/** Random histories, crash rounds, load, and faults of an upstream over three processes: `npm test` leaves them out. */
const SLOW = '**/test/**/*.slow.test.ts';
/** Tests of DynamoDB. Jest starts DynamoDB Local when a project that has them is selected. */
const DYNAMODB = '**/test/**/dynamodb*.test.ts';
const SLOW_DYNAMODB = '**/test/**/dynamodb*.slow.test.ts';

/** Tests of the whole service and its rules. They run on SQLite, and in `dynamodb-all` again on DynamoDB. */
const END_TO_END = [
  '**/test/{functions,sdk}/**/*.test.ts',
  '**/test/handlers/http*.test.ts',
  '**/test/authority/standalone/{races,commit-change,lists,key-deletion}.test.ts',
  '**/test/authority/upstream/change.test.ts',
  '**/test/webhooks/inbound/receive*.test.ts',
  '**/test/webhooks/inbound/kinds/*.test.ts',
  '**/test/webhooks/jobs/job*.test.ts',
  '**/test/chat/press*.test.ts',
];
/**
 * End-to-end tests that run once: whether a body is well-formed, or a webhook verified, is decided before the store or
 * an upstream is called. The tests of each kind in `kinds/` run on both stores.
 */
const BEFORE_ANY_CALL = ['**/test/handlers/http-bodies.test.ts', '**/test/webhooks/inbound/receive-contract.test.ts'];
/** Those that `npm test` runs on DynamoDB. */
const END_TO_END_SHORT = [
  '**/test/functions/grants/revoke-grant.test.ts',
  '**/test/sdk/grants.test.ts',
  '**/test/webhooks/inbound/kinds/*.test.ts',
];

/** Tests of the KMS APIs. They run again over three processes: the test as client, the backend, an upstream KMS. */
const UPSTREAM_CALLER = [
  '**/test/functions/{grants,keys}/**/*.test.ts',
  '**/test/handlers/http*.test.ts',
  // The backend passes the caller's token on, so there is no AK/SK and the upstream decides about roles.
  '!**/test/handlers/http-roles.test.ts',
  '!**/test/handlers/http-bodies.test.ts',
];
/** The backend signs with its own AK/SK and so issues all grants: tests that distinguish issuers are left out. */
const UPSTREAM_SERVICE = [
  '**/test/sdk/**/*.test.ts',
  '**/test/handlers/http-roles.test.ts',
  '**/test/functions/grants/{create-grant,revoke-grant,list-principal-grants,revoke-principal-grants*}.test.ts',
  '**/test/functions/{grants,keys}/repeats.test.ts',
];

const not = (globs) => globs.map((glob) => `!${glob}`);

/** Tests run as ES modules on the Node of the package `node`. TypeScript is stripped, as Node strips it. */
const project = (displayName, testMatch, options = {}) => ({
  displayName,
  testMatch,
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/test/support/strip-types.js' },
  ...options,
  setupFiles: [
    '<rootDir>/test/support/cheap-passwords.ts',
    '<rootDir>/test/support/private-files.ts',
    ...(options.setupFiles ?? []),
  ],
  setupFilesAfterEnv: ['<rootDir>/test/support/openapi/after-each.ts'],
});

const onDynamodb = {
  globalSetup: '<rootDir>/test/support/dynamodb/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/dynamodb/global-teardown.ts',
  setupFiles: ['<rootDir>/test/support/dynamodb/use-dynamodb.ts'],
};

export default {
  testTimeout: 30_000,
  // On two cores. Much of the time is waiting, for processes that start and for DynamoDB Local.
  maxWorkers: 3,
  testSequencer: '<rootDir>/test/support/longest-first.js',
  projects: [
    // npm test
    project('sqlite', [ALL, ...not([SLOW, DYNAMODB])]),
    project('dynamodb', [DYNAMODB, ...END_TO_END_SHORT, ...not([SLOW])], onDynamodb),
    // npm run test:slow
    project('slow', [SLOW, ...not([DYNAMODB])]),
    project(
      'dynamodb-all',
      [...END_TO_END, ...not([SLOW, ...END_TO_END_SHORT, ...BEFORE_ANY_CALL]), SLOW_DYNAMODB],
      onDynamodb,
    ),
    project('upstream', UPSTREAM_CALLER, { setupFiles: ['<rootDir>/test/support/upstream/use-caller.ts'] }),
    project('upstream-service', UPSTREAM_SERVICE, { setupFiles: ['<rootDir>/test/support/upstream/use-service.ts'] }),
  ],
};
