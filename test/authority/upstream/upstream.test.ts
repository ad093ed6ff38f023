/**
 * What the KMS behind this service answers is checked before it is believed.
 * Also tests: lib/authority/upstream/.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { authorizationOf } from '../../signing/independent.ts';
import { codeOf, GRANTEE, grantAsk, PROJECT, requestContext } from '../standalone/fixture.ts';
import {
  type CloudWorld,
  grantIdOf,
  KEY,
  kmsError,
  listed,
  lost,
  OTHER_KEY,
  openCloudWorld,
} from './scripted-upstream.ts';

let world: CloudWorld;
beforeEach(async () => {
  world = await openCloudWorld();
});
afterEach(() => world.close());

const FIRST = { limit: 10 };
const page = (grants: object[], next_marker = '') => ({
  grants,
  next_marker,
  truncated: next_marker === '' ? 'false' : 'true',
  total: 3,
});
const events = () => world.store.events.list(PROJECT, {}, 100);

describe('lists', () => {
  test('one that is filtered here is read to its end', async () => {
    world.script['list-grants'] = [
      [200, page([listed(1, { grantee_principal: 'someone' })], '1')],
      [200, page([listed(2)])],
    ];
    const { json, total } = await world
      .open()
      .listGrants(requestContext('list-grants'), KEY, { grantee: GRANTEE }, FIRST);
    expect(JSON.parse(json)).toEqual([listed(2)]);
    expect(total).toBe(1);
    expect(world.asked.map(({ fields }) => fields)).toEqual([
      { key_id: KEY, limit: '1000' },
      { key_id: KEY, limit: '1000', marker: '1' },
    ]);
  });

  test('one that never ends is given up', async () => {
    world.script['list-grants'] = [[200, page([listed(1)], '1')]];
    const asked = world.open().listGrants(requestContext('list-grants'), KEY, { grantee: GRANTEE }, FIRST);
    expect(await codeOf(asked)).toBe('APIGW.0201:502');
    expect(world.asked).toHaveLength(20);
  });

  test.each<[string, object]>([
    ["another key's grants", page([listed(1), listed(2, { key_id: OTHER_KEY })])],
    ['that there is more, and not where', { ...page([]), truncated: 'true' }],
    ['more than was asked for', page(Array.from({ length: 1001 }, (_, n) => listed(n)))],
    ['a total that is a text', { ...page([]), total: '0' }],
    ['no grants', { ...page([]), grants: null }],
    ['a grant without an issuer', page([listed(1, { issuing_principal: undefined })])],
    ['a grant id that is none', page([listed(1, { grant_id: '../1' })])],
    ['operations that are a text', page([listed(1, { operations: 'describe-key' })])],
    ['a date that is none', page([listed(1, { creation_date: 'today' })])],
  ])('%s: not believed', async (_, body) => {
    world.script['list-grants'] = [[200, body]];
    expect(await codeOf(world.open().listGrants(requestContext('list-grants'), KEY, {}, FIRST))).toBe('APIGW.0201:502');
  });

  test('what older revisions of the API do not tell is filled in, and what is empty left out', async () => {
    const grant = { ...listed(1, { name: '', retiring_principal: null }), grantee_principal_type: undefined };
    world.script['list-grants'] = [[200, page([grant])]];
    const { json } = await world.open().listGrants(requestContext('list-grants'), KEY, {}, FIRST);
    expect(JSON.parse(json)).toEqual([listed(1)]);
  });
});

describe('keys', () => {
  const info = (more: object) => ({ key_info: { key_id: KEY, key_state: '2', key_alias: 'orders', ...more } });

  test('another key than the one asked for is not believed', async () => {
    world.script['describe-key'] = [[200, info({ key_id: OTHER_KEY })]];
    expect(await codeOf(world.open().describeKey(requestContext('describe-key'), KEY))).toBe('APIGW.0201:502');
    world.script['disable-key'] = [[200, info({ key_id: OTHER_KEY, key_state: '3' })]];
    expect(await codeOf(world.open().disableKey(requestContext('disable-key'), KEY))).toBe('APIGW.0201:502');
  });

  test('details are passed on, but for what is nested', async () => {
    world.script['describe-key'] = [[200, info({ keystore_id: '0', tags: [{ key: 'a' }], rotation: { deep: 1 } })]];
    expect(await world.open().describeKey(requestContext('describe-key'), KEY)).toEqual({
      details: { key_id: KEY, key_state: '2', key_alias: 'orders', keystore_id: '0' },
    });
  });

  test('an answer that is nested without end is an answer that cannot be believed', async () => {
    const deep = `{"key_info":{"key_id":"${KEY}","key_state":"2","a":${'['.repeat(100_000)}${']'.repeat(100_000)}}}`;
    world.script['describe-key'] = [(response) => response.end(deep)];
    const told = await world
      .open()
      .describeKey(requestContext('describe-key'), KEY)
      .then(
        (key) => JSON.stringify(key),
        (error) => error.code,
      );
    expect([`{"details":{"key_id":"${KEY}","key_state":"2"}}`, 'APIGW.0201:502']).toContain(told);
  });
});

describe('a revoke', () => {
  const revoke = () => codeOf(world.open().revokeGrant(requestContext('revoke-grant'), KEY, grantIdOf(1)));

  test.each<[string, unknown]>([
    ['an empty object', {}],
    ['nothing', (response: { end(): void }) => response.end()],
  ])('answered 200 with %s has worked', async (_, body) => {
    world.script['revoke-grant'] = [typeof body === 'function' ? (body as never) : [200, body]];
    expect(await world.open().revokeGrant(requestContext('revoke-grant'), KEY, grantIdOf(1))).toEqual({});
    expect(await events()).toHaveLength(1);
  });

  test.each<[string, unknown]>([
    ['a page', '<html>Under maintenance</html>'],
    ['an empty page', ''],
    ['a message', { message: 'system is under maintenance' }],
    ['an error', { error: { error_code: 'KMS.0101', error_msg: 'KMS error.' } }],
    ['a list', []],
  ])('answered 200 with %s has not worked, and leaves no receipt', async (_, body) => {
    world.script['revoke-grant'] = [[200, body]];
    expect(await revoke()).toBe('APIGW.0201:502');
    expect(await events()).toEqual([]);
  });

  test('where TLS cannot be trusted is 502 at once: nothing was sent, and nothing is in doubt', async () => {
    const untrusted = world.open({ endpoint: world.endpoint.replace('http:', 'https:') });
    expect(await codeOf(untrusted.revokeGrant(requestContext('revoke-grant'), KEY, grantIdOf(1)))).toBe(
      'APIGW.0201:502',
    );
    expect(world.asked).toEqual([]);
    world.script['revoke-grant'] = [kmsError(400, 'KMS.2501')];
    const again = world.open().revokeGrant(requestContext('revoke-grant'), KEY, grantIdOf(1));
    await expect(again).rejects.toMatchObject({ publicCode: 'KMS.2501' });
    expect(await events()).toEqual([]);
  });

  test('of a grant that never was is refused each time, and leaves no receipt', async () => {
    world.script['revoke-grant'] = [kmsError(400, 'KMS.2501')];
    const { revokeGrant } = world.open();
    for (const _ of [1, 2]) {
      await expect(revokeGrant(requestContext('revoke-grant'), KEY, grantIdOf(1))).rejects.toMatchObject({
        publicCode: 'KMS.2501',
      });
    }
    expect(await events()).toEqual([]);
  });

  test('whose receipt is told with the grant as it was made here', async () => {
    world.script['create-grant'] = [[200, { grant_id: grantIdOf(7) }]];
    world.script['revoke-grant'] = [lost, kmsError(400, 'KMS.2501')];
    const authority = world.open();
    await authority.createGrant(requestContext('create-grant'), grantAsk(KEY, { name: 'orders' }));
    await authority.revokeGrant(requestContext('revoke-grant'), KEY, grantIdOf(7));
    const [revoked] = await events();
    expect(revoked).toMatchObject({
      action: 'revoke-grant',
      upstreamRequestId: 'cloud-3',
      grant: { grant_id: grantIdOf(7), grantee_principal: GRANTEE, name: 'orders', operations: ['describe-key'] },
    });
  });
});

test('temporary credentials are signed with their token', async () => {
  world.script['revoke-grant'] = [[200, {}]];
  const credentials = { accessKey: 'AK', secretKey: 'SK', securityToken: 'ST' };
  const authority = world.open({ credentials: { kind: 'env', credentials } });
  await authority.revokeGrant(requestContext('revoke-grant'), KEY, grantIdOf(1));
  const { authorization, host = '', 'x-sdk-date': date = '', 'x-security-token': token } = world.headers();
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
    authorizationOf({ uri, headers, body: world.lastBody(), accessKey: 'AK', secretKey: 'SK' }),
  );
});

test('the time limit counts from when the request came, not from when it is sent on', async () => {
  world.script['list-grants'] = [() => undefined];
  const startedAtMs = performance.now() - 1_700;
  const asked = world.open().listGrants(requestContext('list-grants', { startedAtMs }), KEY, {}, FIRST);
  expect(await codeOf(asked)).toBe('APIGW.0201:504');
  expect(performance.now() - startedAtMs).toBeLessThan(2_500);
});
