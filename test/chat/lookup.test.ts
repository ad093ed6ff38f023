/**
 * What people name is found within what they may see, in both kinds of authority.
 * Also tests: lib/authority/project-lists.ts.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { findGrant, findKey, findPrincipals } from '../../lib/chat/lookup.ts';
import {
  codeOf,
  FOREIGN_PROJECT,
  GRANTEE,
  grantInput,
  keyInput,
  openStandaloneFixture,
  PROJECT,
  requestContext,
  type StandaloneFixture,
} from '../authority/standalone/fixture.ts';
import {
  grantIdOf,
  KEY,
  kmsError,
  OTHER_KEY,
  openUpstreamFixture,
  type UpstreamFixture,
  upstreamGrant,
} from '../authority/upstream/scripted-upstream.ts';
import { keyRow, type SimulatedKms, simulateKms } from '../authority/upstream/simulated-kms.ts';
import { chatSource, contextIn, WORKSPACE } from './fixture.ts';

const NOBODY = '0'.repeat(8);

describe('with the standalone authority', () => {
  let fixture: StandaloneFixture;
  beforeEach(async () => {
    fixture = await openStandaloneFixture();
  });
  afterEach(() => fixture.close());

  const contexts = [contextIn(PROJECT), contextIn(FOREIGN_PROJECT)];
  const newKey = async (alias: string, projectId = PROJECT) =>
    (await fixture.authority.createKey(requestContext('create-key', { projectId }), keyInput(alias))).keyId;
  const newGrant = async (keyId: string, projectId = PROJECT) => {
    // Grants of one millisecond have almost equal ids.
    fixture.clock.nowMs += 1;
    return (await fixture.authority.createGrant(requestContext('create-grant', { projectId }), grantInput(keyId)))
      .grant_id;
  };

  test('a key is found by its id, in any case, and by its alias, in each project of the person', async () => {
    const keyId = await newKey('orders');
    const foreign = await newKey('invoices', FOREIGN_PROJECT);
    for (const name of [keyId, keyId.toUpperCase(), 'orders']) {
      expect(await findKey(fixture, contexts, name)).toEqual({
        result: 'found',
        found: { context: contexts[0], keyId, label: 'orders' },
      });
    }
    expect(await findKey(fixture, contexts, 'invoices')).toMatchObject({
      found: { context: contexts[1], keyId: foreign },
    });
  });

  test('a key of a project in which the person has no role is absent, by alias and by id', async () => {
    const foreign = await newKey('invoices', FOREIGN_PROJECT);
    expect(await findKey(fixture, contexts.slice(0, 1), 'invoices')).toEqual({ result: 'absent' });
    expect(await findKey(fixture, contexts.slice(0, 1), foreign)).toEqual({ result: 'absent' });
  });

  test('an alias that two projects have is answered with the ids of both keys', async () => {
    const ids = [await newKey('orders'), await newKey('orders', FOREIGN_PROJECT)];
    expect(await findKey(fixture, contexts, 'orders')).toEqual({ result: 'ambiguous', candidates: ids.sort() });
  });

  test('an alias in another case is no match, but a candidate', async () => {
    await newKey('orders');
    expect(await findKey(fixture, contexts, 'Orders')).toEqual({ result: 'ambiguous', candidates: ['orders'] });
    expect(await findKey(fixture, contexts, 'order')).toEqual({ result: 'absent' });
  });

  test('a grant is found by its id and by a beginning of it that no other grant has', async () => {
    const keyId = await newKey('orders');
    const [first, second] = [await newGrant(keyId), await newGrant(keyId)];
    for (const prefix of [second, second.toUpperCase(), second.slice(0, 12), second.slice(0, 40)]) {
      expect(await findGrant(fixture, contexts, undefined, prefix)).toMatchObject({
        result: 'found',
        found: { context: contexts[0], grant: { grant_id: second, key_id: keyId } },
      });
    }
    expect(await findGrant(fixture, contexts, undefined, first.slice(0, 11))).toEqual({
      result: 'ambiguous',
      candidates: [first, second],
    });
  });

  test('at most five of the grants with an ambiguous beginning are named', async () => {
    const keyId = await newKey('orders');
    const ids: string[] = [];
    while (ids.length < 7) ids.push(await newGrant(keyId));
    expect(await findGrant(fixture, contexts, undefined, ids[0]?.slice(0, 4) ?? '')).toEqual({
      result: 'ambiguous',
      candidates: ids.slice(0, 5),
    });
  });

  test('fewer than four digits, and texts that are no digits, name no grant', async () => {
    const grant = await newGrant(await newKey('orders'));
    for (const prefix of ['', grant.slice(0, 3), 'orders', `${grant}0`]) {
      expect(await findGrant(fixture, contexts, undefined, prefix)).toEqual({ result: 'absent' });
    }
  });

  test('a grant on another key than the named one, or of a foreign project, is absent', async () => {
    const grant = await newGrant(await newKey('orders'));
    const foreign = await newGrant(await newKey('invoices', FOREIGN_PROJECT), FOREIGN_PROJECT);
    const other = { context: contexts[0] as never, keyId: await newKey('other'), label: 'other' };
    expect(await findGrant(fixture, contexts, other, grant)).toEqual({ result: 'absent' });
    expect(await findGrant(fixture, contexts.slice(0, 1), undefined, foreign)).toEqual({ result: 'absent' });
  });

  test('a revoked grant is absent', async () => {
    const keyId = await newKey('orders');
    const grant = await newGrant(keyId);
    await fixture.authority.revokeGrant(requestContext('revoke-grant'), keyId, grant);
    expect(await findGrant(fixture, contexts, undefined, grant)).toEqual({ result: 'absent' });
  });

  describe('people', () => {
    const SENDER = { workspace: WORKSPACE, userId: 'U1' };
    const find = (name: { mention: string } | { text: string }) => findPrincipals(fixture, chatSource(), SENDER, name);
    const map = (identity: string, grantee: string, source = 'ops') =>
      fixture.store.mappings.put({ source, identity, grantee });
    const found = (label: string, ...principals: string[]) => ({ result: 'found', found: { principals, label } });

    async function addUser(userId: string, name: string): Promise<void> {
      const { directory } = fixture.store;
      const project = { projectId: PROJECT, domainId: 'd1', name: 'shop' };
      if (!(await directory.project(PROJECT))) await directory.addProject(project, { domainId: 'd1', name: 'acme' });
      await directory.addUser({ userId, domainId: 'd1', name, passwordHash: '', enabled: true });
    }

    test('a mention is found if it is mapped for the source, under the name of the user in the directory', async () => {
      await addUser(GRANTEE, 'bob');
      await map('slack:T1:U2', GRANTEE);
      expect(await find({ mention: 'U2' })).toEqual(found('bob', GRANTEE));
    });

    test.each([
      ['in another case', 'slack:T1:u2', 'ops'],
      ['in another workspace', 'slack:T2:U2', 'ops'],
      ['on another platform', 'mattermost:T1:U2', 'ops'],
      ['for another source', 'slack:T1:U2', 'hr'],
      ['for every source', 'slack:T1:U2', '*'],
    ])('a mention that is mapped %s is absent', async (_, identity, source) => {
      await map(identity, GRANTEE, source);
      expect(await find({ mention: 'U2' })).toEqual({ result: 'absent' });
    });

    test('a mention that is mapped to several principals is all of them', async () => {
      await map('slack:T1:U2', GRANTEE);
      await map('slack:T1:U2', NOBODY);
      expect(await find({ mention: 'U2' })).toMatchObject({
        found: { principals: expect.arrayContaining([NOBODY, GRANTEE]) },
      });
    });

    test('the id of a user or of a principal that only the KMS knows is found', async () => {
      await addUser(GRANTEE, 'bob');
      expect(await find({ text: GRANTEE })).toEqual(found(GRANTEE, GRANTEE));
      expect(await find({ text: 'abc123' })).toEqual(found('abc123', 'abc123'));
    });

    test('an identity that an administrator mapped for the source, or for every source, is found', async () => {
      await map('ann@example.com', GRANTEE, '*');
      expect(await find({ text: 'Ann@Example.com' })).toEqual(found(GRANTEE, GRANTEE));
      await map('ann@example.com', NOBODY);
      expect(await find({ text: 'ann@example.com' })).toEqual(found(NOBODY, NOBODY));
      await map('bob', GRANTEE);
      expect(await find({ text: 'bob' })).toEqual(found(GRANTEE, GRANTEE));
    });

    test('the id of a user comes before an equal identity of somebody else', async () => {
      await addUser('bob', 'bob');
      await map('bob', GRANTEE);
      expect(await find({ text: 'bob' })).toEqual(found('bob', 'bob'));
    });

    test('names and e-mail addresses that are not mapped name nobody', async () => {
      await addUser(GRANTEE, 'ann.lee');
      for (const text of ['ann.lee', 'ann@example.com', '@ann', 'Ann Lee', 'slack:T1:U2']) {
        expect(await find({ text })).toEqual({ result: 'absent' });
      }
    });

    test('the owner of an access key is not found by it', async () => {
      await addUser(GRANTEE, 'bob');
      const key = { accessKey: 'AKIA1', userId: GRANTEE, sealedSecret: new Uint8Array(), enabled: true };
      await fixture.store.directory.addAccessKey(key, 0);
      expect(await find({ text: 'access-key:AKIA1' })).toEqual({ result: 'absent' });
    });

    test('a user whose name is an e-mail address is called by the id, as the label may be shown to a group', async () => {
      await addUser(GRANTEE, 'bob@example.com');
      await map('slack:T1:U2', GRANTEE);
      expect(await find({ mention: 'U2' })).toEqual(found(GRANTEE, GRANTEE));
    });
  });
});

describe('with an upstream', () => {
  let fixture: UpstreamFixture;
  let kms: SimulatedKms;
  beforeEach(async () => {
    fixture = await openUpstreamFixture();
    kms = simulateKms(fixture, [KEY, OTHER_KEY], [upstreamGrant(1), upstreamGrant(2, { key_id: OTHER_KEY })]);
    kms.keys[0] = keyRow(KEY, { key_alias: 'orders' });
  });
  afterEach(() => fixture.close());

  const contexts = [contextIn(PROJECT)];
  const dependencies = () => ({ authority: fixture.openAuthority(), store: fixture.store });

  test('a key is found by its alias and by its id', async () => {
    expect(await findKey(dependencies(), contexts, 'orders')).toMatchObject({ found: { keyId: KEY, label: 'orders' } });
    fixture.replies['describe-key'] = [[200, { key_info: keyRow(KEY, { key_alias: 'orders' }) }]];
    expect(await findKey(dependencies(), contexts, KEY)).toMatchObject({ found: { keyId: KEY, label: 'orders' } });
  });

  test('an unknown key is absent, unless the keys could not be read: then that is the error', async () => {
    expect(await findKey(dependencies(), contexts, 'invoices')).toEqual({ result: 'absent' });
    kms.keys[1] = { key_state: '2' };
    expect(await codeOf(findKey(dependencies(), contexts, 'invoices'))).toBe('APIGW.0201:502');
    fixture.replies['list-keys'] = [kmsError(403, 'KMS.0307')];
    expect(await codeOf(findKey(dependencies(), contexts, 'orders'))).toBe('KMS.0307');
  });

  test('a key in a page after the first is found, and a list that does not end is an error', async () => {
    const page = (row: object, next_marker: string) => ({
      key_details: [row],
      truncated: next_marker === '' ? 'false' : 'true',
      next_marker,
      total: 2,
    });
    const [first, last] = [page(keyRow(OTHER_KEY), '1'), page(keyRow(KEY, { key_alias: 'orders' }), '')];
    fixture.replies['list-keys'] = [
      [200, first],
      [200, last],
    ];
    expect(await findKey(dependencies(), contexts, 'orders')).toMatchObject({ found: { keyId: KEY } });
    fixture.replies['list-keys'] = [[200, first]];
    expect(await codeOf(findKey(dependencies(), contexts, 'invoices'))).toBe('APIGW.0201:502');
  });

  test('a key or a grant that two pages repeat is one', async () => {
    const row = keyRow(KEY, { key_alias: 'orders' });
    const keys = { key_details: [row], truncated: 'true', next_marker: '1', total: 2 };
    fixture.replies['list-keys'] = [
      [200, keys],
      [200, { ...keys, truncated: 'false', next_marker: '' }],
    ];
    const key = await findKey(dependencies(), contexts, 'orders');
    expect(key).toMatchObject({ result: 'found', found: { keyId: KEY } });
    const grants = { grants: [upstreamGrant(1)], truncated: 'true', next_marker: '1', total: 2 };
    fixture.replies['list-grants'] = [
      [200, grants],
      [200, { ...grants, truncated: 'false', next_marker: '' }],
    ];
    const found = key.result === 'found' ? key.found : undefined;
    expect(await findGrant(dependencies(), contexts, found, '0000')).toMatchObject({ result: 'found' });
  });

  test('a key whose id has another form than the documented one is found by it', async () => {
    kms.keys[0] = keyRow('cmk-1', { key_alias: 'orders' });
    expect(await findKey(dependencies(), contexts, 'cmk-1')).toMatchObject({
      found: { keyId: 'cmk-1', label: 'orders' },
    });
  });

  test('a grant is found by a beginning of its id, on any key', async () => {
    const lookup = await findGrant(dependencies(), contexts, undefined, grantIdOf(2));
    expect(lookup).toMatchObject({ result: 'found', found: { grant: { grant_id: grantIdOf(2), key_id: OTHER_KEY } } });
    expect(await findGrant(dependencies(), contexts, undefined, '0000')).toMatchObject({
      candidates: [grantIdOf(1), grantIdOf(2)],
    });
  });

  test('no page of the upstream is asked for more rows than it allows', async () => {
    await findGrant(dependencies(), contexts, undefined, '0000');
    expect(fixture.received.map(({ fields }) => fields['limit'])).toEqual(['1000', '1000', '1000']);
  });

  test('a grant is absent only if every key could be read', async () => {
    expect(await findGrant(dependencies(), contexts, undefined, 'ffff')).toEqual({ result: 'absent' });
    kms.listReplies.set(KEY, kmsError(403, 'KMS.0306'));
    expect(await codeOf(findGrant(dependencies(), contexts, undefined, 'ffff'))).toBe('KMS.0306');
    expect(await findGrant(dependencies(), contexts, undefined, grantIdOf(2))).toMatchObject({ result: 'found' });
  });

  test('a grant that was created through this service is looked for on its key only', async () => {
    const authority = fixture.openAuthority();
    fixture.replies['create-grant'] = [[200, { grant_id: grantIdOf(1) }]];
    await authority.createGrant(requestContext('create-grant'), grantInput(KEY));
    fixture.received.length = 0;
    await findGrant(dependencies(), contexts, undefined, grantIdOf(1));
    expect(fixture.received).toEqual([{ api: 'list-grants', fields: { key_id: KEY, limit: '1000' } }]);
  });
});
