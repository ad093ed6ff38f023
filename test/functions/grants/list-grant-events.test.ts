import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { grantsOn, newGrant, newKey, okBody, type User } from '../../support/create.ts';
import { expectError } from '../../support/expect-error.ts';
import { readAllPages } from '../../support/pages.ts';
import { type ApiResponse, startService, type TestService } from '../../support/service.ts';
import { storedRows } from '../../support/stored-rows.ts';

/** Source: KMS API reference, revoke-grant, request examples. */
const SEQUENCE = '919c82d4-8046-4722-9094-35c3c6524cff';
const ABSENT_KEY = '0d0466b0-e727-4d9c-b35d-f84bb474a37f';
const ABSENT_GRANT = '7c9a3286af4fcca5f0a385ad13e1d21a50e27b6dbcab50f37f30f93b8939827d';
const EMPTY = { events: [], next_marker: '', truncated: 'false' };

interface Event {
  event_id: string;
  event_time: string;
  action: string;
  key_id: string;
  grant_id?: string;
}

let service: TestService;
let foreigner: User & { project_id: string };
/** A new key and a new principal for each test. */
let key: string;
let principal: string;
let principals = 0;
beforeAll(async () => {
  service = await startService();
  foreigner = await service.foreignUser();
  for (const user of [service.creator, service.reader, service.administrator]) await service.token(user);
});
afterAll(() => service.stop());
beforeEach(async () => {
  principals += 1;
  principal = `principal${principals}`;
  // Created by the administrator, who may then call both revoke APIs, also at an upstream that checks the caller.
  key = await newKey(service, service.administrator);
});

const list = (body: object = {}, user: User = service.reader): Promise<ApiResponse> =>
  service.kms(user, 'list-grant-events', body, user.project_id);
const eventsOf = async (body: object): Promise<Event[]> => okBody(await list(body)).events;
/** @returns the action and the grant of each event, newest first */
const actionsOf = async (body: object) => (await eventsOf(body)).map(({ action, grant_id }) => [action, grant_id]);

const grant = (key_id = key, grantee_principal = principal) =>
  newGrant(service, key_id, { grantee_principal }, service.administrator);

/** Sends each change as administrator a millisecond later than the one before, so that events have a fixed order. */
function change(name: string, body: object): Promise<ApiResponse> {
  service.clock.nowMs += 1;
  return service.kms(service.administrator, name, body);
}

describe('an event', () => {
  /** The upstream's request id, where the change was made there. */
  const upstreamFields = () =>
    service.events === service.services.store.events
      ? {}
      : { upstream_request_id: expect.stringMatching(/^[0-9a-f]{32}$/) };

  test('an event has the actor, action, time, channel, request id, sequence, and the grant as it was', async () => {
    const grant_id = await grant();
    const [listed] = await grantsOn(service, key);
    const createdAtMs = service.clock.nowMs;
    const answer = await change('revoke-grant', { key_id: key, grant_id, sequence: SEQUENCE });
    okBody(answer);
    const { status, body } = await list({ grant_id });
    const commonFields = {
      project_id: service.demo.project_id,
      key_id: key,
      grant_id,
      channel: 'http',
      grant: listed,
      ...upstreamFields(),
    };
    const actor = service.administrator.user_id;
    expect([status, body]).toEqual([
      200,
      {
        events: [
          {
            ...commonFields,
            event_id: expect.stringMatching(/^[0-9a-f]{32}$/),
            event_time: String(createdAtMs + 1),
            action: 'revoke-grant',
            actor,
            request_id: answer.headers.get('x-request-id'),
            sequence: '919c82d4-8046-4722-9094-35c3c6524cff',
          },
          {
            ...commonFields,
            event_id: expect.stringMatching(/^[0-9a-f]{32}$/),
            event_time: String(createdAtMs),
            action: 'create-grant',
            actor,
            request_id: expect.stringMatching(/^[0-9a-f]{32}$/),
          },
        ],
        next_marker: '',
        truncated: 'false',
      },
    ]);
  });

  test('an event of revoke-principal-grants has its reason', async () => {
    const ids = [await grant(), await grant()];
    const [listed] = await grantsOn(service, key);
    const answer = await change('revoke-principal-grants', {
      grantee_principal: principal,
      reason: 'left the company',
    });
    const [last, first] = (await eventsOf({ grantee_principal: principal, limit: 2 })).sort((a, b) =>
      String(a.grant_id) < String(b.grant_id) ? 1 : -1,
    );
    expect([first?.grant_id, last?.grant_id]).toEqual(ids);
    expect(first).toMatchObject({
      action: 'revoke-principal-grants',
      actor: service.administrator.user_id,
      channel: 'http',
      reason: 'left the company',
      request_id: answer.headers.get('x-request-id'),
      grant: listed,
    });
  });

  test('an event of a change to a key has no grant', async () => {
    okBody(await change('disable-key', { key_id: key }));
    expect(await eventsOf({ key_id: key })).toEqual([
      expect.objectContaining({ action: 'disable-key', key_id: key }),
      expect.objectContaining({ action: 'create-key', key_id: key }),
    ]);
    expect(JSON.stringify(await eventsOf({ key_id: key }))).not.toContain('grant_id');
  });

  test('requests that were refused or only read leave no event', async () => {
    await grant();
    const before = okBody(await list());
    const wrongDigest = { grantee_principal: principal, digest: '0'.repeat(64) };
    expectError(await change('revoke-principal-grants', wrongDigest), [400, 'KMS.0308']);
    okBody(await change('revoke-principal-grants', { grantee_principal: principal, dry_run: true }));
    expectError(await change('revoke-grant', { key_id: key, grant_id: ABSENT_GRANT }), [400, 'KMS.2501']);
    expect(okBody(await list())).toEqual(before);
  });
});

describe('filters of list-grant-events', () => {
  test('events are listed by key, grant, principal, or several of them, newest first', async () => {
    const otherKey = await newKey(service, service.administrator);
    const [first, second] = [await grant(), await grant(otherKey)];
    const ofOtherPrincipal = await grant(key, `${principal}x`);
    okBody(await change('revoke-grant', { key_id: key, grant_id: first }));
    okBody(await change('retire-grant', { key_id: otherKey, grant_id: second }));

    expect(await actionsOf({ key_id: key })).toEqual([
      ['revoke-grant', first],
      ['create-grant', ofOtherPrincipal],
      ['create-grant', first],
      ['create-key', undefined],
    ]);
    const ofSecond = [
      ['retire-grant', second],
      ['create-grant', second],
    ];
    const ofFirst = [
      ['revoke-grant', first],
      ['create-grant', first],
    ];
    expect(await actionsOf({ grant_id: second })).toEqual(ofSecond);
    expect(await actionsOf({ grant_id: second.toUpperCase() })).toEqual(ofSecond);
    expect(await actionsOf({ grantee_principal: principal })).toEqual([
      ofSecond[0],
      ofFirst[0],
      ofSecond[1],
      ofFirst[1],
    ]);
    expect(await actionsOf({ key_id: key, grantee_principal: principal })).toEqual(ofFirst);
    expect(await actionsOf({ key_id: otherKey, grant_id: second })).toEqual(ofSecond);
    expect(await actionsOf({ grant_id: second, grantee_principal: principal })).toEqual(ofSecond);
    expect(await actionsOf({ key_id: key, grant_id: first, grantee_principal: principal })).toEqual(ofFirst);
    for (const filter of [
      { key_id: key, grant_id: second },
      { grant_id: ofOtherPrincipal, grantee_principal: principal },
      { key_id: otherKey, grant_id: second, grantee_principal: `${principal}x` },
    ]) {
      expect(okBody(await list(filter))).toEqual(EMPTY);
    }
  });

  test('without a filter all events of the project are listed', async () => {
    const ids = [await grant(), await grant()];
    expect((await actionsOf({})).slice(0, 3)).toEqual([
      ['create-grant', ids[1]],
      ['create-grant', ids[0]],
      ['create-key', undefined],
    ]);
    expect(await eventsOf({ key_id: null, marker: '', limit: '' })).toEqual(await eventsOf({}));
  });

  test('a limit above 1000 returns the largest page', async () => {
    for (const limit of ['1001', 2000]) expect(await eventsOf({ limit })).toEqual(await eventsOf({}));
  });

  test('a filter that matches nothing returns an empty list', async () => {
    for (const filter of [{ key_id: ABSENT_KEY }, { grant_id: ABSENT_GRANT }, { grantee_principal: principal }]) {
      expect(okBody(await list(filter))).toEqual(EMPTY);
    }
  });
});

test('events of another project are never listed, whichever filter is used', async () => {
  const grant_id = await grant();
  for (const filter of [{ key_id: key }, { grant_id }, { grantee_principal: principal }, {}]) {
    expect(okBody(await list(filter, foreigner))).toEqual(EMPTY);
  }
  const foreignKey = await newKey(service, foreigner);
  const foreignGrant = await newGrant(service, foreignKey, { grantee_principal: principal }, foreigner);
  const { events } = okBody(await list({}, foreigner));
  expect(events).toMatchObject([{ grant_id: foreignGrant, project_id: foreigner.project_id }, { key_id: foreignKey }]);
  expect(events).toHaveLength(2);
  for (const filter of [{ key_id: foreignKey }, { grant_id: foreignGrant }])
    expect(okBody(await list(filter))).toEqual(EMPTY);
  expect(await actionsOf({ grantee_principal: principal })).toEqual([['create-grant', grant_id]]);
  // The id of a foreign event is a valid marker: it is only a position.
  const marker = events[0].event_id;
  for (const { project_id } of okBody(await list({ marker })).events) expect(project_id).toBe(service.demo.project_id);
});

describe('pages of list-grant-events', () => {
  /** @returns the ids of the key's seven events, newest first */
  async function sevenEvents(): Promise<string[]> {
    for (let n = 0; n < 3; n += 1) await grant();
    for (const { grant_id } of await grantsOn(service, key))
      okBody(await change('revoke-grant', { key_id: key, grant_id }));
    const ids = (await eventsOf({ key_id: key })).map(({ event_id }) => event_id);
    expect(ids).toEqual([...new Set(ids)].sort().reverse());
    expect(ids).toHaveLength(7);
    return ids;
  }
  const idsOf = ({ events }: { events: Event[] }) => events.map(({ event_id }) => event_id);

  test.each([1, 2, 3, 6, 7, '8', 1000])('in pages of %j each event is listed once, in order', async (limit) => {
    const ids = await sevenEvents();
    const pages = await readAllPages((body) => list({ key_id: key, limit, ...body }));
    expect(pages.flatMap(idsOf)).toEqual(ids);
    expect(pages).toHaveLength(Math.ceil(7 / Number(limit)));
    const [first] = pages;
    expect([first.truncated, first.next_marker]).toEqual(
      pages.length > 1 ? ['true', ids[Number(limit) - 1]] : ['false', ''],
    );
  });

  test.each([
    ['a key', () => ({ key_id: key })],
    ['a principal', () => ({ grantee_principal: principal })],
    ['both', () => ({ key_id: key, grantee_principal: principal })],
    ['the project', () => ({})],
  ])(
    'in pages of %s, events that are added between pages are not listed and no other is skipped',
    async (_, filter) => {
      await sevenEvents();
      const before = (await eventsOf(filter())).map(({ event_id }) => event_id);
      const pages = await readAllPages(
        (body) => list({ ...filter(), limit: 5, ...body }),
        async () => {
          const grant_id = await grant();
          okBody(await change('revoke-grant', { key_id: key, grant_id }));
        },
      );
      expect(pages.flatMap(idsOf)).toEqual(before);
      expect(pages.length).toBeGreaterThan(1);
    },
  );
});

describe('list-grant-events refuses invalid requests and writes nothing', () => {
  async function expectRefused(bodies: object[], refusal: [number, string], user = service.reader): Promise<void> {
    const rows = await storedRows(service);
    for (const body of bodies) expectError(await list(body, user), refusal);
    expect(await storedRows(service)).toEqual(rows);
  }

  test('a marker that is not a next_marker, also a number: KMS.1602', () => {
    const markers = [
      ...['0', '10', 'abc', ' ', 'g'.repeat(32), 'a'.repeat(31), 'a'.repeat(33), 'A'.repeat(32), `${'a'.repeat(32)}\n`],
      ...['~', '%', ABSENT_GRANT, ABSENT_KEY, 0, 1.5, true, [], {}],
    ];
    return expectRefused(
      markers.map((marker) => ({ marker })),
      [400, 'KMS.1602'],
    );
  });

  test('a limit that is not a whole number above 0: KMS.1601', () => {
    const limits = ['0', 'abc', '-1', '1e2', 0, 1.5, -1, true, [], {}];
    return expectRefused(
      limits.map((limit) => ({ limit })),
      [400, 'KMS.1601'],
    );
  });

  test('a malformed or empty id is refused and never means all', async () => {
    const malformed = ['', 'a-b', '*', 7, []];
    await expectRefused(
      malformed.map((key_id) => ({ key_id })),
      [400, 'KMS.0205'],
    );
    await expectRefused(
      malformed.map((grant_id) => ({ grant_id })),
      [400, 'KMS.2501'],
    );
    await expectRefused(
      malformed.map((grantee_principal) => ({ grantee_principal })),
      [400, 'KMS.2402'],
    );
  });

  test('a role that may not list grants: KMS.0307; a reader and roles with more permissions may list events', async () => {
    const security = await service.addUser('security', 'Security Administrator');
    await service.token(security);
    await expectRefused([{}, { limit: 'x' }], [403, 'KMS.0307'], security);
    for (const user of [service.reader, service.creator, service.administrator]) okBody(await list({}, user));
  });
});
