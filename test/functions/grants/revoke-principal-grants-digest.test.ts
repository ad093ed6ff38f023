/** What a dry run has shown is what is revoked, or nothing; and what is sent twice is done once. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { sendConcurrently } from '../../support/concurrent-requests.ts';
import { newGrant, newKey, okBody, type User } from '../../support/create.ts';
import { expectError } from '../../support/expect-error.ts';
import { sendSigned } from '../../support/send-signed.ts';
import { type ApiResponse, startService, type TestService } from '../../support/service.ts';
import { storedRows } from '../../support/stored-rows.ts';

/** Behind a caller's own token the cloud lets only a key's creator revoke: there the administrator has made the keys. */
const isJudgedByCloud = process.env['TEST_UPSTREAM'] === 'caller';
/** Source: KMS API reference, revoke-grant, request examples. */
const SEQUENCE = '919c82d4-8046-4722-9094-35c3c6524cff';
const OTHER_SEQUENCE = '819c82d4-8046-4722-9094-35c3c6524cff';
/** SHA-256 of nothing. Source: NIST, Cryptographic Standards and Guidelines, example values. */
const DIGEST_OF_NONE = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const CHANGED: [number, string] = [400, 'KMS.0308'];
const HOUR_MS = 60 * 60 * 1000;

interface Ref {
  key_id: string;
  grant_id: string;
}

let service: TestService;
let maker: User;
let keys: string[];
let principals = 0;
let principal: string;
let grants: Ref[];
beforeAll(async () => {
  service = await startService();
  maker = isJudgedByCloud ? service.administrator : service.creator;
  keys = [await newKey(service, maker), await newKey(service, maker)];
  for (const user of [service.creator, service.administrator, service.reader]) await service.token(user);
});
afterAll(() => service.stop());
beforeEach(async () => {
  principals += 1;
  principal = `principal${principals}`;
  grants = [];
  for (const n of [1, 0, 1]) await grantMore(n);
});

async function grantMore(n: number): Promise<Ref> {
  const key_id = keys[n] as string;
  const grant = { key_id, grant_id: await newGrant(service, key_id, { grantee_principal: principal }, maker) };
  grants.push(grant);
  return grant;
}

async function takeOne(grant: Ref | undefined): Promise<void> {
  okBody(await service.kms(maker, 'revoke-grant', grant));
  grants = grants.filter((one) => one !== grant);
}

/** As documented: of the lines "key_id grant_id", sorted, each with its line feed. */
function digestOf(refs: Ref[]): string {
  const lines = refs.map(({ key_id, grant_id }) => `${key_id} ${grant_id}\n`).sort();
  return createHash('sha256').update(lines.join('')).digest('hex');
}

const revoke = (fields: object = {}, user: User = service.administrator): Promise<ApiResponse> =>
  service.kms(user, 'revoke-principal-grants', { grantee_principal: principal, ...fields });

const lookAt = async (fields: object = {}): Promise<string> =>
  okBody(await revoke({ ...fields, dry_run: true })).digest;

async function heldIds(): Promise<string[]> {
  const list = await service.kms(service.reader, 'list-principal-grants', { grantee_principal: principal });
  return okBody(list).grants.map(({ grant_id }: Ref) => grant_id);
}

/** By their receipts, oldest grant first. */
async function revokedIds(): Promise<(string | undefined)[]> {
  const receipts = await service.events.list(service.demo.project_id, { grantee: principal }, 1000);
  const revokes = receipts.filter(({ action }) => action === 'revoke-principal-grants');
  return revokes.map(({ grant }) => grant?.grant_id).sort();
}

async function expectChanged(asked: () => Promise<ApiResponse>): Promise<void> {
  const rows = await storedRows(service);
  expectError(await asked(), CHANGED);
  expect(await storedRows(service)).toEqual(rows);
  expect(await heldIds()).toEqual(grants.map(({ grant_id }) => grant_id));
}

const ALL_GONE = { revoked: 3, failed: [], remaining: 0 };

test.each([true, 'true'])('dry_run %j tells what would go, by key, and nothing goes', async (dry_run) => {
  const rows = await storedRows(service);
  const { status, body } = await revoke({ dry_run, reason: 'a look' });
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
    },
  ]);
  expect(body.keys).toHaveLength(2);
  const narrow = { dry_run, key_id: keys[1], operations: ['encrypt-data'] };
  expect(okBody(await revoke(narrow))).toMatchObject({ total: 2, keys: [{ key_id: keys[1], total: 2 }] });
  const nothing = { dry_run: true, total: 0, keys: [], digest: DIGEST_OF_NONE };
  expect(okBody(await revoke({ dry_run, operations: ['retire-grant'] }))).toEqual(nothing);
  expect(await storedRows(service)).toEqual(rows);
  expect(await heldIds()).toEqual(grants.map(({ grant_id }) => grant_id));
});

test.each([false, 'false'])('dry_run %j revokes', async (dry_run) => {
  expect(okBody(await revoke({ dry_run }))).toEqual(ALL_GONE);
  expect(await heldIds()).toEqual([]);
});

describe('the digest of a dry run', () => {
  test('is SHA-256 over the sorted lines of key and grant, of what was selected only', async () => {
    expect(await lookAt()).toBe(digestOf(grants));
    expect(await lookAt({ key_id: keys[1] })).toBe(digestOf(grants.filter(({ key_id }) => key_id === keys[1])));
    expect(await lookAt({ operations: ['retire-grant'] })).toBe(DIGEST_OF_NONE);
  });

  test('passed back revokes just that, also where nothing is left', async () => {
    const digest = await lookAt();
    expect(okBody(await revoke({ digest }))).toEqual(ALL_GONE);
    expect(await heldIds()).toEqual([]);
    expect(okBody(await revoke({ digest: DIGEST_OF_NONE }))).toEqual({ revoked: 0, failed: [], remaining: 0 });
  });

  test('with the same key_id and operations revokes these; with others it is refused', async () => {
    const digest = await lookAt({ key_id: keys[1] });
    await expectChanged(() => revoke({ digest }));
    await expectChanged(() => revoke({ digest, key_id: keys[0] }));
    await expectChanged(() => revoke({ digest, key_id: keys[1], operations: ['retire-grant'] }));
    expect(okBody(await revoke({ digest, key_id: keys[1], operations: ['encrypt-data'] })).revoked).toBe(2);
    expect(await heldIds()).toEqual([grants[1]?.grant_id]);
  });

  test('minds what another holds as little as what is on the same keys', async () => {
    const digest = await lookAt();
    await newGrant(service, keys[0] as string, {}, maker);
    expect(okBody(await revoke({ digest }))).toEqual(ALL_GONE);
  });

  test.each<[string, () => Promise<unknown>]>([
    ['one more', () => grantMore(0)],
    ['one fewer', () => takeOne(grants[0])],
    ['one replaced by its like', () => takeOne(grants[2]).then(() => grantMore(1))],
    ['none left', () => Promise.all(grants.map(takeOne))],
  ])('is refused with KMS.0308 after a change, and nothing is revoked: %s', async (_, change) => {
    const digest = await lookAt();
    await change();
    await expectChanged(() => revoke({ digest }));
    // A refusal is not kept for the sequence: a retry is judged anew.
    await expectChanged(() => revoke({ digest, sequence: SEQUENCE }));
    const renewed = { digest: await lookAt(), sequence: SEQUENCE };
    expect(okBody(await revoke(renewed)).revoked).toBe(grants.length);
    expect(await heldIds()).toEqual([]);
  });

  test('and the same request, with its sequence, once the grants are those again: it is judged anew', async () => {
    const request = { digest: await lookAt(), sequence: SEQUENCE };
    const extra = await grantMore(0);
    await expectChanged(() => revoke(request));
    await takeOne(extra);
    expect(okBody(await revoke(request))).toEqual(ALL_GONE);
  });
});

describe('the same sequence again', () => {
  test('gets the first answer and revokes nothing new; another sequence does', async () => {
    expect(okBody(await revoke({ sequence: SEQUENCE }))).toEqual(ALL_GONE);
    const { grant_id } = await grantMore(0);
    const rows = await storedRows(service);
    expect(okBody(await revoke({ sequence: SEQUENCE }))).toEqual(ALL_GONE);
    expect(await storedRows(service)).toEqual(rows);
    expect(await heldIds()).toEqual([grant_id]);
    expect(okBody(await revoke({ sequence: OTHER_SEQUENCE })).revoked).toBe(1);
    expect(await heldIds()).toEqual([]);
  });

  test('with its digest is not refused for what the first time has changed', async () => {
    const digest = await lookAt();
    expect(okBody(await revoke({ digest, sequence: SEQUENCE }))).toEqual(ALL_GONE);
    expect(okBody(await revoke({ digest, sequence: SEQUENCE }))).toEqual(ALL_GONE);
  });

  test('with another body, or by another caller, is another request', async () => {
    const second = isJudgedByCloud ? undefined : await service.addUser(`second${principals}`, 'KMS Administrator');
    okBody(await revoke({ sequence: SEQUENCE }));
    await grantMore(0);
    expect(okBody(await revoke({ sequence: SEQUENCE, reason: 'once more' })).revoked).toBe(1);
    if (!second) return;
    await grantMore(0);
    expect(okBody(await revoke({ sequence: SEQUENCE }, second)).revoked).toBe(1);
  });

  test('of a dry run looks again, and keeps nothing for the revoke with that sequence', async () => {
    expect(await lookAt({ sequence: SEQUENCE })).toBe(digestOf(grants));
    await grantMore(1);
    expect(await lookAt({ sequence: SEQUENCE })).toBe(digestOf(grants));
    expect(okBody(await revoke({ sequence: SEQUENCE })).revoked).toBe(4);
  });

  test('an hour later is a new request', async () => {
    expect(okBody(await revoke({ sequence: SEQUENCE }))).toEqual(ALL_GONE);
    await grantMore(0);
    service.clock.nowMs += HOUR_MS;
    expect(okBody(await revoke({ sequence: SEQUENCE })).revoked).toBe(1);
  });

  test('sixteen times at once revokes each grant once, and all are answered alike', async () => {
    const body = { grantee_principal: principal, sequence: SEQUENCE };
    const answers = await sendConcurrently(service, service.administrator, 'revoke-principal-grants', body);
    const told = { revoked: grants.length, failed: [], remaining: 0 };
    for (const answer of answers) expect(okBody(answer)).toEqual(told);
    expect(await heldIds()).toEqual([]);
    expect(await revokedIds()).toEqual(grants.map(({ grant_id }) => grant_id));
  });
});

test('two administrators at once: every grant goes once, and the answers add up', async () => {
  const second = isJudgedByCloud ? service.administrator : await service.addUser('second', 'KMS Administrator');
  for (let n = 0; n < 9; n += 1) await grantMore(n % 2);
  await service.token(second);
  const answers = (await Promise.all([revoke(), revoke({}, second)])).map(okBody);
  expect(answers.reduce((sum, { revoked }) => sum + revoked, 0)).toBe(12);
  for (const { failed, remaining } of answers) expect([failed, remaining]).toEqual([[], 0]);
  expect(await revokedIds()).toEqual(grants.map(({ grant_id }) => grant_id));
  expect(await heldIds()).toEqual([]);
});

// A caller's own token is passed on: there is no AK/SK.
(isJudgedByCloud ? describe.skip : describe)('an AK/SK-signed request, sent again byte for byte', () => {
  /** Within one second of the clock the same body is signed alike. */
  const send = (body: string) =>
    sendSigned(service, service.administrator, `/v1.0/${service.demo.project_id}/kms/revoke-principal-grants`, body);
  const startSecond = () => {
    service.clock.nowMs = (Math.floor(service.clock.nowMs / 1000) + 1) * 1000;
  };

  test('gets the first answer and revokes nothing new; signed anew it does', async () => {
    const body = JSON.stringify({ grantee_principal: principal });
    startSecond();
    expect(okBody(await send(body))).toEqual(ALL_GONE);
    const { grant_id } = await grantMore(0);
    const rows = await storedRows(service);
    expect(okBody(await send(body))).toEqual(ALL_GONE);
    expect(await storedRows(service)).toEqual(rows);
    expect(await heldIds()).toEqual([grant_id]);
    startSecond();
    expect(okBody(await send(body)).revoked).toBe(1);
  });

  test.each([{}, { sequence: SEQUENCE }])(
    'that was refused for its digest is refused still, though the grants are those again; with %j beside it',
    async (fields) => {
      const body = JSON.stringify({ grantee_principal: principal, digest: await lookAt(), ...fields });
      const extra = await grantMore(0);
      startSecond();
      const refused = await send(body);
      expectError(refused, CHANGED);
      await takeOne(extra);
      let again: ApiResponse | undefined;
      await expectChanged(async () => {
        again = await send(body);
        return again;
      });
      expect(again?.body.error_msg).toBe(refused.body.error_msg);
      startSecond();
      expect(okBody(await send(body))).toEqual(ALL_GONE);
    },
  );
});
