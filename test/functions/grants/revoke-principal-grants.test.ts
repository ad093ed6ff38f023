import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { revokePrincipalGrants } from '../../../lib/authority/revoke-principal-grants.ts';
import { grantIdsOn, grantsOn, newGrant, newKey, okBody, type User } from '../../support/create.ts';
import { expectError } from '../../support/expect-error.ts';
import { type ApiResponse, startService, type TestService } from '../../support/service.ts';
import { storedRows } from '../../support/stored-rows.ts';

/**
 * Whether the backend passes the caller's token to an upstream. The upstream lets only a key's creator revoke, so the
 * administrator creates the keys.
 */
const isCallerMode = process.env['TEST_UPSTREAM'] === 'caller';
const ABSENT_KEY = '0d0466b0-e727-4d9c-b35d-f84bb474a37f';
const NONE = { revoked: 0, failed: [], remaining: 0, passed_on: 0 };

let service: TestService;
let otherCreator: User;
let foreigner: User & { project_id: string };
/** The creators of the two keys of a test. */
let keyCreators: [User, User];
let principals = 0;
beforeAll(async () => {
  service = await startService();
  otherCreator = await service.addUser('other', 'KMS CMKFullAccess');
  foreigner = await service.foreignUser();
  keyCreators = isCallerMode ? [service.administrator, service.administrator] : [service.creator, otherCreator];
  for (const user of [service.creator, service.reader, service.administrator, otherCreator]) await service.token(user);
  await service.token(foreigner, foreigner.project_id);
});
afterAll(() => service.stop());

/** Sends each request a millisecond later than the one before, so that events have a fixed order. */
function revoke(body: object, user: User = service.administrator): Promise<ApiResponse> {
  service.clock.nowMs += 1;
  return service.kms(user, 'revoke-principal-grants', body, user.project_id);
}

/** Expects every request to get the same error, and nothing to be written. */
async function expectRefused(
  requests: (() => Promise<ApiResponse>)[],
  error: [number, string],
): Promise<ApiResponse[]> {
  const rows = await storedRows(service);
  const responses: ApiResponse[] = [];
  for (const send of requests) responses.push(await send());
  for (const response of responses) expectError(response, error);
  expect(await storedRows(service)).toEqual(rows);
  return responses;
}

/** @returns an id that no grant has yet */
function newPrincipal(): string {
  principals += 1;
  return `principal${principals}`;
}

/** Creates two keys of two creators, and on each two grants to one principal: as a user and as a domain. */
async function newGrants(fields = {}) {
  const principal = newPrincipal();
  const keys: string[] = [];
  const ids: string[] = [];
  for (const keyCreator of keyCreators) {
    const key = await newKey(service, keyCreator);
    keys.push(key);
    for (const grantee_principal_type of ['user', 'domain']) {
      const grant = { grantee_principal: principal, grantee_principal_type, ...fields };
      ids.push(await newGrant(service, key, grant, keyCreator));
    }
  }
  return { principal, keys: keys as [string, string], ids };
}

async function grantIdsOf(principal: string): Promise<string[]> {
  const list = await service.kms(service.reader, 'list-principal-grants', { grantee_principal: principal });
  return okBody(list).grants.map(({ grant_id }: { grant_id: string }) => grant_id);
}

const eventsOf = (filter: object) => service.events.list(service.demo.project_id, filter, 1000);
/** @returns the events of revoke-principal-grants, newest first */
const revokesOf = async (filter: object) =>
  (await eventsOf(filter)).filter(({ action }) => action === 'revoke-principal-grants');

describe('revoke-principal-grants revokes', () => {
  test('all grants of a principal, a user or a domain, are revoked on the keys of every creator, and no other grant', async () => {
    const { principal, keys } = await newGrants();
    const [first, second] = keys;
    const remaining = [
      await newGrant(service, first, { grantee_principal: `${principal}x` }, keyCreators[0]),
      await newGrant(service, first, { grantee_principal: principal.toUpperCase() }, keyCreators[0]),
      await newGrant(service, first, { retiring_principal: principal }, keyCreators[0]),
    ];
    const toOtherGrantee = await newGrant(service, second, {}, keyCreators[1]);
    const foreignKey = await newKey(service, foreigner);
    const foreignGrant = await newGrant(service, foreignKey, { grantee_principal: principal }, foreigner);

    const { status, body } = await revoke({ grantee_principal: principal });
    expect([status, body]).toEqual([200, { revoked: 4, failed: [], remaining: 0, passed_on: 0 }]);
    expect(await grantIdsOn(service, first)).toEqual(remaining);
    expect(await grantIdsOn(service, second)).toEqual([toOtherGrantee]);
    expect(await grantIdsOf(principal)).toEqual([]);
    const list = await service.kms(foreigner, 'list-grants', { key_id: foreignKey }, foreigner.project_id);
    expect(okBody(list)).toMatchObject({ grants: [{ grant_id: foreignGrant }], total: 1 });
  });

  test('grants on keys that are disabled or pending deletion are revoked too', async () => {
    const { principal, keys } = await newGrants();
    okBody(await service.kms(keyCreators[0], 'disable-key', { key_id: keys[0] }));
    okBody(await service.kms(keyCreators[1], 'schedule-key-deletion', { key_id: keys[1], pending_days: '7' }));
    expect(okBody(await revoke({ grantee_principal: principal })).revoked).toBe(4);
    for (const key of keys) expect(await grantIdsOn(service, key)).toEqual([]);
  });

  test('grants that other grantees issued to the principal are revoked; grants that the principal issued stay', async () => {
    const key = await newKey(service, keyCreators[0]);
    const operations = ['create-grant', 'describe-key'];
    const { grantee, reader } = service;
    await newGrant(service, key, { operations }, keyCreators[0]);
    const fields = { grantee_principal: reader.user_id, operations: ['describe-key'] };
    const issuedByGrantee = await newGrant(service, key, fields, grantee);
    const filter = { grantee_principal: grantee.user_id, key_id: key };
    expect(okBody(await revoke(filter)).revoked).toBe(1);
    expect(await grantIdsOn(service, key)).toEqual([issuedByGrantee]);
    expect(okBody(await revoke({ grantee_principal: reader.user_id })).revoked).toBe(1);
    expect(await grantIdsOn(service, key)).toEqual([]);
  });

  test('a hundred grants are revoked, each with one event', async () => {
    const principal = newPrincipal();
    const keys = await Promise.all(keyCreators.map((keyCreator) => newKey(service, keyCreator)));
    const creating = Array.from({ length: 100 }, (_, n) =>
      newGrant(service, keys[n % 2] as string, { grantee_principal: principal }, keyCreators[n % 2]),
    );
    const ids = await Promise.all(creating);
    expect(okBody(await revoke({ grantee_principal: principal }))).toEqual({
      revoked: 100,
      failed: [],
      remaining: 0,
      passed_on: 0,
    });
    const events = await revokesOf({ grantee: principal });
    expect(events.map(({ grant }) => grant?.grant_id).sort()).toEqual(ids.sort());
    for (const key of keys)
      expect(okBody(await service.kms(service.reader, 'list-grants', { key_id: key })).total).toBe(0);
  });

  test('for a principal without grants the counts are 0 and nothing is written', async () => {
    const rows = await storedRows(service);
    expect(okBody(await revoke({ grantee_principal: newPrincipal() }))).toEqual(NONE);
    expect(await storedRows(service)).toEqual(rows);
  });
});

describe('passed_on', () => {
  /** A key of its own, on which the grantee has issued a grant to an accomplice and one to itself. */
  async function withPassedOn() {
    const { grantee, reader } = service;
    const key = await newKey(service, keyCreators[0]);
    const operations = ['create-grant', 'describe-key'];
    await newGrant(service, key, { grantee_principal: grantee.user_id, operations }, keyCreators[0]);
    const issue = (grantee_principal: string) =>
      newGrant(service, key, { grantee_principal, operations: ['describe-key'] }, grantee);
    return { key, toAccomplice: await issue(reader.user_id), toItself: await issue(grantee.user_id) };
  }

  test('the reply and the dry run count the grants that the principal issued and that still stand', async () => {
    const { key, toAccomplice } = await withPassedOn();
    const filter = { grantee_principal: service.grantee.user_id, key_id: key };
    expect(okBody(await revoke({ ...filter, dry_run: true }))).toMatchObject({ total: 2, passed_on: 1 });
    expect(okBody(await revoke(filter))).toEqual({ revoked: 2, failed: [], remaining: 0, passed_on: 1 });
    expect(await grantIdsOn(service, key)).toEqual([toAccomplice]);
    const [event] = await revokesOf({ keyId: key });
    expect(event).toMatchObject({ passedOn: 1 });
    const list = await service.kms(service.reader, 'list-grant-events', { key_id: key, limit: 1 });
    expect(okBody(list).events).toMatchObject([{ action: 'revoke-principal-grants', passed_on: 1 }]);

    // Only grants on the named key count; without it, those on every key.
    const other = await withPassedOn();
    expect(okBody(await revoke({ ...filter, dry_run: true })).passed_on).toBe(1);
    const all = { grantee_principal: service.grantee.user_id, dry_run: true };
    const before = okBody(await revoke(all)).passed_on;
    okBody(await revoke({ grantee_principal: service.reader.user_id, key_id: other.key }));
    expect(okBody(await revoke(all)).passed_on).toBe(before - 1);
  });

  test('a grant that the principal issued to itself counts if the filter does not select it', async () => {
    const { key } = await withPassedOn();
    const filter = { grantee_principal: service.grantee.user_id, key_id: key, operations: ['create-grant'] };
    expect(okBody(await revoke(filter))).toEqual({ revoked: 1, failed: [], remaining: 0, passed_on: 2 });
  });

  test('grants that others issued to the principal, or that it may only retire, do not count', async () => {
    const { principal, keys } = await newGrants();
    const fields = { retiring_principal: principal, operations: ['retire-grant', 'describe-key'] };
    await newGrant(service, keys[0], fields, keyCreators[0]);
    expect(okBody(await revoke({ grantee_principal: principal })).passed_on).toBe(0);
  });
});

describe('filters of revoke-principal-grants', () => {
  test('with key_id only grants on that key are revoked', async () => {
    const { principal, keys, ids } = await newGrants();
    expect(okBody(await revoke({ grantee_principal: principal, key_id: keys[1] })).revoked).toBe(2);
    expect(await grantIdsOf(principal)).toEqual(ids.slice(0, 2));
  });

  test('with operations, grants that include at least one of them are revoked', async () => {
    const principal = newPrincipal();
    const key = await newKey(service, keyCreators[0]);
    const grant = (operations: string[]) =>
      newGrant(service, key, { grantee_principal: principal, operations }, keyCreators[0]);
    const delegating = await grant(['create-grant', 'describe-key']);
    const both = await grant(['encrypt-data', 'decrypt-data']);
    const decrypting = await grant(['decrypt-data']);
    const describing = await grant(['describe-key', 'create-datakey']);
    const revoked = async (operations: string[]) => okBody(await revoke({ grantee_principal: principal, operations }));

    expect(await revoked(['retire-grant', 'create-datakey-without-plaintext'])).toEqual(NONE);
    expect(await grantIdsOf(principal)).toEqual([delegating, both, decrypting, describing]);
    expect((await revoked(['create-grant'])).revoked).toBe(1);
    expect(await grantIdsOf(principal)).toEqual([both, decrypting, describing]);
    expect((await revoked(['decrypt-data', 'retire-grant', 'decrypt-data'])).revoked).toBe(2);
    expect(await grantIdsOf(principal)).toEqual([describing]);
  });

  test('with key_id and operations only grants that match both are revoked', async () => {
    const { principal, keys, ids } = await newGrants();
    const operations = ['create-datakey'];
    const fields = { grantee_principal: principal, operations };
    const matching = await newGrant(service, keys[0], fields, keyCreators[0]);
    const onOtherKey = await newGrant(service, keys[1], fields, keyCreators[1]);
    okBody(await revoke({ grantee_principal: principal, key_id: keys[0], operations }));
    expect(await grantIdsOf(principal)).toEqual([...ids, onOtherKey]);
    expect(await grantIdsOn(service, keys[0])).not.toContain(matching);
  });
});

test('a reason with a line end, or of another type, does not stop the revocation', async () => {
  for (const reason of ['left\r\nthe company', '\u{1f469}\u200d\u{1f4bb}', 'x'.repeat(256), 7, null]) {
    const { principal } = await newGrants();
    const answer = okBody(await revoke({ grantee_principal: principal, reason }));
    expect([answer.revoked > 0, answer.remaining]).toEqual([true, 0]);
  }
});

test('each revoked grant has an event with the actor, channel, reason, request id, and the grant as it was', async () => {
  const { principal, keys } = await newGrants();
  const grants = [...(await grantsOn(service, keys[0])), ...(await grantsOn(service, keys[1]))];
  // 255 characters, the longest that a reason may be.
  const reason = `left the company, ticket für 密钥 #7 ${'x'.repeat(255)}`.slice(0, 255);
  const answer = await revoke({ grantee_principal: principal, reason });
  const events = (await revokesOf({ grantee: principal })).sort((a, b) =>
    (a.grant?.grant_id ?? '') < (b.grant?.grant_id ?? '') ? -1 : 1,
  );
  expect(events.map(({ grant }) => grant)).toEqual(grants);
  for (const event of events) {
    expect(event).toMatchObject({
      projectId: service.demo.project_id,
      actor: service.administrator.user_id,
      channel: 'http',
      reason,
      requestId: answer.headers.get('x-request-id'),
      keyId: event.grant?.key_id,
      atMs: service.clock.nowMs,
    });
  }
});

test('after its time limit the request starts no further revoke and counts the remaining grants', async () => {
  const { principal, ids } = await newGrants();
  const { authority, store } = service.services;
  const { user_id: userId, domain_id: domainId } = service.administrator;
  const context = {
    caller: { userId, domainId, roles: [] },
    projectId: service.demo.project_id,
    channel: 'http' as const,
    requestId: '0'.repeat(32),
    action: 'revoke-principal-grants',
    body: new Uint8Array(),
    // Source: API Gateway quotas; an HTTP API gives up after 30 s.
    startedAtMs: performance.now() - 30_000,
  };
  const dependencies = {
    authority,
    store,
    now: () => service.clock.nowMs,
    isSingleHost: true,
  };
  const answer = await revokePrincipalGrants(dependencies, context, { grantee: principal, isDryRun: false });
  expect(answer).toEqual({ revoked: 0, failed: [], remaining: 4, passed_on: 0 });
  expect(await grantIdsOf(principal)).toEqual(ids);
});

// Only an upstream that checks the caller refuses an administrator.
(isCallerMode ? test : test.skip)(
  'a grant that the upstream does not revoke is listed in `failed`, and the others are revoked',
  async () => {
    const { administrator, creator } = service;
    const principal = newPrincipal();
    const [ownKey, foreignKey] = [await newKey(service, administrator), await newKey(service, creator)];
    await newGrant(service, ownKey, { grantee_principal: principal }, administrator);
    const refused = await newGrant(service, foreignKey, { grantee_principal: principal }, creator);
    expect(okBody(await revoke({ grantee_principal: principal }))).toEqual({
      revoked: 1,
      failed: [
        {
          key_id: foreignKey,
          grant_id: refused,
          error_code: 'KMS.0306',
          error_msg: expect.stringMatching(/^No access per/),
        },
      ],
      remaining: 1,
      passed_on: 0,
    });
    expect(await grantIdsOf(principal)).toEqual([refused]);
    expect(await revokesOf({ grantId: refused })).toEqual([]);
  },
);

describe('revoke-principal-grants is refused and nothing is revoked', () => {
  test('roles other than administrator get KMS.0307, also on their own keys and for a dry run', async () => {
    const security = await service.addUser('security', 'Security Administrator');
    await service.token(security);
    const key = await newKey(service);
    await newGrant(service, key, { grantee_principal: service.creator.user_id });
    const bodies = [{}, { key_id: key }, { dry_run: true }].map((fields) => ({
      grantee_principal: service.creator.user_id,
      ...fields,
    }));
    const users = [service.creator, service.grantee, service.reader, security];
    const requests = users.flatMap((user) => bodies.map((body) => () => revoke(body, user)));
    await expectRefused(requests, [403, 'KMS.0307']);
  });

  test('a missing grantee_principal: KMS.0204; null: KMS.0308; empty or malformed: KMS.2402; none of them means all principals', async () => {
    const [key_id] = (await newGrants()).keys;
    const bodies = [{}, { key_id }, { operations: ['encrypt-data'] }];
    await expectRefused(
      bodies.map((body) => () => revoke(body)),
      [400, 'KMS.0204'],
    );
    // A null is refused in every field: in a filter it would mean everything.
    await expectRefused([() => revoke({ grantee_principal: null })], [400, 'KMS.0308']);
    const malformed = ['', ' ', '*', '%', '_', 'a-b', 'a'.repeat(65), 7, true, [], ['a'], {}];
    const requests = malformed.flatMap((grantee_principal) =>
      [{}, { key_id }].map((fields) => () => revoke({ grantee_principal, ...fields })),
    );
    await expectRefused(requests, [400, 'KMS.2402']);
  });

  test('a key of another project gets the same 404 KMS.0207 as an unknown key; a malformed key_id: KMS.0205', async () => {
    const { principal, keys } = await newGrants();
    const foreignKey = await newKey(service, foreigner);
    await newGrant(service, foreignKey, { grantee_principal: principal }, foreigner);
    const revokeOn =
      (key_id: unknown, fields = {}) =>
      () =>
        revoke({ grantee_principal: principal, key_id, ...fields });
    const requests = [foreignKey, ABSENT_KEY].flatMap((key_id) => [
      revokeOn(key_id),
      revokeOn(key_id, { dry_run: true }),
    ]);
    const responses = await expectRefused(requests, [404, 'KMS.0207']);
    expect(new Set(responses.map(({ body }) => body.error_msg)).size).toBe(1);
    const malformed = ['', 'x', keys[0].toUpperCase(), [keys[0]], 7];
    await expectRefused(
      malformed.map((key_id) => revokeOn(key_id)),
      [400, 'KMS.0205'],
    );
  });

  test('an invalid filter, dry_run or digest: KMS.0308', async () => {
    const { principal } = await newGrants();
    const malformed = [
      ...[[], ['x'], [''], 'encrypt-data', '', {}, Array(11).fill('encrypt-data')].map((operations) => ({
        operations,
      })),
      ...['', 'yes', 'TRUE', 1, 0, [], {}].map((dry_run) => ({ dry_run })),
      ...['', 'x', 'a'.repeat(63), 'a'.repeat(65), 'A'.repeat(64), 7].map((digest) => ({ digest })),
    ];
    const requests = malformed.map((fields) => () => revoke({ grantee_principal: principal, ...fields }));
    await expectRefused(requests, [400, 'KMS.0308']);
  });
});

test.each(['te_admin', 'KMS Administrator', 'kms_adm'])(
  'the role %s may call revoke-principal-grants',
  async (role) => {
    const user = await service.addUser(role.replace(/\W/, '-'), role);
    const keyCreator = isCallerMode ? user : service.creator;
    const principal = newPrincipal();
    await newGrant(service, await newKey(service, keyCreator), { grantee_principal: principal }, keyCreator);
    expect(okBody(await revoke({ grantee_principal: principal, dry_run: true }, user)).total).toBe(1);
    expect(okBody(await revoke({ grantee_principal: principal }, user)).revoked).toBe(1);
  },
);

test('an administrator who did not create the key may not call revoke-grant on it: KMS.0306', async () => {
  const key_id = await newKey(service);
  const grant_id = await newGrant(service, key_id);
  const send = () => service.kms(service.administrator, 'revoke-grant', { key_id, grant_id });
  await expectRefused([send], [403, 'KMS.0306']);
});
