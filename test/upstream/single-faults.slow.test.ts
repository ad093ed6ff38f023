/** One fault for the first attempt or for all attempts of a list, a revoke and a create: their answers and effects. */
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import * as faults from './faults.ts';
import { openUpstreamFixture, type UpstreamFixture } from './fixture.ts';
import { attemptsOf, expectForm, type Outcomes, outcomesOf, resultsOf } from './outcomes.ts';
import { type Fault, NONE } from './proxy.ts';

const LIMIT_MS = 2_000;
/** Time that the calls through three processes may take in addition, on a busy machine. */
const SLACK_MS = 500;

let fixture: UpstreamFixture;

beforeAll(async () => {
  fixture = await openUpstreamFixture({ env: { KMS_TIMEOUT_SECONDS: '2' } });
});
afterEach(() => {
  expect(fixture.proxy.errors).toEqual([]);
  expect(fixture.redirectTarget.requests).toEqual([]);
});
afterAll(() => fixture?.stop());

async function once(fault: Fault): Promise<Outcomes> {
  return checked(await outcomesOf(fixture, (n) => (n === 1 ? fault : NONE)));
}

async function always(fault: Fault): Promise<Outcomes> {
  return checked(await outcomesOf(fixture, () => fault));
}

/** Expects every answer in the documented form and within the time limit. */
function checked(outcomes: Outcomes): Outcomes {
  for (const { answer } of Object.values(outcomes)) {
    expectForm(answer);
    expect(answer.ms).toBeLessThan(LIMIT_MS + SLACK_MS);
  }
  return outcomes;
}

const GOOD = ['200', '200 removed', '200 created 1'];

test('without a fault, list, revoke and create succeed with one attempt', async () => {
  const outcomes = await once(NONE);
  expect(resultsOf(outcomes)).toEqual(GOOD);
  expect(attemptsOf(outcomes)).toEqual([1, 1, 1]);
});

const NOT_DONE = ['502 APIGW.0201', '502 APIGW.0201 exists', '502 APIGW.0201 created 0'];
const DONE = ['502 APIGW.0201', '502 APIGW.0201 removed', '502 APIGW.0201 created 1'];

test.each([
  { fault: faults.resetBefore, results: NOT_DONE },
  { fault: faults.html200, results: NOT_DONE },
  { fault: faults.html502, results: NOT_DONE },
  { fault: faults.html503, results: NOT_DONE },
  { fault: faults.empty504, results: NOT_DONE },
  { fault: faults.emptyList, results: NOT_DONE },
  { fault: faults.jsonText, results: NOT_DONE },
  { fault: faults.errorWith200, results: NOT_DONE },
  { fault: faults.lostResponse, results: DONE },
  { fault: faults.cutResponse, results: DONE },
  // The second revoke gets half of a refusal: a malformed 400, which is not retried.
  { fault: faults.halfJson, results: DONE, attempts: [4, 2, 1] },
  { fault: faults.halfJsonLying, results: DONE },
  { fault: faults.lostInGateway, results: DONE },
])('$fault.name: a list and a revoke are retried, a create that may have been applied is not', async (row) => {
  const { fault, results, attempts = [4, 4, 1] } = row;
  const [, , created = ''] = results;
  const first = await once(fault);
  expect(resultsOf(first)).toEqual(['200', '200 removed', created]);
  expect(attemptsOf(first)).toEqual([2, 2, 1]);
  const last = await always(fault);
  expect(resultsOf(last)).toEqual(results);
  expect(attemptsOf(last)).toEqual(attempts);
});

test('a JSON response with the content type text/html is accepted', async () => {
  expect(resultsOf(await always(faults.wrongType))).toEqual(GOOD);
});

test('a 200 with JSON of another form is 502 for a list and a create', async () => {
  const outcomes = await always(faults.otherShape);
  expect(outcomes['list-grants']).toMatchObject({ result: '502 APIGW.0201', attempts: 4 });
  expect(outcomes['create-grant']).toMatchObject({ result: '502 APIGW.0201 created 0', attempts: 1 });
});

test.each([faults.lostResponse, faults.html503, faults.nestedError(500, 'KMS.0101', 'KMS error.')])(
  '$name: the error text of a create says that the grant may have been created',
  async (fault) => {
    const { answer } = (await always(fault))['create-grant'];
    expect(answer.body.error_msg).toMatch(/may have been created/i);
  },
);

test('a 500 with a KMS code is retried except for a create, and then passed on', async () => {
  const fault = faults.nestedError(500, 'KMS.0101', 'KMS error.');
  expect(resultsOf(await once(fault))).toEqual(['200', '200 removed', '500 KMS.0101 created 0']);
  const last = await always(fault);
  expect(resultsOf(last)).toEqual(['500 KMS.0101', '500 KMS.0101 exists', '500 KMS.0101 created 0']);
  expect(attemptsOf(last)).toEqual([4, 4, 1]);
});

const THROTTLED = ['429 APIGW.0308', '429 APIGW.0308 exists', '429 APIGW.0308 created 0'];

test('a 429 is retried for list, revoke and create, and passed on after the last attempt', async () => {
  expect(resultsOf(await once(faults.throttled))).toEqual(GOOD);
  const last = await always(faults.throttled);
  expect(resultsOf(last)).toEqual(THROTTLED);
  expect(attemptsOf(last)).toEqual([4, 4, 4]);
});

test('a 429 with a Retry-After within the time limit: the next attempt waits that long', async () => {
  const outcomes = await once(faults.throttledFor('1'));
  expect(resultsOf(outcomes)).toEqual(GOOD);
  for (const { answer } of Object.values(outcomes)) expect(answer.ms).toBeGreaterThanOrEqual(999);
});

const inSeconds = (seconds: number) => () => new Date(Date.now() + seconds * 1000).toUTCString();

test.each([
  { retryAfter: '5', expected: /^5$/ },
  { retryAfter: '86400', expected: /^3600$/ },
  { retryAfter: inSeconds(30), expected: /^(?:2[89]|30)$|GMT$/ },
])(
  'a 429 with a Retry-After beyond the time limit is passed on immediately, with Retry-After $expected',
  async ({ retryAfter, expected }) => {
    const outcomes = await always(faults.throttledFor(retryAfter));
    expect(resultsOf(outcomes)).toEqual(THROTTLED);
    expect(attemptsOf(outcomes)).toEqual([1, 1, 1]);
    for (const { answer } of Object.values(outcomes)) {
      expect(answer.ms).toBeLessThan(SLACK_MS);
      expect(answer.headers.get('retry-after')).toMatch(expected);
    }
  },
);

test.each(['soon', '-1', ''])(
  'a 429 with the malformed Retry-After %j is retried as without the header',
  async (retryAfter) => {
    expect(resultsOf(await once(faults.throttledFor(retryAfter)))).toEqual(GOOD);
  },
);

test.each([301, 302, 307, 308] as const)('a redirect with %i is neither followed nor retried', async (status) => {
  const outcomes = await always(faults.moved(status, fixture.redirectTarget.url));
  expect(resultsOf(outcomes)).toEqual(NOT_DONE);
  expect(attemptsOf(outcomes)).toEqual([1, 1, 1]);
});

test.each([
  { fault: faults.nestedError(403, 'KMS.0307', 'No access permissions.'), error: '403 KMS.0307' },
  { fault: faults.nestedError(404, 'KMS.0207', 'The key does not exist.'), error: '404 KMS.0207' },
  { fault: faults.nestedError(403, 'KMS.0328', 'KMS has been frozen.'), error: '403 KMS.0328' },
  { fault: faults.flatError(403, 'APIGW.0302', 'No rights.'), error: '403 APIGW.0302' },
  { fault: faults.flatError(401, 'APIGW.0307', 'The token must be updated.'), error: '401 APIGW.0307' },
  { fault: faults.keystoneError(401, 'Unauthorized', 'The request requires authentication.'), error: '401 APIGW.0301' },
])('$fault.name is passed on with its code and status, without a retry', async ({ fault, error }) => {
  const outcomes = await always(fault);
  expect(resultsOf(outcomes)).toEqual([error, `${error} exists`, `${error} created 0`]);
  expect(attemptsOf(outcomes)).toEqual([1, 1, 1]);
});

test('the text of a KMS error is passed on', async () => {
  const outcomes = await always(faults.nestedError(400, 'KMS.0205', 'Key ID, really.'));
  for (const { answer } of Object.values(outcomes)) expect(answer.body.error_msg).toBe('Key ID, really.');
});
