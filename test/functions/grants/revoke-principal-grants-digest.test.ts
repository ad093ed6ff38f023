/** revoke-principal-grants: dry runs and their digest, and repeated requests. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { sendConcurrently } from '../../support/concurrent-requests.ts';
import { newGrant, newKey, okBody, type User } from '../../support/create.ts';
import { expectError, expectErrorAndNoWrite } from '../../support/expect-error.ts';
import { sendSigned } from '../../support/send-signed.ts';
import { type ApiResponse, startService, type TestService } from '../../support/service.ts';
import { storedRows } from '../../support/stored-rows.ts';

/**
 * Whether the backend passes the caller's token to an upstream. The upstream lets only a key's creator revoke, so the
 * administrator creates the keys.
 */
const isCallerMode = process.env['TEST_UPSTREAM'] === 'caller';
/** Source: KMS API reference, revoke-grant, request examples. */
const SEQUENCE = '919c82d4-8046-4722-9094-35c3c6524cff';
const OTHER_SEQUENCE = '819c82d4-8046-4722-9094-35c3c6524cff';
/** SHA-256 of an empty input. Source: NIST, Cryptographic Standards and Guidelines, example values. */
const DIGEST_OF_NONE = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const DIGEST_REFUSED: [number, string] = [400, 'KMS.0308'];
const HOUR_MS = 60 * 60 * 1000;

interface Ref {
  key_id: string;
  grant_id: string;
}

let service: TestService;
let keyCreator: User;
let keys: string[];
let principals = 0;
let principal: string;
let grants: Ref[];
beforeAll(async () => {
  service = await startService();
  keyCreator = isCallerMode ? service.administrator : service.creator;
  keys = [await newKey(service, keyCreator), await newKey(service, keyCreator)];
  for (const user of [service.creator, service.administrator, service.reader]) await service.token(user);
});
afterAll(() => service.stop());
beforeEach(async () => {
  principals += 1;
  principal = `principal${principals}`;
  grants = [];
  for (const n of [1, 0, 1]) await addGrant(n);
});

async function addGrant(n: number): Promise<Ref> {
  const key_id = keys[n] as string;
  const grant = { key_id, grant_id: await newGrant(service, key_id, { grantee_principal: principal }, keyCreator) };
  grants.push(grant);
  return grant;
}

async function revokeOne(grant: Ref | undefined): Promise<void> {
  okBody(await service.kms(keyCreator, 'revoke-grant', grant));
  grants = grants.filter((existing) => existing !== grant);
}

/** The documented digest: SHA-256 over the lines "key_id grant_id", sorted, each with a line feed. */
function digestOf(refs: Ref[]): string {
  const lines = refs.map(({ key_id, grant_id }) => `${key_id} ${grant_id}\n`).sort();
  return createHash('sha256').update(lines.join('')).digest('hex');
}

const revoke = (fields: object = {}, user: User = service.administrator): Promise<ApiResponse> =>
  service.kms(user, 'revoke-principal-grants', { grantee_principal: principal, ...fields });

const digestOfDryRun = async (fields: object = {}): Promise<string> =>
  okBody(await revoke({ ...fields, dry_run: true })).digest;

async function heldIds(): Promise<string[]> {
  const list = await service.kms(service.reader, 'list-principal-grants', { grantee_principal: principal });
  return okBody(list).grants.map(({ grant_id }: Ref) => grant_id);
}

/** @returns the ids of the grants that have an event of revoke-principal-grants, sorted */
async function revokedIds(): Promise<(string | undefined)[]> {
  const events = await service.events.list(service.demo.project_id, { grantee: principal }, 1000);
  const revokes = events.filter(({ action }) => action === 'revoke-principal-grants');
  return revokes.map(({ grant }) => grant?.grant_id).sort();
}

/** Expects the digest of the request to be refused, and no grant to be revoked. */
async function expectDigestRefused(send: () => Promise<ApiResponse>): Promise<void> {
  await expectErrorAndNoWrite(service, send, DIGEST_REFUSED);
  expect(await heldIds()).toEqual(grants.map(({ grant_id }) => grant_id));
}

const ALL_REVOKED = { revoked: 3, failed: [], remaining: 0, passed_on: 0 };

test.each([true, 'true'])(
  'with dry_run %j the reply lists what would be revoked by key, and nothing is revoked',
  async (dry_run) => {
    const rows = await storedRows(service);
    const { status, body } = await revoke({ dry_run, reason: 'a dry run' });
    expect([status, body]).toEqual([
      200,
      {
        dry_run: true,
        total: 3,
        keys: expect.arrayContaining([
          { key_id: keys[0], total: 1 },
          { key_id: keys[1], total: 2 },
        ]),
        digest: expect.stringMatching(/^[0-9a-f]{64}$/),
        passed_on: 0,
      },
    ]);
    expect(body.keys).toHaveLength(2);
    const filtered = { dry_run, key_id: keys[1], operations: ['encrypt-data'] };
    expect(okBody(await revoke(filtered))).toMatchObject({ total: 2, keys: [{ key_id: keys[1], total: 2 }] });
    const nothing = { dry_run: true, total: 0, keys: [], digest: DIGEST_OF_NONE, passed_on: 0 };
    expect(okBody(await revoke({ dry_run, operations: ['retire-grant'] }))).toEqual(nothing);
    expect(await storedRows(service)).toEqual(rows);
    expect(await heldIds()).toEqual(grants.map(({ grant_id }) => grant_id));
  },
);

test.each([false, 'false'])('with dry_run %j the grants are revoked', async (dry_run) => {
  expect(okBody(await revoke({ dry_run }))).toEqual(ALL_REVOKED);
  expect(await heldIds()).toEqual([]);
});

describe('the digest of a dry run', () => {
  test('the digest is SHA-256 over the sorted lines of key and grant of the selected grants', async () => {
    expect(await digestOfDryRun()).toBe(digestOf(grants));
    expect(await digestOfDryRun({ key_id: keys[1] })).toBe(digestOf(grants.filter(({ key_id }) => key_id === keys[1])));
    expect(await digestOfDryRun({ operations: ['retire-grant'] })).toBe(DIGEST_OF_NONE);
  });

  test('a revoke with the digest of its dry run revokes exactly those grants, also when there are none', async () => {
    const digest = await digestOfDryRun();
    expect(okBody(await revoke({ digest }))).toEqual(ALL_REVOKED);
    expect(await heldIds()).toEqual([]);
    expect(okBody(await revoke({ digest: DIGEST_OF_NONE }))).toEqual({
      revoked: 0,
      failed: [],
      remaining: 0,
      passed_on: 0,
    });
  });

  test('a digest is valid for the key_id and operations of its dry run and refused with others', async () => {
    const digest = await digestOfDryRun({ key_id: keys[1] });
    await expectDigestRefused(() => revoke({ digest }));
    await expectDigestRefused(() => revoke({ digest, key_id: keys[0] }));
    await expectDigestRefused(() => revoke({ digest, key_id: keys[1], operations: ['retire-grant'] }));
    expect(okBody(await revoke({ digest, key_id: keys[1], operations: ['encrypt-data'] })).revoked).toBe(2);
    expect(await heldIds()).toEqual([grants[1]?.grant_id]);
  });

  test('a digest stays valid when other principals get grants, also on the same keys', async () => {
    const digest = await digestOfDryRun();
    await newGrant(service, keys[0] as string, {}, keyCreator);
    expect(okBody(await revoke({ digest }))).toEqual(ALL_REVOKED);
  });

  test.each<[string, () => Promise<unknown>]>([
    ['one grant more', () => addGrant(0)],
    ['one grant fewer', () => revokeOne(grants[0])],
    ['one grant replaced by an equal one', () => revokeOne(grants[2]).then(() => addGrant(1))],
    ['no grant left', () => Promise.all(grants.map(revokeOne))],
  ])('a digest is refused with KMS.0308 and nothing is revoked after a change: %s', async (_, change) => {
    const digest = await digestOfDryRun();
    await change();
    await expectDigestRefused(() => revoke({ digest }));
    // A refusal is not recorded for the sequence: the next request with it is checked again.
    await expectDigestRefused(() => revoke({ digest, sequence: SEQUENCE }));
    const renewed = { digest: await digestOfDryRun(), sequence: SEQUENCE };
    expect(okBody(await revoke(renewed)).revoked).toBe(grants.length);
    expect(await heldIds()).toEqual([]);
  });

  test('a request that was refused for its digest succeeds with the same sequence once the grants are the same again', async () => {
    const request = { digest: await digestOfDryRun(), sequence: SEQUENCE };
    const extra = await addGrant(0);
    await expectDigestRefused(() => revoke(request));
    await revokeOne(extra);
    expect(okBody(await revoke(request))).toEqual(ALL_REVOKED);
  });
});

describe('revoke-principal-grants with a repeated sequence', () => {
  test('a repeat with the same sequence gets the first answer while nothing remains, and writes nothing', async () => {
    expect(okBody(await revoke({ sequence: SEQUENCE }))).toEqual(ALL_REVOKED);
    const rows = await storedRows(service);
    expect(okBody(await revoke({ sequence: SEQUENCE }))).toEqual(ALL_REVOKED);
    expect(await storedRows(service)).toEqual(rows);
    expect(okBody(await revoke({ sequence: OTHER_SEQUENCE })).revoked).toBe(0);
  });

  test('a repeat with the same sequence revokes what was granted since, and its answer is the recorded one then', async () => {
    expect(okBody(await revoke({ sequence: SEQUENCE }))).toEqual(ALL_REVOKED);
    await addGrant(0);
    const second = { ...ALL_REVOKED, revoked: 1 };
    expect(okBody(await revoke({ sequence: SEQUENCE }))).toEqual(second);
    expect(await heldIds()).toEqual([]);
    expect(okBody(await revoke({ sequence: SEQUENCE }))).toEqual(second);
  });

  test('a repeat with its digest is not refused because the first request changed the grants', async () => {
    const digest = await digestOfDryRun();
    expect(okBody(await revoke({ digest, sequence: SEQUENCE }))).toEqual(ALL_REVOKED);
    expect(okBody(await revoke({ digest, sequence: SEQUENCE }))).toEqual(ALL_REVOKED);
  });

  test('the same sequence with another body, or from another caller, is another request', async () => {
    const second = isCallerMode ? undefined : await service.addUser(`second${principals}`, 'KMS Administrator');
    okBody(await revoke({ sequence: SEQUENCE }));
    await addGrant(0);
    expect(okBody(await revoke({ sequence: SEQUENCE, reason: 'once more' })).revoked).toBe(1);
    if (!second) return;
    await addGrant(0);
    expect(okBody(await revoke({ sequence: SEQUENCE }, second)).revoked).toBe(1);
  });

  test('a repeated dry run reads the grants again, and the revoke with that sequence still runs', async () => {
    expect(await digestOfDryRun({ sequence: SEQUENCE })).toBe(digestOf(grants));
    await addGrant(1);
    expect(await digestOfDryRun({ sequence: SEQUENCE })).toBe(digestOf(grants));
    expect(okBody(await revoke({ sequence: SEQUENCE })).revoked).toBe(4);
  });

  test('the same sequence after an hour is a new request', async () => {
    expect(okBody(await revoke({ sequence: SEQUENCE }))).toEqual(ALL_REVOKED);
    await addGrant(0);
    service.clock.nowMs += HOUR_MS;
    expect(okBody(await revoke({ sequence: SEQUENCE })).revoked).toBe(1);
  });

  test('16 concurrent requests with one sequence revoke each grant once and get the same answer', async () => {
    const body = { grantee_principal: principal, sequence: SEQUENCE };
    const responses = await sendConcurrently(service, service.administrator, 'revoke-principal-grants', body);
    const answer = { revoked: grants.length, failed: [], remaining: 0, passed_on: 0 };
    for (const response of responses) expect(okBody(response)).toEqual(answer);
    expect(await heldIds()).toEqual([]);
    expect(await revokedIds()).toEqual(grants.map(({ grant_id }) => grant_id));
  });
});

test('of two concurrent administrators each revokes some grants: each grant once, and the counts add up', async () => {
  const second = isCallerMode ? service.administrator : await service.addUser('second', 'KMS Administrator');
  for (let n = 0; n < 9; n += 1) await addGrant(n % 2);
  await service.token(second);
  const answers = (await Promise.all([revoke(), revoke({}, second)])).map(okBody);
  expect(answers.reduce((sum, { revoked }) => sum + revoked, 0)).toBe(12);
  for (const { failed, remaining } of answers) expect([failed, remaining]).toEqual([[], 0]);
  expect(await revokedIds()).toEqual(grants.map(({ grant_id }) => grant_id));
  expect(await heldIds()).toEqual([]);
});

// In caller mode the backend passes the caller's token on, so there is no AK/SK.
(isCallerMode ? describe.skip : describe)('an identical AK/SK-signed request', () => {
  const path = () => `/v1.0/${service.demo.project_id}/kms/revoke-principal-grants`;
  const send = (body: string, headers: Record<string, string>) =>
    sendSigned(service, service.administrator, path(), body, { signed: headers });
  /** The headers of a request that is signed now. Equal bodies with equal headers have the same signature. */
  const capture = () => ({ 'x-sdk-date': new Date(service.clock.nowMs).toISOString().replace(/[-:]|\.\d+/g, '') });

  test('after 2 s a signed request gets the first answer while nothing remains; then it is refused and revokes nothing', async () => {
    const body = JSON.stringify({ grantee_principal: principal });
    const captured = capture();
    expect(okBody(await send(body, captured))).toEqual(ALL_REVOKED);
    service.clock.nowMs += 2_000;
    expect(okBody(await send(body, captured))).toEqual(ALL_REVOKED);
    const { grant_id } = await addGrant(0);
    await expectErrorAndNoWrite(service, () => send(body, captured), [401, 'APIGW.0301']);
    expect(await heldIds()).toEqual([grant_id]);
    expect(okBody(await send(body, capture())).revoked).toBe(1);
  });

  test('within 2 s equal signed requests each revoke what is there', async () => {
    const body = JSON.stringify({ grantee_principal: principal });
    const captured = capture();
    expect(okBody(await send(body, captured))).toEqual(ALL_REVOKED);
    await addGrant(0);
    expect(okBody(await send(body, captured)).revoked).toBe(1);
  });

  test.each([{}, { sequence: SEQUENCE }])(
    'a signed request that was refused for its digest revokes nothing when the grants are the same again; with %j',
    async (fields) => {
      const body = JSON.stringify({ grantee_principal: principal, digest: await digestOfDryRun(), ...fields });
      const extra = await addGrant(0);
      const captured = capture();
      expectError(await send(body, captured), DIGEST_REFUSED);
      service.clock.nowMs += 2_000;
      await expectDigestRefused(() => send(body, captured));
      await revokeOne(extra);
      await expectErrorAndNoWrite(service, () => send(body, captured), [401, 'APIGW.0301']);
      expect(okBody(await send(body, capture()))).toEqual(ALL_REVOKED);
    },
  );
});
