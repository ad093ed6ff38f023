/**
 * How the authority checks the responses of the upstream, and what it does with malformed ones.
 * Also tests: lib/authority/upstream/.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { authorizationOf } from '../../signing/independent.ts';
import { codeOf, GRANTEE, grantInput, PROJECT, requestContext } from '../standalone/fixture.ts';
import {
  grantIdOf,
  KEY,
  kmsError,
  lostResponse,
  OTHER_KEY,
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

const FIRST = { limit: 10 };
const page = (grants: object[], next_marker = '') => ({
  grants,
  next_marker,
  truncated: next_marker === '' ? 'false' : 'true',
  total: 3,
});
const events = () => fixture.store.events.list(PROJECT, {}, 100);

describe('lists', () => {
  test('a list that this service filters is read to its last page', async () => {
    fixture.replies['list-grants'] = [
      [200, page([upstreamGrant(1, { grantee_principal: 'someone' })], '1')],
      [200, page([upstreamGrant(2)])],
    ];
    const { json, total } = await fixture
      .openAuthority()
      .listGrants(requestContext('list-grants'), KEY, { grantee: GRANTEE }, FIRST);
    expect(JSON.parse(json)).toEqual([upstreamGrant(2)]);
    expect(total).toBe(1);
    expect(fixture.received.map(({ fields }) => fields)).toEqual([
      { key_id: KEY, limit: '1000' },
      { key_id: KEY, limit: '1000', marker: '1' },
    ]);
  });

  test('a list that never ends is read for 200 pages, and `failed` names its key as incomplete', async () => {
    let pages = 0;
    const endless: Reply = (response) => {
      pages += 1;
      response.end(JSON.stringify(page([upstreamGrant(pages)], String(pages))));
    };
    fixture.replies['list-grants'] = [endless];
    const { failed } = await fixture
      .openAuthority({ timeoutMs: 20_000 })
      .listGrants(requestContext('list-grants'), KEY, { grantee: GRANTEE }, FIRST);
    expect(failed).toMatchObject([{ keyId: KEY, grantId: '', error: { code: 'APIGW.0201:502' } }]);
    expect(pages).toBe(201);
  });

  test.each<[string, object]>([
    ['null instead of grants', { ...page([]), grants: null }],
    ['no grants', { ...page([]), grants: undefined }],
    ['an object instead of grants', { ...page([]), grants: {} }],
  ])('a list with %s is APIGW.0201:502', async (_, body) => {
    fixture.replies['list-grants'] = [[200, body]];
    expect(await codeOf(fixture.openAuthority().listGrants(requestContext('list-grants'), KEY, {}, FIRST))).toBe(
      'APIGW.0201:502',
    );
  });

  test('fields that older revisions of the API lack get their defaults, and empty fields are dropped', async () => {
    const grant = { ...upstreamGrant(1, { name: '', retiring_principal: null }), grantee_principal_type: undefined };
    fixture.replies['list-grants'] = [[200, page([grant])]];
    const { json } = await fixture.openAuthority().listGrants(requestContext('list-grants'), KEY, {}, FIRST);
    expect(JSON.parse(json)).toEqual([upstreamGrant(1)]);
  });
});

describe('keys', () => {
  const info = (more: object) => ({ key_info: { key_id: KEY, key_state: '2', key_alias: 'orders', ...more } });

  test('a response about another key than the requested one is APIGW.0201:502', async () => {
    fixture.replies['describe-key'] = [[200, info({ key_id: OTHER_KEY })]];
    expect(await codeOf(fixture.openAuthority().describeKey(requestContext('describe-key'), KEY))).toBe(
      'APIGW.0201:502',
    );
    fixture.replies['disable-key'] = [[200, info({ key_id: OTHER_KEY, key_state: '3' })]];
    expect(await codeOf(fixture.openAuthority().disableKey(requestContext('disable-key'), KEY))).toBe('APIGW.0201:502');
  });

  test('the details of a key are passed on without nested fields', async () => {
    fixture.replies['describe-key'] = [[200, info({ keystore_id: '0', tags: [{ key: 'a' }], rotation: { deep: 1 } })]];
    expect(await fixture.openAuthority().describeKey(requestContext('describe-key'), KEY)).toEqual({
      details: { key_id: KEY, key_state: '2', key_alias: 'orders', keystore_id: '0' },
    });
  });

  test('a deeply nested response does not crash: the field is dropped or the response is APIGW.0201:502', async () => {
    const deep = `{"key_info":{"key_id":"${KEY}","key_state":"2","a":${'['.repeat(100_000)}${']'.repeat(100_000)}}}`;
    fixture.replies['describe-key'] = [(response) => response.end(deep)];
    const result = await fixture
      .openAuthority()
      .describeKey(requestContext('describe-key'), KEY)
      .then(
        (key) => JSON.stringify(key),
        (error) => error.code,
      );
    expect([`{"details":{"key_id":"${KEY}","key_state":"2"}}`, 'APIGW.0201:502']).toContain(result);
  });
});

describe('a revoke', () => {
  const revoke = () => codeOf(fixture.openAuthority().revokeGrant(requestContext('revoke-grant'), KEY, grantIdOf(1)));

  test.each<[string, unknown]>([
    ['an empty object', {}],
    ['no body', (response: { end(): void }) => response.end()],
  ])('a revoke with the response 200 and %s succeeds and writes an event', async (_, body) => {
    fixture.replies['revoke-grant'] = [typeof body === 'function' ? (body as never) : [200, body]];
    expect(await fixture.openAuthority().revokeGrant(requestContext('revoke-grant'), KEY, grantIdOf(1))).toEqual({});
    expect(await events()).toHaveLength(1);
  });

  test.each<[string, unknown]>([
    ['an HTML page', '<html>Under maintenance</html>'],
    ['an empty page', ''],
    ['a message', { message: 'system is under maintenance' }],
    ['an error', { error: { error_code: 'KMS.0101', error_msg: 'KMS error.' } }],
    ['a list', []],
  ])('a revoke with the response 200 and %s is APIGW.0201:502 and writes no event', async (_, body) => {
    fixture.replies['revoke-grant'] = [[200, body]];
    expect(await revoke()).toBe('APIGW.0201:502');
    expect(await events()).toEqual([]);
  });

  test('a revoke over untrusted TLS is APIGW.0201:502: nothing is sent, and a later KMS.2501 does not count as done', async () => {
    const untrusted = fixture.openAuthority({ endpoint: fixture.endpoint.replace('http:', 'https:') });
    expect(await codeOf(untrusted.revokeGrant(requestContext('revoke-grant'), KEY, grantIdOf(1)))).toBe(
      'APIGW.0201:502',
    );
    expect(fixture.received).toEqual([]);
    fixture.replies['revoke-grant'] = [kmsError(400, 'KMS.2501')];
    const again = fixture.openAuthority().revokeGrant(requestContext('revoke-grant'), KEY, grantIdOf(1));
    await expect(again).rejects.toMatchObject({ publicCode: 'KMS.2501' });
    expect(await events()).toEqual([]);
  });

  test('a revoke of a grant that never existed is refused each time and writes no event', async () => {
    fixture.replies['revoke-grant'] = [kmsError(400, 'KMS.2501')];
    const { revokeGrant } = fixture.openAuthority();
    for (const _ of [1, 2]) {
      await expect(revokeGrant(requestContext('revoke-grant'), KEY, grantIdOf(1))).rejects.toMatchObject({
        publicCode: 'KMS.2501',
      });
    }
    expect(await events()).toEqual([]);
  });

  test('the event of a revoke has the grant as recorded when it was created through this service', async () => {
    fixture.replies['create-grant'] = [[200, { grant_id: grantIdOf(7) }]];
    fixture.replies['revoke-grant'] = [lostResponse, kmsError(400, 'KMS.2501')];
    const authority = fixture.openAuthority();
    await authority.createGrant(requestContext('create-grant'), grantInput(KEY, { name: 'orders' }));
    await authority.revokeGrant(requestContext('revoke-grant'), KEY, grantIdOf(7));
    const [revoked] = await events();
    expect(revoked).toMatchObject({
      action: 'revoke-grant',
      upstreamRequestId: 'upstream-3',
      grant: { grant_id: grantIdOf(7), grantee_principal: GRANTEE, name: 'orders', operations: ['describe-key'] },
    });
  });
});

test('with temporary credentials the security token is sent and signed', async () => {
  fixture.replies['revoke-grant'] = [[200, {}]];
  const credentials = { accessKey: 'AK', secretKey: 'SK', securityToken: 'ST' };
  const authority = fixture.openAuthority({ credentials: { kind: 'env', credentials } });
  await authority.revokeGrant(requestContext('revoke-grant'), KEY, grantIdOf(1));
  const { authorization, host = '', 'x-sdk-date': date = '', 'x-security-token': token } = fixture.headers();
  expect(token).toBe('ST');
  const headers = {
    'content-type': 'application/json',
    host,
    'x-project-id': PROJECT,
    'x-sdk-date': String(date),
    'x-security-token': 'ST',
  };
  const uri = `/v1.0/${PROJECT}/kms/revoke-grant/`;
  expect(authorization).toBe(
    authorizationOf({ uri, headers, body: fixture.lastBody(), accessKey: 'AK', secretKey: 'SK' }),
  );
});

test('the time limit counts from the arrival of the request, not from the call of the upstream', async () => {
  fixture.replies['list-grants'] = [() => undefined];
  const startedAtMs = performance.now() - 1_700;
  const call = fixture.openAuthority().listGrants(requestContext('list-grants', { startedAtMs }), KEY, {}, FIRST);
  expect(await codeOf(call)).toBe('APIGW.0201:504');
  expect(performance.now() - startedAtMs).toBeLessThan(2_500);
});
