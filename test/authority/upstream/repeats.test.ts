/** Repeated changes at the upstream: a recorded answer is given only while the upstream shows that it is true. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { RequestContext } from '../../../lib/domain/request-context.ts';
import { codeOf, grantInput, keyInput, PROJECT, requestContext } from '../standalone/fixture.ts';
import {
  grantIdOf,
  KEY,
  kmsError,
  lostResponse,
  openUpstreamFixture,
  type Reply,
  type UpstreamFixture,
  upstreamGrant,
} from './scripted-upstream.ts';

let fixture: UpstreamFixture;
beforeEach(async () => {
  fixture = await openUpstreamFixture();
});
afterEach(() => fixture.close());

const sequence = '919c82d4-8046-4722-9094-35c3c6524cff';
const signature = 'a'.repeat(64);
const NOW_MS = Date.now();

const context = (action: string, over: Partial<RequestContext> & { signature?: string } = { sequence }) =>
  requestContext(action, { arrivedAtMs: NOW_MS, ...over });
const apis = () => fixture.received.map(({ api }) => api);
const eventCount = async () => (await fixture.store.events.list(PROJECT, {}, 100)).length;

const listed = (...ns: number[]): Reply => [
  200,
  { grants: ns.map((n) => upstreamGrant(n)), next_marker: '', truncated: 'false', total: ns.length },
];
const created = (n: number): Reply => [200, { grant_id: grantIdOf(n) }];
const described = (key_state: string, more: object = {}): Reply => [
  200,
  { key_info: { key_id: KEY, key_state, ...more } },
];

describe('with the same sequence', () => {
  const create = () => fixture.openAuthority().createGrant(context('create-grant'), grantInput(KEY));
  const revoke = () => fixture.openAuthority().revokeGrant(context('revoke-grant'), KEY, grantIdOf(1));

  test('a create-grant returns the first grant while the upstream lists it, and then creates another', async () => {
    fixture.replies['create-grant'] = [created(1), created(2)];
    fixture.replies['list-grants'] = [listed(1), listed(7), listed(2)];
    expect(await create()).toEqual({ grant_id: grantIdOf(1) });
    expect(await create()).toEqual({ grant_id: grantIdOf(1) });
    expect(await create()).toEqual({ grant_id: grantIdOf(2) });
    expect(await create()).toEqual({ grant_id: grantIdOf(2) });
    expect(apis().filter((api) => api === 'create-grant')).toHaveLength(2);
    expect(await eventCount()).toBe(2);
  });

  test('a create-grant on a key that is gone is sent again', async () => {
    fixture.replies['create-grant'] = [created(1), kmsError(404, 'KMS.0207')];
    fixture.replies['list-grants'] = [kmsError(404, 'KMS.0207')];
    await create();
    expect(await codeOf(create())).toBe('KMS.0207');
  });

  test('a revoke-grant returns the first answer while the upstream does not list the grant, or its key', async () => {
    fixture.replies['revoke-grant'] = [[200, {}], kmsError(403, 'KMS.0306')];
    fixture.replies['list-grants'] = [listed(2), kmsError(404, 'KMS.0207'), listed(1, 2)];
    expect(await revoke()).toEqual({});
    expect(await revoke()).toEqual({});
    expect(await revoke()).toEqual({});
    expect(await codeOf(revoke())).toBe('KMS.0306');
  });

  test.each([
    ['the list cannot be understood', [200, 'oops'] as Reply, 'APIGW.0201:502'],
    ['the caller may not read the list', kmsError(403, 'KMS.0303'), 'KMS.0303'],
  ])('when %s, a repeat gets the error of list-grants, and no change is sent', async (_, reply, code) => {
    fixture.replies['create-grant'] = [created(1)];
    fixture.replies['list-grants'] = [reply];
    await create();
    expect(await codeOf(create())).toBe(code);
    expect(apis().filter((api) => api === 'create-grant')).toHaveLength(1);
  });

  test('disable, enable, disable are each sent, and each answer is true', async () => {
    const authority = fixture.openAuthority();
    fixture.replies['disable-key'] = [described('3')];
    fixture.replies['enable-key'] = [described('2')];
    fixture.replies['describe-key'] = [described('2')];
    expect((await authority.disableKey(context('disable-key'), KEY)).state).toBe('3');
    expect((await authority.enableKey(context('enable-key'), KEY)).state).toBe('2');
    expect((await authority.disableKey(context('disable-key'), KEY)).state).toBe('3');
    expect(apis()).toEqual(['disable-key', 'enable-key', 'describe-key', 'disable-key']);
    fixture.replies['describe-key'] = [described('3')];
    expect((await authority.disableKey(context('disable-key'), KEY)).state).toBe('3');
    expect(apis()).toHaveLength(5);
  });

  test('a schedule-key-deletion is sent again when the key has another deletion date', async () => {
    const authority = fixture.openAuthority();
    const schedule = () => authority.scheduleKeyDeletion(context('schedule-key-deletion'), KEY, 7);
    const inDays = (days: number) => ({ scheduled_deletion_date: String(Date.now() + days * 86_400_000) });
    fixture.replies['schedule-key-deletion'] = [[200, { key_id: KEY, key_state: '4' }], kmsError(400, 'KMS.1402')];
    fixture.replies['describe-key'] = [described('4', inDays(7)), described('4', inDays(30))];
    expect(await schedule()).toEqual({ keyId: KEY, state: '4' });
    expect(await schedule()).toEqual({ keyId: KEY, state: '4' });
    expect(await codeOf(schedule())).toBe('KMS.1402');
  });

  test('a create-key returns the first key while the upstream describes it', async () => {
    const createKey = () => fixture.openAuthority().createKey(context('create-key'), keyInput('orders'));
    fixture.replies['create-key'] = [[200, { key_info: { key_id: KEY, domain_id: 'd' } }], kmsError(400, 'KMS.1104')];
    fixture.replies['describe-key'] = [described('2'), kmsError(404, 'KMS.0207')];
    expect(await createKey()).toEqual({ keyId: KEY, domainId: 'd' });
    expect(await createKey()).toEqual({ keyId: KEY, domainId: 'd' });
    expect(await codeOf(createKey())).toBe('KMS.1104');
  });
});

describe('with the same signature', () => {
  const create = (afterMs = 0) =>
    fixture
      .openAuthority()
      .createGrant(context('create-grant', { signature, arrivedAtMs: NOW_MS + afterMs }), grantInput(KEY));

  test('60 concurrent create-grants are each sent', async () => {
    fixture.replies['create-grant'] = Array.from({ length: 60 }, (_, n) => created(n));
    const authority = fixture.openAuthority();
    const answers = await Promise.all(
      Array.from({ length: 60 }, () => authority.createGrant(context('create-grant', { signature }), grantInput(KEY))),
    );
    expect(new Set(answers.map(({ grant_id }) => grant_id)).size).toBe(60);
    expect(await eventCount()).toBe(60);
  });

  test('a create-grant after 2 s returns the first grant while it is listed; then it is refused and not sent', async () => {
    fixture.replies['create-grant'] = [created(1)];
    fixture.replies['list-grants'] = [listed(1), listed()];
    await create();
    expect(await create(2_000)).toEqual({ grant_id: grantIdOf(1) });
    expect(await codeOf(create(2_000))).toBe('APIGW.0301');
    expect(apis().filter((api) => api === 'create-grant')).toHaveLength(1);
  });

  test('a create-grant that the upstream refused is not sent again after 2 s', async () => {
    fixture.replies['create-grant'] = [kmsError(400, 'KMS.0209'), created(1)];
    expect(await codeOf(create())).toBe('KMS.0209');
    expect(await codeOf(create(2_000))).toBe('APIGW.0301');
    expect(apis()).toEqual(['create-grant']);
  });

  test('a create-grant whose response was lost is not sent again after 2 s', async () => {
    fixture.replies['create-grant'] = [lostResponse, created(2)];
    expect(await codeOf(create())).toBe('APIGW.0201:502');
    expect(await codeOf(create(2_000))).toBe('APIGW.0301');
    expect(apis()).toEqual(['create-grant']);
  });

  test('disable, enable, disable within 2 s are each sent; the first disable is not sent again later', async () => {
    const authority = fixture.openAuthority();
    fixture.replies['disable-key'] = [described('3')];
    fixture.replies['enable-key'] = [described('2')];
    const over = { signature };
    expect((await authority.disableKey(context('disable-key', over), KEY)).state).toBe('3');
    expect((await authority.enableKey(context('enable-key', over), KEY)).state).toBe('2');
    expect((await authority.disableKey(context('disable-key', over), KEY)).state).toBe('3');
    fixture.replies['describe-key'] = [described('3'), described('2')];
    const replay = () => authority.disableKey(context('disable-key', { ...over, arrivedAtMs: NOW_MS + 2_000 }), KEY);
    expect(await replay()).toEqual({ keyId: KEY, state: '3' });
    expect(await codeOf(replay())).toBe('APIGW.0301');
    expect(apis().filter((api) => api === 'disable-key')).toHaveLength(2);
  });
});
