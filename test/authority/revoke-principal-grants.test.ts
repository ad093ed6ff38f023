/**
 * Bulk revokes: one key or grant that fails does not stop the rest, and the answer says what the service saw at last.
 * The fields, filters and digests are tested in test/functions/grants/.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Authority } from '../../lib/authority/authority.ts';
import { revokePrincipalGrants } from '../../lib/authority/revoke-principal-grants.ts';
import type { Grant, GrantRef } from '../../lib/domain/model.ts';
import type { RequestContext } from '../../lib/domain/request-context.ts';
import type { Store } from '../../lib/store/store.ts';
import {
  CREATOR,
  GRANTEE,
  grantInput,
  keyInput,
  openStandaloneFixture,
  PROJECT,
  requestContext,
  type StandaloneFixture,
} from './standalone/fixture.ts';
import {
  grantIdOf,
  KEY,
  kmsError,
  OTHER_KEY,
  openUpstreamFixture,
  type Reply,
  type UpstreamFixture,
  upstreamGrant,
} from './upstream/scripted-upstream.ts';
import { keyRow, listOf, type SimulatedKms, send, simulateKms } from './upstream/simulated-kms.ts';

interface Answer {
  revoked: number;
  failed: { key_id?: string; grant_id?: string; error_code: string; error_msg: string }[];
  remaining: number;
  total: number;
  digest: string;
}

interface Options {
  store: Store;
  context?: Partial<RequestContext>;
  input?: { keyId?: string; digest?: string; isDryRun?: boolean };
}

async function revokeAll(authority: Authority, { store, context, input }: Options): Promise<Answer> {
  const dependencies = { authority, store, now: Date.now, isSingleHost: true };
  const request = requestContext('revoke-principal-grants', context);
  const selection = { grantee: GRANTEE, isDryRun: false, ...input };
  return (await revokePrincipalGrants(dependencies, request, selection)) as Answer;
}

describe('with an upstream', () => {
  const THIRD_KEY = '11111111-dc93-47ac-b5bd-88df7ad35f1e';
  let fixture: UpstreamFixture;
  let kms: SimulatedKms;
  beforeEach(async () => {
    fixture = await openUpstreamFixture();
    const grants = [upstreamGrant(1), upstreamGrant(2, { key_id: OTHER_KEY })];
    kms = simulateKms(fixture, [KEY, THIRD_KEY, OTHER_KEY], grants);
  });
  afterEach(() => fixture.close());

  const revoke = (input?: Options['input']) =>
    revokeAll(fixture.openAuthority({ timeoutMs: 20_000 }), { store: fixture.store, ...(input && { input }) });
  const eventsOf = (grantId: string) => fixture.store.events.list(PROJECT, { grantId }, 10);

  test.each<[string, Reply, string]>([
    ['403 KMS.0306', kmsError(403, 'KMS.0306'), 'KMS.0306'],
    ['400 KMS.0211', kmsError(400, 'KMS.0211'), 'KMS.0211'],
    ['404 of a proxy', [404, '<html>Not Found</html>'], 'APIGW.0201'],
    ['500', kmsError(500, 'KMS.0101'), 'KMS.0101'],
    ['a list in another form', [200, { grants: 'none' }], 'APIGW.0201'],
  ])(
    'when list-grants of one key answers %s, `failed` names the key, `remaining` counts it, and all other grants are revoked',
    async (_, reply, code) => {
      kms.listReplies.set(THIRD_KEY, reply);
      expect(await revoke()).toMatchObject({
        revoked: 2,
        failed: [{ key_id: THIRD_KEY, error_code: code, error_msg: expect.stringMatching(/./) }],
        remaining: 1,
      });
      expect(kms.grants).toEqual([]);
    },
  );

  test('when list-grants of one key never answers, `failed` names the key, and there is time to revoke all other grants', async () => {
    kms.listReplies.set(THIRD_KEY, () => undefined);
    const startedAtMs = performance.now();
    const authority = fixture.openAuthority({ timeoutMs: 6_000 });
    expect(await revokeAll(authority, { store: fixture.store, context: { startedAtMs } })).toMatchObject({
      revoked: 2,
      failed: [{ key_id: THIRD_KEY, error_code: 'APIGW.0201' }],
      remaining: 1,
    });
    expect(kms.grants).toEqual([]);
    // Each of two looks waits for a quarter of the time limit.
    expect(performance.now() - startedAtMs).toBeLessThan(6_000);
  });

  test('when list-grants fails for every key, `failed` names each key and `revoked` is 0', async () => {
    for (const key of [KEY, THIRD_KEY, OTHER_KEY]) kms.listReplies.set(key, kmsError(403, 'KMS.0306'));
    const { revoked, failed, remaining } = await revoke();
    expect([revoked, failed.length, remaining]).toEqual([0, 3, 3]);
  });

  test('the reply of a dry run lists the keys whose grants could not be read', async () => {
    kms.listReplies.set(THIRD_KEY, kmsError(403, 'KMS.0306'));
    expect(await revoke({ isDryRun: true })).toMatchObject({
      total: 2,
      failed: [{ key_id: THIRD_KEY, error_code: 'KMS.0306' }],
    });
  });

  test('the digest of a dry run is accepted although a key cannot be read', async () => {
    kms.listReplies.set(THIRD_KEY, kmsError(403, 'KMS.0306'));
    const { digest } = await revoke({ isDryRun: true });
    expect(await revoke({ digest })).toMatchObject({ revoked: 2, remaining: 1 });
  });

  test.each<[string, Reply]>([
    ['200 and {}', [200, {}]],
    ['200 without a body', (response) => response.writeHead(200).end()],
    ['204', (response) => response.writeHead(204).end()],
    ['KMS.2501', kmsError(400, 'KMS.2501')],
    ['KMS.0207', kmsError(404, 'KMS.0207')],
  ])('a grant that is still listed after its revoke was answered with %s is reported as failed', async (_, reply) => {
    fixture.replies['revoke-grant'] = [reply];
    const { revoked, failed, remaining } = await revoke();
    expect([revoked, remaining]).toEqual([0, 2]);
    expect(failed).toEqual([
      {
        key_id: KEY,
        grant_id: grantIdOf(1),
        error_code: 'APIGW.0201',
        error_msg: expect.stringContaining('still lists'),
      },
      { key_id: OTHER_KEY, grant_id: grantIdOf(2), error_code: 'APIGW.0201', error_msg: expect.anything() },
    ]);
    const [newest] = await eventsOf(grantIdOf(1));
    expect(newest).toMatchObject({ failure: 'APIGW.0201', action: 'revoke-principal-grants', actor: CREATOR });
  });

  test('`failed` names a key whose grants cannot be listed again after the revokes: they may still exist', async () => {
    kms.onRevoke = () => kms.listReplies.set(KEY, kmsError(500, 'KMS.0101'));
    expect(await revoke()).toMatchObject({
      revoked: 2,
      failed: [{ key_id: KEY, error_code: 'KMS.0101' }],
      remaining: 1,
    });
  });

  test('`failed` names a key that only the last look could not read, and `remaining` counts it: it may hold new grants', async () => {
    kms.onRevoke = () => kms.listReplies.set(THIRD_KEY, kmsError(500, 'KMS.0101'));
    expect(await revoke()).toMatchObject({
      revoked: 2,
      failed: [{ key_id: THIRD_KEY, error_code: 'KMS.0101' }],
      remaining: 1,
    });
  });

  test('when list-keys fails after the revokes, `failed` names the keys of the revoked grants, keys not read before, and has an entry without a key for all others', async () => {
    kms.listReplies.set(THIRD_KEY, kmsError(403, 'KMS.0306'));
    kms.onRevoke = () => {
      fixture.replies['list-keys'] = [kmsError(500, 'KMS.0101')];
    };
    const { failed, remaining } = await revoke();
    expect(failed.map(({ key_id, error_code }) => [key_id, error_code])).toEqual([
      [KEY, 'KMS.0101'],
      [OTHER_KEY, 'KMS.0101'],
      [THIRD_KEY, 'KMS.0101'],
      [undefined, 'KMS.0101'],
    ]);
    expect(remaining).toBe(4);
  });

  test('with a key_id, `failed` names only that key when it cannot be listed again', async () => {
    kms.onRevoke = () => kms.listReplies.set(KEY, kmsError(500, 'KMS.0101'));
    const { revoked, failed, remaining } = await revoke({ keyId: KEY });
    expect([revoked, failed.map(({ key_id }) => key_id), remaining]).toEqual([1, [KEY], 1]);
  });

  test('when the last list of keys is cut off, a grant whose revoke failed is still in `failed`', async () => {
    kms.grants = [upstreamGrant(2, { key_id: OTHER_KEY })];
    fixture.replies['revoke-grant'] = [
      (response) => {
        // The last list of keys has a page without OTHER_KEY, and no second page.
        const page = { key_details: [keyRow(KEY)], next_marker: '1', truncated: 'true', total: 2 };
        fixture.replies['list-keys'] = [[200, page], kmsError(500, 'KMS.0101')];
        send(response, kmsError(403, 'KMS.0306'));
      },
    ];
    const { revoked, failed, remaining } = await revoke();
    expect(failed.map(({ key_id, error_code }) => [key_id, error_code])).toEqual([
      [OTHER_KEY, 'KMS.0306'],
      [undefined, 'KMS.0101'],
    ]);
    expect([revoked, remaining]).toEqual([0, 2]);
  });

  test('in service mode, a later look reads the events of new grants only, and counts the grants passed on as recorded', async () => {
    const credentials = { kind: 'env', credentials: { accessKey: 'AK', secretKey: 'SK' } } as const;
    const { events } = fixture.store;
    // The upstream names the technical user as the issuer of this grant, the event of this service the principal.
    const passedOn = upstreamGrant(3, { grantee_principal: 'accomplice' });
    kms.grants.push(passedOn);
    await events.append(
      {
        eventId: '0'.repeat(32),
        atMs: 1,
        action: 'create-grant',
        projectId: PROJECT,
        keyId: KEY,
        grant: { ...passedOn, issuing_principal: GRANTEE } as unknown as Grant,
        actor: GRANTEE,
        channel: 'http',
        requestId: 'r1',
        upstreamRequestId: 'cloud-0',
      },
      [],
    );
    const read: (string | undefined)[] = [];
    const list: Store['events']['list'] = (projectId, filter, ...rest) => {
      read.push(filter.grantId);
      return events.list(projectId, filter, ...rest);
    };
    const store = { ...fixture.store, events: { ...events, list } };
    kms.onRevoke = () => {
      kms.onRevoke = () => undefined;
      kms.grants.push(upstreamGrant(4));
    };
    const authority = fixture.openAuthority({ credentials, timeoutMs: 20_000 }, store);
    expect(await revokeAll(authority, { store })).toMatchObject({ revoked: 3, remaining: 0, passed_on: 1 });
    expect(read.sort()).toEqual([1, 2, 3, 4].map(grantIdOf));
    // Another request reads them again.
    await revokeAll(authority, { store });
    expect(read).toHaveLength(5);
  });

  test('a grant on two pages is revoked and counted once', async () => {
    kms.listReplies.set(THIRD_KEY, [
      200,
      listOf([upstreamGrant(5, { key_id: THIRD_KEY }), upstreamGrant(5, { key_id: THIRD_KEY })]),
    ]);
    kms.grants.push(upstreamGrant(5, { key_id: THIRD_KEY }));
    kms.onRevoke = () => kms.listReplies.clear();
    expect(await revoke()).toMatchObject({ revoked: 3, failed: [], remaining: 0 });
  });

  test('a grant whose revoke failed but that is gone in the end is not counted', async () => {
    fixture.replies['revoke-grant'] = [
      (response) => {
        kms.grants = [];
        response.writeHead(403, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ error_code: 'KMS.0306', error_msg: 'refused' }));
      },
    ];
    expect(await revoke()).toMatchObject({ revoked: 0, failed: [], remaining: 0 });
  });
});

describe('while the principal is granted new grants', () => {
  let fixture: StandaloneFixture;
  let keyId: string;
  beforeEach(async () => {
    fixture = await openStandaloneFixture();
    keyId = (await fixture.authority.createKey(requestContext('create-key'), keyInput('orders'))).keyId;
  });
  afterEach(() => fixture.close());

  const operations = ['create-grant', 'describe-key'] as const;
  async function grantTo(grantee: string, more: object = {}): Promise<string> {
    const input = grantInput(keyId, { grantee, ...more });
    return (await fixture.authority.createGrant(requestContext('create-grant'), input)).grant_id;
  }
  const standing = async () =>
    (await fixture.grantsOf(keyId)).filter(({ grantee_principal }) => grantee_principal === GRANTEE);

  /** An authority that grants again whenever it has revoked, for a number of times. */
  function regranting(times: number): Authority {
    let left = times;
    return {
      ...fixture.authority,
      async revokeAny(context: RequestContext, grant: GrantRef) {
        const answer = await fixture.authority.revokeAny(context, grant);
        left -= 1;
        if (left >= 0) await grantTo(GRANTEE, { operations });
        return answer;
      },
    };
  }

  test('the service lists and revokes until it finds no new grants', async () => {
    await grantTo(GRANTEE, { operations });
    const answer = await revokeAll(regranting(5), { store: fixture.store });
    expect(answer).toMatchObject({ revoked: 6, failed: [], remaining: 0 });
    expect(await standing()).toEqual([]);
  });

  test('with a key_id, the service lists the grants again too until it finds nothing new', async () => {
    await grantTo(GRANTEE, { operations });
    const answer = await revokeAll(regranting(5), { store: fixture.store, input: { keyId } });
    expect(answer).toMatchObject({ revoked: 6, remaining: 0 });
  });

  test('when the time is up, `remaining` is the number of grants that were listed last', async () => {
    await grantTo(GRANTEE, { operations });
    // The service starts no revoke later than 15 s after the arrival of the request.
    const context = { startedAtMs: performance.now() - 14_700 };
    const answer = await revokeAll(regranting(Number.POSITIVE_INFINITY), { store: fixture.store, context });
    expect(answer.revoked).toBeGreaterThan(0);
    expect(answer.remaining).toBe(1);
    expect(await standing()).toHaveLength(1);
  });

  test('with a digest, a grant that was created since is not revoked, but counted', async () => {
    await grantTo(GRANTEE, { operations });
    const { digest } = await revokeAll(fixture.authority, { store: fixture.store, input: { isDryRun: true } });
    const answer = await revokeAll(regranting(1), { store: fixture.store, input: { digest } });
    expect(answer).toMatchObject({ revoked: 1, failed: [], remaining: 1 });
    expect(await standing()).toHaveLength(1);
  });

  test('grants with create-grant are revoked first', async () => {
    const others = [await grantTo(GRANTEE), await grantTo(GRANTEE)];
    const delegating = await grantTo(GRANTEE, { operations });
    const order: string[] = [];
    const authority: Authority = {
      ...fixture.authority,
      revokeAny(context: RequestContext, grant: GrantRef) {
        order.push(grant.grant_id);
        return fixture.authority.revokeAny(context, grant);
      },
    };
    await revokeAll(authority, { store: fixture.store });
    expect(order).toEqual([delegating, ...others]);
  });

  test('an unexpected error of one revoke does not stop the others', async () => {
    const failing = await grantTo(GRANTEE);
    await grantTo(GRANTEE);
    const authority: Authority = {
      ...fixture.authority,
      revokeAny: (context: RequestContext, grant: GrantRef) =>
        grant.grant_id === failing
          ? Promise.reject(new Error('the disk is full'))
          : fixture.authority.revokeAny(context, grant),
    };
    expect(await revokeAll(authority, { store: fixture.store })).toMatchObject({
      revoked: 1,
      failed: [{ key_id: keyId, grant_id: failing, error_code: 'KMS.0101' }],
      remaining: 1,
    });
    expect((await standing()).map(({ grant_id }: Grant) => grant_id)).toEqual([failing]);
  });
});
