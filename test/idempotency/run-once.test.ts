/** Also tests: lib/idempotency/key.ts. */
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { KmsError } from '../../lib/errors.ts';
import { runOnce } from '../../lib/idempotency/run-once.ts';
import type { Store } from '../../lib/store/store.ts';
import { requestContext } from '../authority/standalone/fixture.ts';
import { openAuditedStore } from '../support/audited-store.ts';

const NOW_MS = Date.parse('2026-11-28T06:00:00Z');
const HOUR_MS = 3_600_000;
const sequence = '919c82d4-8046-4722-9094-35c3c6524cff';
const signature = 'a'.repeat(64);

let store: Store;
let nowMs: number;
let runs: number;
beforeEach(async () => {
  store = await openAuditedStore();
  nowMs = NOW_MS;
  runs = 0;
});
afterEach(() => store.close());

const dependencies = () => ({ idempotency: store.idempotency, now: () => nowMs });
const withSequence = (over = {}) => requestContext('revoke-grant', { sequence, ...over });
const signed = (over = {}) => requestContext('revoke-grant', { signature, ...over });

/** Runs work that counts its runs and answers their number; it records the answer as a change would. */
function run(context: ReturnType<typeof requestContext>) {
  return runOnce(dependencies(), context, async (recordOf) => {
    runs += 1;
    const record = recordOf({ run: runs });
    if (record) await store.idempotency.save(record, nowMs);
    return { run: runs };
  });
}

function refuse(context: ReturnType<typeof requestContext>, error: Error, options = {}) {
  return runOnce(
    dependencies(),
    context,
    async () => {
      runs += 1;
      throw error;
    },
    options,
  );
}

describe('an answer', () => {
  test.each([
    ['with the same sequence', withSequence],
    ['with the same signature', signed],
  ])('is given again to a request %s, for an hour, and the work runs once', async (_, context) => {
    expect(await run(context())).toEqual({ run: 1 });
    nowMs = NOW_MS + HOUR_MS - 1;
    expect(await run(context())).toEqual({ run: 1 });
    nowMs = NOW_MS + HOUR_MS;
    expect(await run(context())).toEqual({ run: 2 });
  });

  test('is not given to a request that differs in caller, project, API or body', async () => {
    await run(withSequence());
    const others = [
      withSequence({ userId: 'another' }),
      withSequence({ projectId: 'another' }),
      requestContext('retire-grant', { sequence }),
      withSequence({ body: new TextEncoder().encode('{"key_id":"another"}') }),
    ];
    for (const [index, other] of others.entries()) expect(await run(other)).toEqual({ run: index + 2 });
  });

  test('is not recorded for a request without sequence and signature', async () => {
    expect(await run(requestContext('revoke-grant'))).toEqual({ run: 1 });
    expect(await run(requestContext('revoke-grant'))).toEqual({ run: 2 });
  });

  test('of a concurrent repeat replaces a refusal that its effect has caused', async () => {
    const answer = runOnce(dependencies(), withSequence(), async () => {
      await run(withSequence());
      throw new KmsError('KMS.2501');
    });
    expect(await answer).toEqual({ run: 1 });
  });
});

describe('a refusal', () => {
  const refusal = new KmsError('KMS.0306', { detail: 'Only the key creator may revoke its grants.' });

  test('of a signed request is repeated with its status, code and text, and the work does not run again', async () => {
    await expect(refuse(signed(), refusal)).rejects.toBe(refusal);
    await expect(run(signed())).rejects.toMatchObject({
      status: 403,
      publicCode: 'KMS.0306',
      message: 'No access permissions. Only the key creator may revoke its grants.',
    });
    expect(runs).toBe(1);
  });

  test('is not recorded for a request that is not signed: its retry is checked again', async () => {
    await expect(refuse(withSequence(), refusal)).rejects.toBe(refusal);
    expect(await run(withSequence())).toEqual({ run: 2 });
  });

  test.each([
    ['a timeout', new KmsError('APIGW.0201:504')],
    ['throttling', new KmsError('APIGW.0308')],
    ['an unknown error', new Error('the disk is full')],
  ])('is not what %s is: the same signed request may succeed later', async (_, error) => {
    await expect(refuse(signed(), error)).rejects.toBe(error);
    expect(await run(signed())).toEqual({ run: 2 });
  });

  test('is not recorded while the change may have been applied', async () => {
    await expect(refuse(signed(), refusal, { isRefusalFinal: () => false })).rejects.toBe(refusal);
    expect(await run(signed())).toEqual({ run: 2 });
  });
});

test('one of many changes of a bulk request has no record of its own', async () => {
  expect(await run(signed({ isBulk: true }))).toEqual({ run: 1 });
  expect(await run(signed({ isBulk: true }))).toEqual({ run: 2 });
});

describe('a refusal that version 0.1 has recorded', () => {
  // The key of 0.1: SHA-256 of caller, project, API, mark and signature, and SHA-256 of the body, joined by line ends.
  function keyOf01({ caller, projectId, action, body }: ReturnType<typeof requestContext>): string {
    const sha256 = (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex');
    return sha256([caller.userId, projectId, action, `refused:${signature}`, sha256(body)].join('\n'));
  }

  test.each([
    ['of a rule', { code: 'KMS.0209' }, { status: 400, publicCode: 'KMS.0209' }],
    ['of a digest', {}, { status: 400, publicCode: 'KMS.0308' }],
    ['of the upstream', { status: 403, code: 'KMS.0306', text: 'No.' }, { status: 403, publicCode: 'KMS.0306' }],
  ])('is repeated after the upgrade, and the work does not run: %s', async (_, answer, expected) => {
    const record = { idempotencyKey: keyOf01(signed()), answer, expiresAtMs: NOW_MS + HOUR_MS };
    await store.idempotency.save(record, NOW_MS);
    await expect(run(signed())).rejects.toMatchObject(expected);
    expect(runs).toBe(0);
  });
});
