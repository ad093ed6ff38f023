/**
 * Lists of an upstream in which a key, a row or a page cannot be read: the rest is listed, and what could not be read
 * is named.
 * Also tests: lib/authority/upstream/lists.ts, lib/authority/upstream/pages.ts,
 * lib/authority/upstream/response-schemas.ts.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { GrantPage } from '../../../lib/domain/model.ts';
import { codeOf, GRANTEE, requestContext } from '../standalone/fixture.ts';
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
import { keyRow, listOf, type SimulatedKms, send, simulateKms } from './simulated-kms.ts';

const THIRD_KEY = '11111111-dc93-47ac-b5bd-88df7ad35f1e';

let fixture: UpstreamFixture;
let kms: SimulatedKms;
beforeEach(async () => {
  fixture = await openUpstreamFixture();
  // The grantee has a grant on each of two keys; the third key is the one that cannot be read.
  kms = simulateKms(fixture, [KEY, THIRD_KEY, OTHER_KEY], [upstreamGrant(1), upstreamGrant(2, { key_id: OTHER_KEY })]);
});
afterEach(() => fixture.close());

const PAGE = { limit: 100 };
const principalGrants = () =>
  fixture.openAuthority().listPrincipalGrants(requestContext('list-principal-grants'), GRANTEE, PAGE);
const grantsOfKey = (key = KEY) => fixture.openAuthority().listGrants(requestContext('list-grants'), key, {}, PAGE);
const rowsOf = ({ json }: GrantPage) => JSON.parse(json) as Record<string, unknown>[];
const idsOf = (page: GrantPage) => rowsOf(page).map(({ grant_id }) => grant_id);
const failedOf = ({ failed = [] }: GrantPage) =>
  failed.map(({ keyId, grantId, error }) => [keyId, grantId, error.publicCode]);

describe('a key whose grants cannot be listed', () => {
  test.each<[string, Reply, string]>([
    ['403 KMS.0306', kmsError(403, 'KMS.0306'), 'KMS.0306'],
    ['400 KMS.0211', kmsError(400, 'KMS.0211'), 'KMS.0211'],
    ['404 of a proxy', [404, '<html>Not Found</html>'], 'APIGW.0201'],
    ['404 APIGW.0101', [404, { error_code: 'APIGW.0101', error_msg: 'no such API' }], 'APIGW.0101'],
    ['500 KMS.0101', kmsError(500, 'KMS.0101'), 'KMS.0101'],
    ['503 without a code', [503, ''], 'APIGW.0201'],
    ['a broken connection', lostResponse, 'APIGW.0201'],
    ['text that is not JSON', [200, '{"grants":['], 'APIGW.0201'],
    ['null', [200, 'null'], 'APIGW.0201'],
    ['an empty object', [200, {}], 'APIGW.0201'],
    ['no list', [200, { grants: null, next_marker: '', truncated: 'false', total: 2 }], 'APIGW.0201'],
    ['a list that is an object', [200, { ...listOf([]), grants: {} }], 'APIGW.0201'],
  ])(
    'when list-grants of one key answers %s, the grants of the other keys are listed, and `failed` names the key with the code',
    async (_, reply, code) => {
      kms.listReplies.set(THIRD_KEY, reply);
      const page = await principalGrants();
      expect(idsOf(page)).toEqual([grantIdOf(1), grantIdOf(2)]);
      expect(failedOf(page)).toEqual([[THIRD_KEY, '', code]]);
    },
  );

  test('when list-grants of one key never answers, `failed` names the key at the time limit', async () => {
    kms.listReplies.set(THIRD_KEY, () => undefined);
    const page = await principalGrants();
    expect(idsOf(page)).toEqual([grantIdOf(1), grantIdOf(2)]);
    expect(failedOf(page)).toEqual([[THIRD_KEY, '', 'APIGW.0201']]);
  });

  test('a key that is deleted after it was listed has no grants', async () => {
    kms.listReplies.set(THIRD_KEY, kmsError(404, 'KMS.0207'));
    const page = await principalGrants();
    expect(idsOf(page)).toHaveLength(2);
    expect(failedOf(page)).toEqual([]);
  });

  test('when list-grants fails for every key, `failed` names each key, and the page is marked as unread', async () => {
    for (const key of [KEY, THIRD_KEY, OTHER_KEY]) kms.listReplies.set(key, kmsError(403, 'KMS.0307'));
    const page = await principalGrants();
    expect(page.isUnread).toBe(true);
    expect(failedOf(page)).toHaveLength(3);
  });
});

describe('rows of list-keys', () => {
  test.each<[string, object]>([
    ['the state "7"', { key_state: '7' }],
    ['a state that is a number', { key_state: 2 }],
    ['a state that is null', { key_state: null }],
    ['no other field', { domain_id: undefined, key_alias: undefined, key_state: undefined }],
    ['nested fields', { key_state: { value: '2' }, tags: [{ key: 'a' }] }],
  ])('a key with %s is listed like the others', async (_, more) => {
    kms.keys[0] = keyRow(KEY, more);
    const page = await principalGrants();
    expect(idsOf(page)).toEqual([grantIdOf(1), grantIdOf(2)]);
    expect(failedOf(page)).toEqual([]);
    const { keys } = await fixture.openAuthority().listKeys(requestContext('list-keys'), {}, PAGE);
    expect(keys).toHaveLength(3);
  });

  test('a key without details is found by its id in `keys`', async () => {
    const body = { keys: [KEY, OTHER_KEY], key_details: [keyRow(KEY)], truncated: 'false', next_marker: '', total: 2 };
    fixture.replies['list-keys'] = [[200, body]];
    expect(idsOf(await principalGrants())).toEqual([grantIdOf(1), grantIdOf(2)]);
  });

  test.each<[string, unknown]>([
    ['null', null],
    ['without an id', { key_state: '2' }],
  ])('`failed` names a row of list-keys %s, and the grants of all other keys are listed', async (_, row) => {
    kms.keys[1] = row as object;
    const page = await principalGrants();
    expect(idsOf(page)).toEqual([grantIdOf(1), grantIdOf(2)]);
    expect(failedOf(page)).toEqual([['', '', 'APIGW.0201']]);
  });

  test('when the second page of list-keys fails, the grants of the keys of the first page are listed, and `failed` has the error', async () => {
    fixture.replies['list-keys'] = [
      [200, { key_details: [keyRow(KEY)], truncated: 'true', next_marker: '1', total: 3 }],
      kmsError(403, 'KMS.0306'),
    ];
    const page = await principalGrants();
    expect(idsOf(page)).toEqual([grantIdOf(1)]);
    expect(failedOf(page)).toEqual([['', '', 'KMS.0306']]);
  });
});

describe('rows of list-grants', () => {
  test.each<[string, object]>([
    ['an agency as grantee', { grantee_principal_type: 'agency', grantee_principal: 'iam::d:agency:ops' }],
    ['a grantee that is a number', { grantee_principal: 7 }],
    ['unknown operations', { operations: ['sign', 'generate-mac', { name: 'x' }] }],
    ['operations that are one text', { operations: 'describe-key' }],
    ['operations that are null', { operations: null }],
    ['no issuer', { issuing_principal: undefined }],
    ['a date that is a number', { creation_date: 1497341531000 }],
    ['a malformed date', { creation_date: 'today' }],
    ['a nested name', { name: { text: 'x' } }],
    ['a name with an emoji joiner', { name: '\u{1f469}\u200d\u{1f4bb}' }],
    [
      'null in every other field',
      { name: null, retiring_principal: null, creation_date: null, issuing_principal: null },
    ],
  ])("somebody else's grant with %s hides nothing", async (_, more) => {
    kms.grants.push(upstreamGrant(3, { grantee_principal: 'someone', ...more }));
    const page = await principalGrants();
    expect(idsOf(page)).toEqual([grantIdOf(1), grantIdOf(2)]);
    expect(failedOf(page)).toEqual([]);
    expect(rowsOf(await grantsOfKey())).toHaveLength(2);
  });

  test('values of another type are passed on in the documented type, and unknown values as they are', async () => {
    kms.grants = [
      upstreamGrant(3, {
        grantee_principal: 'iam::d:agency:ops',
        grantee_principal_type: 'agency',
        operations: ['sign', 'decrypt-data'],
        creation_date: 1497341531000,
        issuing_principal: 42,
      }),
    ];
    expect(rowsOf(await grantsOfKey())).toEqual([
      {
        key_id: KEY,
        grant_id: grantIdOf(3),
        grantee_principal: 'iam::d:agency:ops',
        grantee_principal_type: 'agency',
        operations: ['sign', 'decrypt-data'],
        creation_date: '1497341531000',
        issuing_principal: '42',
      },
    ]);
  });

  test.each<[string, unknown, string[]]>([
    ['null', null, [KEY, '', 'APIGW.0201']],
    ['without a grant id', upstreamGrant(3, { grant_id: undefined }), [KEY, '', 'APIGW.0201']],
    ['without a grantee', upstreamGrant(3, { grantee_principal: null }), [KEY, grantIdOf(3), 'APIGW.0201']],
  ])('`failed` names a row of list-grants %s and its key, and all other grants are listed', async (_, row, failure) => {
    kms.listReplies.set(KEY, [200, { ...listOf([]), grants: [row, upstreamGrant(1)] }]);
    const page = await principalGrants();
    expect(idsOf(page)).toEqual([grantIdOf(1), grantIdOf(2)]);
    expect(failedOf(page)).toEqual([failure]);
    expect(failedOf(await grantsOfKey())).toEqual([failure]);
  });

  test('`failed` does not name an unreadable row that has another grantee', async () => {
    const row = { ...upstreamGrant(3, { grantee_principal: 'someone' }), grant_id: null };
    kms.listReplies.set(KEY, [200, listOf([row, upstreamGrant(1)])]);
    expect(failedOf(await principalGrants())).toEqual([]);
    expect(failedOf(await grantsOfKey())).toHaveLength(1);
  });

  test('grants of another key than the requested one are not listed, and `failed` names the requested key', async () => {
    kms.listReplies.set(KEY, [200, listOf([upstreamGrant(1), upstreamGrant(9, { key_id: OTHER_KEY })])]);
    const page = await grantsOfKey();
    expect(idsOf(page)).toEqual([grantIdOf(1)]);
    expect(failedOf(page)).toEqual([[KEY, '', 'APIGW.0201']]);
  });

  test('retire-grant in service mode is not refused as unknown while the grant may be a row that cannot be read', async () => {
    kms.listReplies.set(KEY, [200, listOf([{ key_id: KEY }])]);
    const credentials = { kind: 'env', credentials: { accessKey: 'AK', secretKey: 'SK' } } as const;
    const { retireGrant } = fixture.openAuthority({ credentials });
    expect(await codeOf(retireGrant(requestContext('retire-grant'), KEY, grantIdOf(1)))).toBe('APIGW.0201:502');
    expect(fixture.received.some(({ api }) => api === 'retire-grant')).toBe(false);
  });
});

describe('pages', () => {
  /** Replies with one page after the other; the last one is repeated. */
  function pagesOfKey(...pages: object[]): void {
    let sent = 0;
    kms.listReplies.set(KEY, (response) => {
      send(response, [200, pages[Math.min(sent, pages.length - 1)]]);
      sent += 1;
    });
  }
  const truncated = (grants: object[], next_marker: unknown, more: object = {}) =>
    listOf(grants, { next_marker, truncated: 'true', ...more });

  test.each<[string, object[]]>([
    [
      '`truncated` as a boolean',
      [truncated([upstreamGrant(1)], '1', { truncated: true }), listOf([upstreamGrant(3)], { truncated: false })],
    ],
    ['a marker that is a number', [truncated([upstreamGrant(1)], 1), listOf([upstreamGrant(3)])]],
    [
      'no `truncated`',
      [
        truncated([upstreamGrant(1)], '1', { truncated: undefined }),
        listOf([upstreamGrant(3)], { truncated: undefined }),
      ],
    ],
    ['an empty page in between', [truncated([upstreamGrant(1)], '1'), truncated([], '2'), listOf([upstreamGrant(3)])]],
    ['a grant on two pages', [truncated([upstreamGrant(1)], '1'), listOf([upstreamGrant(1), upstreamGrant(3)])]],
    [
      'no total',
      [truncated([upstreamGrant(1)], '1', { total: undefined }), listOf([upstreamGrant(3)], { total: null })],
    ],
    [
      'a total that is a text',
      [truncated([upstreamGrant(1)], '1', { total: '2' }), listOf([upstreamGrant(3)], { total: '2' })],
    ],
  ])('a list with %s is read to its end, each grant once', async (_, pages) => {
    pagesOfKey(...pages);
    const page = await principalGrants();
    expect(idsOf(page)).toEqual([grantIdOf(1), grantIdOf(2), grantIdOf(3)]);
    expect(failedOf(page)).toEqual([]);
  });

  test('a page with more rows than the requested limit is read completely', async () => {
    pagesOfKey(listOf(Array.from({ length: 1001 }, (_, n) => upstreamGrant(n + 10))));
    expect((await principalGrants()).total).toBe(1002);
  });

  test('`null` as the list of a key without grants is an empty list', async () => {
    pagesOfKey({ grants: null, next_marker: '', truncated: 'false', total: 0 });
    const page = await principalGrants();
    expect(idsOf(page)).toEqual([grantIdOf(2)]);
    expect(failedOf(page)).toEqual([]);
  });

  test.each<[string, object[]]>([
    ['whose marker is repeated', [truncated([upstreamGrant(1)], '1'), truncated([upstreamGrant(3)], '1')]],
    ['that is truncated without a marker', [truncated([upstreamGrant(1), upstreamGrant(3)], '')]],
  ])('reading a list %s ends, and `failed` names its key', async (_, pages) => {
    pagesOfKey(...pages);
    const page = await principalGrants();
    expect(idsOf(page)).toEqual([grantIdOf(1), grantIdOf(2), grantIdOf(3)]);
    expect(failedOf(page)).toEqual([[KEY, '', 'APIGW.0201']]);
    expect(fixture.received.length).toBeLessThan(10);
  });

  test('list-retirable-grants in service mode lists the pages before one that fails, and `failed` has the error', async () => {
    const issued = upstreamGrant(1, { issuing_principal: requestContext('x').caller.userId });
    fixture.replies['list-retirable-grants'] = [
      [200, truncated([issued, null as unknown as object], '1')],
      kmsError(500, 'KMS.0101'),
    ];
    const credentials = { kind: 'env', credentials: { accessKey: 'AK', secretKey: 'SK' } } as const;
    const authority = fixture.openAuthority({ credentials });
    const page = await authority.listRetirableGrants(requestContext('list-retirable-grants'), PAGE);
    expect(idsOf(page)).toEqual([grantIdOf(1)]);
    expect(failedOf(page)).toEqual([
      ['', '', 'APIGW.0201'],
      ['', '', 'KMS.0101'],
    ]);
  });
});
