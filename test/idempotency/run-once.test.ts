/** Also tests: lib/idempotency/key.ts. */
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { KmsError } from '../../lib/errors.ts';
import { runOnce } from '../../lib/idempotency/run-once.ts';
import type { ConditionalRecord, Store } from '../../lib/store/store.ts';
import { requestContext } from '../authority/standalone/fixture.ts';
import { openAuditedStore } from '../support/audited-store.ts';

const NOW_MS = Date.parse('2026-11-28T06:00:00Z');
const HOUR_MS = 3_600_000;
const sequence = '919c82d4-8046-4722-9094-35c3c6524cff';
const signature = 'a'.repeat(64);

type Answer = { run: number };
type Change = Parameters<typeof runOnce<Answer>>[2];
type Over = Parameters<typeof requestContext>[1];

let store: Store;
let nowMs: number;
let runs: number;
/** The answers that are no longer true. */
let untrue: number[];
beforeEach(async () => {
  store = await openAuditedStore();
  nowMs = NOW_MS;
  runs = 0;
  untrue = [];
});
afterEach(() => store.close());

const withSequence = (over: Over = {}) => requestContext('revoke-grant', { sequence, ...over });
const withKey = (over: Over = {}) => requestContext('revoke-grant', { idempotencyKey: 'key-1', ...over });
const signed = (over: Over = {}) => requestContext('revoke-grant', { signature, ...over });

/** Stores the records as the transaction of a change does. @returns false if one is not as expected */
async function save(records: ConditionalRecord[]): Promise<boolean> {
  for (const { expected, ...record } of records) {
    if (!(await store.idempotency.compareAndSwap(record, expected, nowMs))) return false;
  }
  return true;
}

/** Runs work that counts its runs and answers their number. */
function run(context: ReturnType<typeof requestContext>, over: Partial<Change> = {}) {
  return runOnce<Answer>({ idempotency: store.idempotency, now: () => nowMs }, context, {
    async work(recordsOf) {
      runs += 1;
      const answer = { run: runs };
      return (await save(recordsOf(answer))) ? answer : undefined;
    },
    isStillTrue: async (answer) => !untrue.includes(answer.run),
    ...over,
  });
}

const refuse = (context: ReturnType<typeof requestContext>, error: Error, over: Partial<Change> = {}) =>
  run(context, {
    async work() {
      runs += 1;
      throw error;
    },
    ...over,
  });

const SIGN_AGAIN = {
  status: 401,
  publicCode: 'APIGW.0301',
  message: expect.stringContaining('Sign the request again.'),
};

describe.each([
  ['sequence', withSequence],
  ['Idempotency-Key', withKey],
])('a repeat with the same %s', (_, context) => {
  test('a repeat gets the first answer for an hour, and the work runs once', async () => {
    expect(await run(context())).toEqual({ run: 1 });
    nowMs = NOW_MS + HOUR_MS - 1;
    expect(await run(context())).toEqual({ run: 1 });
    nowMs = NOW_MS + HOUR_MS;
    expect(await run(context())).toEqual({ run: 2 });
  });

  test('a repeat runs again when the first answer is no longer true, and its answer replaces the first one', async () => {
    expect(await run(context())).toEqual({ run: 1 });
    untrue = [1];
    expect(await run(context())).toEqual({ run: 2 });
    untrue = [];
    expect(await run(context())).toEqual({ run: 2 });
  });

  test('a repeat runs again when the first answer is true but the change was incomplete', async () => {
    const isComplete = (answer: Answer) => answer.run > 1;
    const answers = [await run(withSequence(), { isComplete }), await run(withSequence(), { isComplete })];
    expect([...answers, await run(withSequence(), { isComplete })]).toEqual([{ run: 1 }, { run: 2 }, { run: 2 }]);
  });

  test('a request with a used signature gets the answer of an incomplete change, and does not run again', async () => {
    const isComplete = () => false;
    expect(await run(signed(), { isComplete })).toEqual({ run: 1 });
    nowMs += 2_000;
    expect(await run(signed(), { isComplete })).toEqual({ run: 1 });
  });

  test('of 8 concurrent repeats, one runs when the first answer is no longer true', async () => {
    await run(context());
    untrue = [1];
    const answers = await Promise.all(Array.from({ length: 8 }, () => run(context())));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(await run(context())).toEqual(answers[0]);
  });

  test('a request with another caller, project, API or body is no repeat', async () => {
    await run(context());
    const others = [
      context({ userId: 'another' }),
      context({ projectId: 'another' }),
      { ...context(), action: 'retire-grant' },
      context({ body: new TextEncoder().encode('{"key_id":"another"}') }),
    ];
    for (const [index, other] of others.entries()) expect(await run(other)).toEqual({ run: index + 2 });
  });

  test('a repeat gets an error when the service cannot find out whether the first answer is true', async () => {
    await run(context());
    const unreadable = new KmsError('APIGW.0201:502');
    await expect(run(context(), { isStillTrue: () => Promise.reject(unreadable) })).rejects.toBe(unreadable);
    expect(runs).toBe(1);
  });
});

test('a sequence and an Idempotency-Key are both part of the key', async () => {
  expect(await run(withSequence())).toEqual({ run: 1 });
  expect(await run(withKey())).toEqual({ run: 2 });
  expect(await run(withKey({ sequence }))).toEqual({ run: 3 });
  expect(await run(withKey({ sequence, idempotencyKey: 'key-2' }))).toEqual({ run: 4 });
  expect(await run(withKey({ sequence }))).toEqual({ run: 3 });
  expect(await run(withKey({ idempotencyKey: sequence }))).toEqual({ run: 5 });
});

test('a request without sequence, Idempotency-Key and signature is new each time, and reads no record', async () => {
  const idempotency = { ...store.idempotency, find: () => Promise.reject(new Error('a read')) };
  const context = () => requestContext('revoke-grant');
  const change: Change = { work: async () => ({ run: ++runs }), isStillTrue: async () => true };
  for (const n of [1, 2]) {
    expect(await runOnce({ idempotency, now: () => nowMs }, context(), change)).toEqual({ run: n });
  }
});

describe('a repeat with the same signature', () => {
  test('a request with a used signature runs until 2 s after the first one arrived', async () => {
    expect(await run(signed())).toEqual({ run: 1 });
    nowMs = NOW_MS + 1_999;
    expect(await run(signed())).toEqual({ run: 2 });
    nowMs = NOW_MS + 2_000;
    expect(await run(signed())).toEqual({ run: 1 });
  });

  test('the 2 s for a used signature are measured between arrivals, not by the time when a request is served', async () => {
    const arrivedAtMs = NOW_MS;
    expect(await run(signed({ arrivedAtMs }))).toEqual({ run: 1 });
    nowMs = NOW_MS + 10_000;
    expect(await run(signed({ arrivedAtMs: NOW_MS + 1_999 }))).toEqual({ run: 2 });
  });

  test('a signature that is used again after 2 s is refused with APIGW.0301 if the first answer is no longer true', async () => {
    await run(signed());
    untrue = [1];
    nowMs = NOW_MS + 2_000;
    await expect(run(signed())).rejects.toMatchObject(SIGN_AGAIN);
    expect(runs).toBe(1);
  });

  test('a request with a used signature and a used sequence gets the first answer within 2 s', async () => {
    expect(await run(signed({ sequence }))).toEqual({ run: 1 });
    expect(await run(signed({ sequence }))).toEqual({ run: 1 });
    untrue = [1];
    expect(await run(signed({ sequence }))).toEqual({ run: 2 });
  });

  test('a signature that is used again after 2 s does not run, whatever Idempotency-Key was added to the request', async () => {
    await run(signed());
    untrue = [1];
    nowMs = NOW_MS + 2_000;
    await expect(run(signed({ idempotencyKey: 'added' }))).rejects.toMatchObject(SIGN_AGAIN);
    expect(runs).toBe(1);
  });

  test('a request does not run if a request with its signature, recorded meanwhile, arrived more than 2 s before or after it', async () => {
    for (const [index, elapsedMs] of [-3_000, 3_000].entries()) {
      const own = signature.replace('a', String(index));
      const overtaken = await run(signed({ signature: own, arrivedAtMs: NOW_MS + elapsedMs }), {
        work: async (recordsOf) => {
          await run(signed({ signature: own, arrivedAtMs: NOW_MS }));
          return (await save(recordsOf({ run: -1 }))) ? { run: -1 } : undefined;
        },
      });
      expect(overtaken).toEqual({ run: index + 1 });
    }
  });

  test('a request runs if a request with its signature, recorded meanwhile, arrived within 2 s of it', async () => {
    let tries = 0;
    const answer = await run(signed({ arrivedAtMs: NOW_MS + 1_000 }), {
      work: async (recordsOf) => {
        tries += 1;
        if (tries === 1) await run(signed({ arrivedAtMs: NOW_MS }));
        return (await save(recordsOf({ run: -1 }))) ? { run: -1 } : undefined;
      },
    });
    expect(answer).toEqual({ run: -1 });
    nowMs = NOW_MS + 2_000;
    expect(await run(signed())).toEqual({ run: 1 });
  });
});

test.each([
  ['sequence', withSequence],
  ['Idempotency-Key', withKey],
])(
  'a signature that got the recorded answer of its %s cannot be replayed once that answer is no longer true',
  async (_, context) => {
    expect(await run(context({ signature }))).toEqual({ run: 1 });
    nowMs += 3_000;
    const retry = context({ signature: 'b'.repeat(64) });
    expect(await run(retry)).toEqual({ run: 1 });
    untrue.push(1);
    nowMs += 60_000;
    await expect(run(retry)).rejects.toMatchObject(SIGN_AGAIN);
    expect(runs).toBe(1);
  },
);

describe('a signature that is reserved', () => {
  const create = (over: Partial<Change> = {}) => run(signed(), { reservesSignature: true, ...over });

  test('a reserved signature cannot be used again when the change did not end', async () => {
    const lost = new Error('the connection was lost');
    await expect(create({ work: () => Promise.reject(lost), isRefusalFinal: () => false })).rejects.toBe(lost);
    nowMs = NOW_MS + 2_000;
    await expect(create()).rejects.toMatchObject(SIGN_AGAIN);
    expect(runs).toBe(0);
  });

  test('a reserved signature can be used again after an error without effect, such as throttling', async () => {
    const throttled = new KmsError('APIGW.0308');
    await expect(create({ work: () => Promise.reject(throttled) })).rejects.toBe(throttled);
    nowMs = NOW_MS + 2_000;
    expect(await create()).toEqual({ run: 1 });
  });

  const throttled = new KmsError('APIGW.0308');
  test.each([
    [
      'succeeded before',
      async (throttle: () => void, twin: () => Promise<Answer>) => {
        await twin();
        throttle();
      },
    ],
    [
      'succeeds after',
      async (throttle: () => void, twin: () => Promise<Answer>, first: Promise<unknown>) => {
        throttle();
        await first;
        await twin();
      },
    ],
    [
      'ends at the same time as',
      async (throttle: () => void, twin: () => Promise<Answer>) => {
        const ending = twin();
        throttle();
        await ending;
      },
    ],
  ])(
    'a signature cannot be replayed after its first request was throttled, when a separate request %s it',
    async (_, run) => {
      const { promise, reject } = Promise.withResolvers<never>();
      const first = create({ work: () => promise });
      const ended = first.catch(() => undefined);
      // The first request has reserved the signature.
      await create({
        work: async () => {
          throw new KmsError('APIGW.0201:504');
        },
      }).catch(() => undefined);
      await run(
        () => reject(throttled),
        () => create(),
        ended,
      );
      await expect(first).rejects.toBe(throttled);
      untrue = [1];
      nowMs = NOW_MS + 2_000;
      await expect(create()).rejects.toMatchObject(SIGN_AGAIN);
      expect(runs).toBe(1);
    },
  );

  test('a reserved signature gets the answer of the change', async () => {
    expect(await create()).toEqual({ run: 1 });
    nowMs = NOW_MS + 2_000;
    expect(await create()).toEqual({ run: 1 });
  });
});

describe('a refusal', () => {
  const refusal = new KmsError('KMS.0306', { detail: 'Only the key creator may revoke its grants.' });

  test('a refusal that a concurrent repeat has caused is replaced by the answer of that repeat', async () => {
    const answer = await run(withSequence(), {
      async work() {
        await run(withSequence());
        throw new KmsError('KMS.2501');
      },
    });
    expect(answer).toEqual({ run: 1 });
  });

  test('a request with the sequence of a refused request is checked again, and not refused without a check', async () => {
    await expect(refuse(withSequence(), refusal)).rejects.toBe(refusal);
    expect(await run(withSequence())).toEqual({ run: 2 });
  });

  test('a signed request runs within 2 s of a refusal whose reason is gone', async () => {
    await expect(refuse(signed(), refusal)).rejects.toBe(refusal);
    expect(await run(signed())).toEqual({ run: 2 });
  });

  test('a signed request that was refused cannot run after 2 s', async () => {
    await expect(refuse(signed(), refusal)).rejects.toBe(refusal);
    nowMs = NOW_MS + 2_000;
    await expect(run(signed())).rejects.toMatchObject(SIGN_AGAIN);
    await expect(run(signed({ sequence }))).rejects.toMatchObject(SIGN_AGAIN);
    expect(runs).toBe(1);
  });

  test('a repeated signed request that would still be refused after 2 s gets the refusal that applies then', async () => {
    await expect(refuse(signed(), refusal)).rejects.toBe(refusal);
    nowMs = NOW_MS + 2_000;
    const other = new KmsError('KMS.2501');
    await expect(run(signed(), { assertAllowed: () => Promise.reject(other) })).rejects.toBe(other);
    expect(runs).toBe(1);
  });

  test.each([
    ['a timeout', new KmsError('APIGW.0201:504')],
    ['throttling', new KmsError('APIGW.0308')],
    ['an unknown error', new Error('the disk is full')],
  ])('is not what %s is: the same signed request may succeed later', async (_, error) => {
    await expect(refuse(signed(), error)).rejects.toBe(error);
    nowMs = NOW_MS + 2_000;
    expect(await run(signed())).toEqual({ run: 2 });
  });

  test('a refusal is not recorded while the change may have been applied', async () => {
    await expect(refuse(signed(), refusal, { isRefusalFinal: () => false })).rejects.toBe(refusal);
    nowMs = NOW_MS + 2_000;
    expect(await run(signed())).toEqual({ run: 2 });
  });
});

test('one of many changes of a bulk request has no record of its own', async () => {
  expect(await run(signed({ isBulk: true }))).toEqual({ run: 1 });
  nowMs = NOW_MS + 2_000;
  expect(await run(signed({ isBulk: true }))).toEqual({ run: 2 });
});

describe('a record of version 0.2', () => {
  // The key of 0.1: SHA-256 of caller, project, API, mark and signature, and SHA-256 of the body, joined by line ends.
  function oldKeyOf({ caller, projectId, action, body }: ReturnType<typeof requestContext>, mark: string): string {
    const sha256 = (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex');
    return sha256([caller.userId, projectId, action, mark, sha256(body)].join('\n'));
  }
  const saveOld = (mark: string, answer: unknown, suffix = '') =>
    store.idempotency.save(
      { idempotencyKey: `${oldKeyOf(signed(), mark)}${suffix}`, answer, expiresAtMs: NOW_MS + HOUR_MS },
      NOW_MS,
    );

  test.each([
    ['of a rule', { code: 'KMS.0209' }, ''],
    ['of a digest', {}, ''],
    ['of the upstream', { status: 403, code: 'KMS.0306', text: 'No.' }, '-upstream'],
  ])('a refusal that version 0.2 recorded still prevents a repeat: %s', async (_, answer, oldRefusalSuffix) => {
    await saveOld(`refused:${signature}`, answer, oldRefusalSuffix);
    await expect(run(signed(), { oldRefusalSuffix })).rejects.toMatchObject(SIGN_AGAIN);
    expect(runs).toBe(0);
  });

  test.each([
    ['signature', `signature:${signature}`, signed],
    ['sequence', `sequence:${sequence}`, withSequence],
  ])('an answer that version 0.2 recorded for a %s is returned while it is true', async (_, mark, context) => {
    await saveOld(mark, { run: 7 });
    expect(await run(context())).toEqual({ run: 7 });
    expect(runs).toBe(0);
  });

  test('an answer that version 0.2 recorded for a signature prevents a repeat once the answer is no longer true', async () => {
    await saveOld(`signature:${signature}`, { run: 7 });
    untrue = [7];
    await expect(run(signed())).rejects.toMatchObject(SIGN_AGAIN);
    expect(runs).toBe(0);
  });
});
