/** Also tests: lib/chat/read-commands/answer.ts, lib/chat/command-call.ts. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { CreateGrantInput } from '../../../lib/authority/authority.ts';
import {
  CREATOR,
  FOREIGN_PROJECT,
  GRANTEE,
  grantInput,
  keyInput,
  openStandaloneFixture,
  PROJECT,
  requestContext,
  type StandaloneFixture,
} from '../../authority/standalone/fixture.ts';
import {
  grantIdOf,
  KEY,
  kmsError,
  OTHER_KEY,
  openUpstreamFixture,
  type UpstreamFixture,
  upstreamGrant,
} from '../../authority/upstream/scripted-upstream.ts';
import { keyRow, type SimulatedKms, simulateKms } from '../../authority/upstream/simulated-kms.ts';
import { ask, contextIn, factsIn } from '../fixture.ts';

describe('with the standalone authority', () => {
  let fixture: StandaloneFixture;
  let orders: string;
  beforeEach(async () => {
    fixture = await openStandaloneFixture();
    orders = await newKey('orders');
  });
  afterEach(() => fixture.close());

  const newKey = async (alias: string, projectId = PROJECT) =>
    (await fixture.authority.createKey(requestContext('create-key', { projectId }), keyInput(alias))).keyId;
  async function newGrant(keyId: string, over: Partial<CreateGrantInput> = {}, projectId = PROJECT) {
    fixture.clock.nowMs += 60_000;
    const context = requestContext('create-grant', { projectId });
    return (await fixture.authority.createGrant(context, grantInput(keyId, over))).grant_id;
  }

  describe('list', () => {
    test('shows grantee, operations, issuer, date, name and id of each grant on the key', async () => {
      const operations = ['decrypt-data', 'create-grant'] as const;
      const first = await newGrant(orders, { operations, name: 'night-job' });
      const second = await newGrant(orders, { grantee: 'd9', granteeType: 'domain' });
      const view = await ask(fixture, 'list orders');
      expect(view).toMatchObject({ title: 'Grants on orders', tone: 'neutral', sentences: [], moreRows: 0 });
      expect(factsIn(view)).toEqual({ Key: 'orders', 'Key id': orders, Grants: '2' });
      expect(view.rows).toEqual([
        {
          title: `user ${GRANTEE}`,
          details: [
            'decrypt-data, create-grant',
            `Issued by: ${CREATOR}`,
            'Created: 2026-11-22 06:01 UTC',
            'Name: night-job',
          ],
          id: first,
        },
        {
          title: 'domain d9',
          details: ['describe-key', `Issued by: ${CREATOR}`, 'Created: 2026-11-22 06:02 UTC'],
          id: second,
        },
      ]);
      expect(view.data).toMatchObject({
        project_id: PROJECT,
        key_id: orders,
        grants: [{ grant_id: first }, { grant_id: second }],
        total: 2,
        truncated: 'false',
      });
    });

    test('shows ten of many grants, counts the others, and names the API that lists all', async () => {
      for (let n = 0; n < 12; n += 1) await newGrant(orders);
      const view = await ask(fixture, 'list orders');
      expect([view.rows.length, view.moreRows, factsIn(view)['Grants']]).toEqual([10, 2, '12']);
      expect(view.sentences).toEqual(['The HTTP API list-grants lists all.']);
    });

    test('a key without grants says so', async () => {
      expect((await ask(fixture, 'list orders')).sentences).toEqual(['Nobody has a grant on this key.']);
    });

    test('an unknown key, and one of a project in which the person has no role, are answered alike', async () => {
      const foreign = await newKey('invoices', FOREIGN_PROJECT);
      const [unknown, invoices, byId] = [
        await ask(fixture, 'list nothing'),
        await ask(fixture, 'list invoices'),
        await ask(fixture, `list ${foreign}`),
      ];
      expect(unknown).toMatchObject({ title: 'There is no such key', tone: 'bad' });
      expect(invoices).toEqual(unknown);
      expect(byId).toEqual(unknown);
    });

    test('an ambiguous alias is answered with the ids to type instead', async () => {
      const foreign = await newKey('orders', FOREIGN_PROJECT);
      const contexts = [contextIn(PROJECT), contextIn(FOREIGN_PROJECT)];
      const view = await ask(fixture, 'list orders', { contexts });
      expect(view).toMatchObject({ title: 'Which key?', tone: 'warning' });
      expect(view.rows.map(({ title }) => title)).toEqual([orders, foreign].sort());
    });
  });

  describe('who', () => {
    test('shows the grants that a person holds, key by key, over all projects of the asker', async () => {
      const invoices = await newKey('invoices');
      const foreign = await newKey('foreign', FOREIGN_PROJECT);
      const ids = [
        await newGrant(orders),
        await newGrant(invoices),
        await newGrant(orders),
        await newGrant(foreign, {}, FOREIGN_PROJECT),
      ];
      await newGrant(orders, { grantee: 'someoneelse' });
      const both = [contextIn(PROJECT), contextIn(FOREIGN_PROJECT)];
      const view = await ask(fixture, `who ${GRANTEE}`, { contexts: both });
      expect(factsIn(view)).toEqual({ Person: GRANTEE, 'Principal id': GRANTEE, Grants: '4 on 3 keys' });
      expect(view.rows.map(({ title, id }) => [title, id])).toEqual([
        ['Key: foreign', ids[3]],
        ['Key: invoices', ids[1]],
        ['Key: orders', ids[0]],
        ['Key: orders', ids[2]],
      ]);
      expect(view.rows[0]?.details[0]).toBe(`Project: ${FOREIGN_PROJECT}`);
      expect(view.data).toMatchObject({
        principals: [GRANTEE],
        projects: [
          { project_id: PROJECT, total: 3 },
          { project_id: FOREIGN_PROJECT, total: 1 },
        ],
        failed: [],
      });
      expect(factsIn(await ask(fixture, `who ${GRANTEE}`))['Grants']).toBe('3 on 2 keys');
    });

    test('a mentioned person is shown with the grants of all mapped principals', async () => {
      for (const grantee of [GRANTEE, 'd9']) {
        await fixture.store.mappings.put({ source: 'ops', identity: 'slack:T1:U2', grantee });
        await newGrant(orders, { grantee, granteeType: grantee === 'd9' ? 'domain' : 'user' });
      }
      const view = await ask(fixture, 'who <@U2>');
      expect(factsIn(view)['Grants']).toBe('2 on 1 key');
      expect(view.rows.map(({ details }) => details[0]).sort()).toEqual([
        'Grantee: domain d9',
        `Grantee: user ${GRANTEE}`,
      ]);
    });

    test('a name that is no user and holds no grants gets a warning that it may be mistyped', async () => {
      const view = await ask(fixture, 'who ann');
      expect(factsIn(view)).toEqual({ Person: 'ann', 'Principal id': 'ann', Grants: '0 on 0 keys' });
      expect(view.sentences).toEqual([
        'There are no grants of this principal in the projects that you may see here.',
        'No user has this id. Perhaps it is a typing error.',
        'A person is named by a mention, a principal id or an identity that an administrator mapped.',
      ]);
    });

    test.each(['who <@U9>', 'who ann@example.com', 'who @ann'])(
      '%s: nobody is found by what is not mapped',
      async (text) => {
        expect(await ask(fixture, text)).toMatchObject({ title: 'There is no such person', tone: 'bad', rows: [] });
      },
    );

    test('ten of many grants are shown and the others counted', async () => {
      for (let n = 0; n < 11; n += 1) await newGrant(orders);
      const view = await ask(fixture, `who ${GRANTEE}`);
      expect([view.rows.length, view.moreRows]).toEqual([10, 1]);
      expect(view.sentences).toEqual(['The HTTP API list-principal-grants lists all.']);
    });
  });

  describe('show', () => {
    test('shows everything about a grant, and how to revoke it', async () => {
      const over = {
        name: 'night-job',
        retiringPrincipal: 'c9',
        operations: ['decrypt-data', 'encrypt-data'] as const,
      };
      const grant = await newGrant(orders, over);
      const view = await ask(fixture, `show ${grant.slice(0, 16)}`);
      expect(factsIn(view)).toEqual({
        Grant: grant,
        Name: 'night-job',
        Key: 'orders',
        'Key id': orders,
        Grantee: `user ${GRANTEE}`,
        Operations: 'decrypt-data, encrypt-data',
        'Issued by': CREATOR,
        'May be retired by': 'c9',
        Created: '2026-11-22 06:01 UTC',
        Project: PROJECT,
      });
      expect(view.sentences).toEqual([`To revoke it, type: revoke ${orders} ${grant}`]);
      expect(view.data).toMatchObject({ project_id: PROJECT, grant: { grant_id: grant, key_id: orders } });
    });

    test('does not tell how to revoke to a person who may not', async () => {
      const grant = await newGrant(orders);
      const contexts = [contextIn(PROJECT, ['KMS CMKReadOnlyAccess'])];
      expect((await ask(fixture, `show ${grant}`, { contexts })).sentences).toEqual([]);
    });

    test('an ambiguous beginning is answered with the ids of the grants', async () => {
      const ids = [await newGrant(orders), await newGrant(orders)];
      const view = await ask(fixture, `show ${ids[0]?.slice(0, 6)}`);
      expect(view).toMatchObject({ title: 'Which grant?', tone: 'warning', data: { candidates: ids } });
      expect(view.rows.map(({ title }) => title)).toEqual(ids);
    });

    test('a grant that is gone is answered with who revoked it, when and how', async () => {
      const grant = await newGrant(orders);
      const context = requestContext('revoke-grant', { reason: 'left the team' });
      await fixture.authority.revokeGrant(context, orders, grant);
      const view = await ask(fixture, `show ${grant}`);
      expect(view).toMatchObject({
        title: 'This grant does not exist (any more)',
        sentences: ['The newest event about it is revoke-grant, 2026-11-22 06:01 UTC.'],
      });
      expect(factsIn(view)).toMatchObject({ By: CREATOR, Through: 'the HTTP API', Reason: 'left the team' });
    });

    test('an unknown grant, and one of a foreign project, are answered alike', async () => {
      const foreign = await newGrant(await newKey('invoices', FOREIGN_PROJECT), {}, FOREIGN_PROJECT);
      const unknown = await ask(fixture, `show ${'f'.repeat(64)}`);
      expect(unknown).toMatchObject({ title: 'There is no such grant', tone: 'bad' });
      expect(await ask(fixture, `show ${foreign}`)).toEqual(unknown);
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
  const asked = (text: string, options = {}) =>
    ask({ authority: fixture.openAuthority(), store: fixture.store }, text, options);

  test('list, who and show find the same grant', async () => {
    expect((await asked('list orders')).rows[0]).toEqual({
      title: `user ${GRANTEE}`,
      details: ['describe-key', 'Issued by: c0000000000000000000000000000009', 'Created: 2017-06-13 08:12 UTC'],
      id: grantIdOf(1),
    });
    expect((await asked(`who ${GRANTEE}`)).rows.map(({ title, id }) => [title, id])).toEqual([
      ['Key: a-key', grantIdOf(2)],
      ['Key: orders', grantIdOf(1)],
    ]);
    expect(factsIn(await asked(`show ${grantIdOf(1)}`))).toMatchObject({ Key: 'orders', Grantee: `user ${GRANTEE}` });
  });

  test('what others wrote is one line of plain characters, and never empty', async () => {
    kms.grants[0] = upstreamGrant(1, {
      grantee_principal: 'x\u202e *approved*',
      grantee_principal_type: 'agency',
      operations: ['<!here>'],
      issuing_principal: '\u200b',
      creation_date: 'today',
      name: '`'.repeat(300),
    });
    expect((await asked('list orders')).rows[0]).toMatchObject({
      title: 'agency x *approved*',
      details: ['<!here>', 'Issued by: –', 'Created: –', `Name: ${'`'.repeat(79)}…`],
    });
  });

  test('e-mail addresses are shown in a direct message only', async () => {
    kms.grants[0] = upstreamGrant(1, { grantee_principal: 'ann@example.com' });
    expect(JSON.stringify(await asked('list orders'))).toContain('ann@example.com');
    const inGroup = await asked('list orders', { isDirect: false });
    expect(inGroup.rows[0]?.title).toBe('user …@…');
    expect(JSON.stringify(inGroup)).not.toContain('example.com');
  });

  test('a key whose grants cannot be listed is named, and the rest is shown', async () => {
    kms.listReplies.set(OTHER_KEY, kmsError(403, 'KMS.0306'));
    const view = await asked(`who ${GRANTEE}`);
    expect(view.tone).toBe('warning');
    expect(view.sentences).toEqual([`This is incomplete: 1 item could not be read: ${OTHER_KEY} (KMS.0306).`]);
    expect(view.rows).toHaveLength(1);
    expect(view.data['failed']).toMatchObject([{ key_id: OTHER_KEY, error_code: 'KMS.0306' }]);
  });

  test('when nothing can be read, nobody is said to have no grants', async () => {
    for (const key of [KEY, OTHER_KEY]) kms.listReplies.set(key, kmsError(403, 'KMS.0306'));
    const view = await asked(`who ${GRANTEE}`);
    expect(view.sentences).toEqual([
      `This is incomplete: 2 items could not be read: ${KEY} (KMS.0306), ${OTHER_KEY} (KMS.0306).`,
    ]);
    expect((await asked('list orders')).title).toBe('This could not be read');
    expect((await asked('show ffff')).title).toBe('This could not be read');
  });

  test('a list whose total the upstream does not tell has at least one more grant when there is another page', async () => {
    const page = { grants: [upstreamGrant(1)], truncated: 'true', next_marker: '1' };
    kms.listReplies.set(KEY, [200, page]);
    const view = await asked('list orders');
    expect([view.rows.length, view.moreRows]).toEqual([1, 1]);
  });
});
