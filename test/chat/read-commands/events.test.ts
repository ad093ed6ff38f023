import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
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
import { KEY, openUpstreamFixture, upstreamGrant } from '../../authority/upstream/scripted-upstream.ts';
import { keyRow, simulateKms } from '../../authority/upstream/simulated-kms.ts';
import { ask, contextIn } from '../fixture.ts';

let fixture: StandaloneFixture;
let orders: string;
let grant: string;
beforeEach(async () => {
  fixture = await openStandaloneFixture();
  orders = (await fixture.authority.createKey(requestContext('create-key'), keyInput('orders'))).keyId;
  grant = await newGrant(orders);
});
afterEach(() => fixture.close());

async function newGrant(keyId: string, projectId = PROJECT) {
  fixture.clock.nowMs += 60_000;
  const context = requestContext('create-grant', { projectId });
  return (await fixture.authority.createGrant(context, grantInput(keyId))).grant_id;
}

const actions = async (text: string, options = {}) =>
  (await ask(fixture, text, options)).rows.map(({ title }) => title.split(' ').at(-1));

test('shows when, what, who, how and why, the newest event first', async () => {
  fixture.clock.nowMs += 60_000;
  const context = requestContext('revoke-grant', { reason: 'left\nthe team', channel: 'webhook', approvedBy: 'f00d' });
  await fixture.authority.revokeGrant(context, orders, grant);
  const view = await ask(fixture, 'events orders');
  expect(view).toMatchObject({ title: 'Events of orders', sentences: [], moreRows: 0 });
  expect(view.rows[0]).toEqual({
    title: '2026-11-22 06:02 UTC revoke-grant',
    details: [
      `By: ${CREATOR}`,
      'Approved by: f00d',
      'Through: a webhook',
      `Grantee: ${GRANTEE}`,
      `Key id: ${orders}`,
      'Reason: left the team',
    ],
    id: grant,
  });
  expect(view.rows[2]).toEqual({
    title: '2026-11-22 06:00 UTC create-key',
    details: [`By: ${CREATOR}`, 'Through: the HTTP API'],
    id: orders,
  });
  expect(view.data).toMatchObject({
    events: [{ action: 'revoke-grant', channel: 'webhook', grant_id: grant }, {}, {}],
  });
});

describe('what the events are about', () => {
  test('a key by its alias or id, a person by a mention, a mapped identity or an id, a grant by its id or its beginning', async () => {
    for (const identity of ['slack:T1:U2', 'bob@example.com']) {
      await fixture.store.mappings.put({ source: 'ops', identity, grantee: GRANTEE });
    }
    for (const text of ['orders', orders]) {
      expect(await actions(`events ${text}`)).toEqual(['create-grant', 'create-key']);
    }
    for (const text of ['<@U2>', 'bob@example.com', GRANTEE, grant, grant.slice(0, 13)]) {
      expect(await actions(`events ${text}`)).toEqual(['create-grant']);
    }
  });

  test('a revoked grant by its id', async () => {
    await fixture.authority.revokeGrant(requestContext('revoke-grant'), orders, grant);
    expect(await actions(`events ${grant}`)).toEqual(['revoke-grant', 'create-grant']);
  });

  test('nothing: an empty list says so', async () => {
    for (const text of ['nobody', 'f'.repeat(64), '0123abcd']) {
      expect((await ask(fixture, `events ${text}`)).sentences).toEqual([
        'There are no events.',
        'Check what you typed. A grant that does not exist any more is found only by its whole id.',
      ]);
    }
    expect((await ask(fixture, 'events <@U9>')).title).toBe('There is no such person');
  });

  test('an ambiguous beginning of a grant: the candidates', async () => {
    await newGrant(orders);
    expect(await ask(fixture, `events ${grant.slice(0, 4)}`)).toMatchObject({ title: 'Which grant?' });
  });
});

test('events of a project in which the person has no role are not shown', async () => {
  const context = requestContext('create-key', { projectId: FOREIGN_PROJECT });
  const foreign = (await fixture.authority.createKey(context, keyInput('invoices'))).keyId;
  await newGrant(foreign, FOREIGN_PROJECT);
  expect(await actions(`events ${foreign}`)).toEqual([]);
  expect(await actions(`events ${GRANTEE}`)).toEqual(['create-grant']);
  const contexts = [contextIn(PROJECT), contextIn(FOREIGN_PROJECT)];
  expect(await actions(`events ${GRANTEE}`, { contexts })).toEqual(['create-grant', 'create-grant']);
});

test('ten of many events are shown and the others counted', async () => {
  for (let n = 0; n < 11; n += 1) await newGrant(orders);
  const view = await ask(fixture, `events ${GRANTEE}`);
  expect([view.rows.length, view.moreRows]).toEqual([10, 2]);
  expect(view.sentences).toEqual(['The HTTP API list-grant-events lists all.']);
});

test('e-mail addresses in reasons are shown in a direct message only', async () => {
  const context = requestContext('revoke-grant', { reason: 'asked by ann@example.com' });
  await fixture.authority.revokeGrant(context, orders, grant);
  expect(JSON.stringify(await ask(fixture, 'events orders'))).toContain('ann@example.com');
  const inGroup = await ask(fixture, 'events orders', { isDirect: false });
  expect(inGroup.rows[0]?.details).toContain('Reason: asked by …@…');
  expect(JSON.stringify(inGroup)).not.toContain('example.com');
});

test('with an upstream, the events that this service wrote are shown', async () => {
  const upstream = await openUpstreamFixture();
  try {
    const kms = simulateKms(upstream, [KEY], [upstreamGrant(1)]);
    kms.keys[0] = keyRow(KEY, { key_alias: 'orders' });
    const authority = upstream.openAuthority();
    await authority.revokeGrant(requestContext('revoke-grant'), KEY, String(upstreamGrant(1).grant_id));
    const view = await ask({ authority, store: upstream.store }, 'events orders');
    expect(view.rows).toMatchObject([
      { title: expect.stringMatching(/ UTC revoke-grant$/), id: upstreamGrant(1).grant_id },
    ]);
  } finally {
    await upstream.close();
  }
});
