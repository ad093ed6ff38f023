/** One fault at a time, once or for good: what a list, a revoke and a create are answered, and what is so after it. */
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import * as faults from './faults.ts';
import { openWorld, type World } from './fixture.ts';
import { expectForm, type Outcomes, outcomesOf, saidOf, triesOf } from './outcomes.ts';
import { type Fault, NONE } from './proxy.ts';

const LIMIT_MS = 2_000;
/** What the way through three processes may take on a busy machine. */
const SLACK_MS = 500;

let world: World;

beforeAll(async () => {
  world = await openWorld({ env: { KMS_TIMEOUT_SECONDS: '2' } });
});
afterEach(() => {
  expect(world.proxy.mishaps).toEqual([]);
  expect(world.elsewhere.visits).toEqual([]);
});
afterAll(() => world?.stop());

async function once(fault: Fault): Promise<Outcomes> {
  return checked(await outcomesOf(world, (n) => (n === 1 ? fault : NONE)));
}

async function always(fault: Fault): Promise<Outcomes> {
  return checked(await outcomesOf(world, () => fault));
}

/** In form, and in time. */
function checked(outcomes: Outcomes): Outcomes {
  for (const { answer } of Object.values(outcomes)) {
    expectForm(answer);
    expect(answer.ms).toBeLessThan(LIMIT_MS + SLACK_MS);
  }
  return outcomes;
}

const GOOD = ['200', '200 gone', '200 made 1'];

test('without a fault each is done, at the first try', async () => {
  const outcomes = await once(NONE);
  expect(saidOf(outcomes)).toEqual(GOOD);
  expect(triesOf(outcomes)).toEqual([1, 1, 1]);
});

const NOT_DONE = ['502 APIGW.0201', '502 APIGW.0201 there', '502 APIGW.0201 made 0'];
const DONE = ['502 APIGW.0201', '502 APIGW.0201 gone', '502 APIGW.0201 made 1'];

test.each([
  { fault: faults.resetBefore, ends: NOT_DONE },
  { fault: faults.html200, ends: NOT_DONE },
  { fault: faults.html502, ends: NOT_DONE },
  { fault: faults.html503, ends: NOT_DONE },
  { fault: faults.empty504, ends: NOT_DONE },
  { fault: faults.emptyList, ends: NOT_DONE },
  { fault: faults.jsonText, ends: NOT_DONE },
  { fault: faults.errorWith200, ends: NOT_DONE },
  { fault: faults.lostAnswer, ends: DONE },
  { fault: faults.cutAnswer, ends: DONE },
  // Half of a refusal is no refusal, and by its status nothing to try again.
  { fault: faults.halfJson, ends: DONE, tries: [4, 2, 1] },
  { fault: faults.halfJsonLying, ends: DONE },
  { fault: faults.lostBehindDoor, ends: DONE },
])('$fault.name: a list and a revoke are tried again, a create that may have been done is not', async (row) => {
  const { fault, ends, tries = [4, 4, 1] } = row;
  const [, , created = ''] = ends;
  const first = await once(fault);
  expect(saidOf(first)).toEqual(['200', '200 gone', created]);
  expect(triesOf(first)).toEqual([2, 2, 1]);
  const last = await always(fault);
  expect(saidOf(last)).toEqual(ends);
  expect(triesOf(last)).toEqual(tries);
});

test('JSON is known by what it is, not by what it is called', async () => {
  expect(saidOf(await always(faults.wrongType))).toEqual(GOOD);
});

test('JSON of another shape is no answer to a list or a create', async () => {
  const outcomes = await always(faults.otherShape);
  expect(outcomes['list-grants']).toMatchObject({ said: '502 APIGW.0201', tries: 4 });
  expect(outcomes['create-grant']).toMatchObject({ said: '502 APIGW.0201 made 0', tries: 1 });
});

test.each([faults.lostAnswer, faults.html503, faults.nestedError(500, 'KMS.0101', 'KMS error.')])(
  '$name: a create is told to have been made, maybe',
  async (fault) => {
    const { answer } = (await always(fault))['create-grant'];
    expect(answer.body.error_msg).toMatch(/may have been (?:made|created)/i);
  },
);

test('500 with a code of KMS: tried again where that is safe, and passed on', async () => {
  const fault = faults.nestedError(500, 'KMS.0101', 'KMS error.');
  expect(saidOf(await once(fault))).toEqual(['200', '200 gone', '500 KMS.0101 made 0']);
  const last = await always(fault);
  expect(saidOf(last)).toEqual(['500 KMS.0101', '500 KMS.0101 there', '500 KMS.0101 made 0']);
  expect(triesOf(last)).toEqual([4, 4, 1]);
});

const THROTTLED = ['429 APIGW.0308', '429 APIGW.0308 there', '429 APIGW.0308 made 0'];

test('429: nothing was done, so all are tried again; in the end it is passed on', async () => {
  expect(saidOf(await once(faults.throttled))).toEqual(GOOD);
  const last = await always(faults.throttled);
  expect(saidOf(last)).toEqual(THROTTLED);
  expect(triesOf(last)).toEqual([4, 4, 4]);
});

test('429 with a Retry-After that fits: the next try comes no earlier', async () => {
  const outcomes = await once(faults.throttledFor('1'));
  expect(saidOf(outcomes)).toEqual(GOOD);
  for (const { answer } of Object.values(outcomes)) expect(answer.ms).toBeGreaterThanOrEqual(999);
});

const inSeconds = (seconds: number) => () => new Date(Date.now() + seconds * 1000).toUTCString();

test.each([
  { retryAfter: '5', told: /^5$/ },
  { retryAfter: '86400', told: /^3600$/ },
  { retryAfter: inSeconds(30), told: /^(?:2[89]|30)$|GMT$/ },
])('429 with a Retry-After that does not fit ($told) is passed on at once', async ({ retryAfter, told }) => {
  const outcomes = await always(faults.throttledFor(retryAfter));
  expect(saidOf(outcomes)).toEqual(THROTTLED);
  expect(triesOf(outcomes)).toEqual([1, 1, 1]);
  for (const { answer } of Object.values(outcomes)) {
    expect(answer.ms).toBeLessThan(SLACK_MS);
    expect(answer.headers.get('retry-after')).toMatch(told);
  }
});

test.each(['soon', '-1', ''])('429 with a Retry-After that says nothing (%j) is as without', async (retryAfter) => {
  expect(saidOf(await once(faults.throttledFor(retryAfter)))).toEqual(GOOD);
});

test.each([301, 302, 307, 308] as const)('%i is followed by nobody, and not tried again', async (status) => {
  const outcomes = await always(faults.moved(status, world.elsewhere.url));
  expect(saidOf(outcomes)).toEqual(NOT_DONE);
  expect(triesOf(outcomes)).toEqual([1, 1, 1]);
});

test.each([
  { fault: faults.nestedError(403, 'KMS.0307', 'No access permissions.'), word: '403 KMS.0307' },
  { fault: faults.nestedError(404, 'KMS.0207', 'The key does not exist.'), word: '404 KMS.0207' },
  { fault: faults.nestedError(403, 'KMS.0328', 'KMS has been frozen.'), word: '403 KMS.0328' },
  { fault: faults.flatError(403, 'APIGW.0302', 'No rights.'), word: '403 APIGW.0302' },
  { fault: faults.flatError(401, 'APIGW.0307', 'The token must be updated.'), word: '401 APIGW.0307' },
  { fault: faults.keystoneError(401, 'Unauthorized', 'The request requires authentication.'), word: '401 APIGW.0301' },
])('$fault.name is passed on with its code and status, at the first try', async ({ fault, word }) => {
  const outcomes = await always(fault);
  expect(saidOf(outcomes)).toEqual([word, `${word} there`, `${word} made 0`]);
  expect(triesOf(outcomes)).toEqual([1, 1, 1]);
});

test('a refusal of KMS keeps its text', async () => {
  const outcomes = await always(faults.nestedError(400, 'KMS.0205', 'Key ID, really.'));
  for (const { answer } of Object.values(outcomes)) expect(answer.body.error_msg).toBe('Key ID, really.');
});
