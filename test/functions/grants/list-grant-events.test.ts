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
/** Of this test: a key and somebody who holds nothing yet. */
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
  // An administrator's own: also a cloud that judges the caller lets it revoke on it by either API.
  key = await newKey(service, service.administrator);
});

const list = (body: object = {}, user: User = service.reader): Promise<ApiResponse> =>
  service.kms(user, 'list-grant-events', body, user.project_id);
const eventsOf = async (body: object): Promise<Event[]> => okBody(await list(body)).events;
/** What was done to which grant, newest first. */
const toldOf = async (body: object) => (await eventsOf(body)).map(({ action, grant_id }) => [action, grant_id]);

const grant = (key_id = key, grantee_principal = principal) =>
  newGrant(service, key_id, { grantee_principal }, service.administrator);

/** By the one who may; a millisecond after what was before, so that events have an order. */
function change(name: string, body: object): Promise<ApiResponse> {
  service.clock.nowMs += 1;
  return service.kms(service.administrator, name, body);
}

describe('tells', () => {
  /** What tells which process it was, where another KMS has made the change: its own request id. */
  const there = () =>
    service.events === service.services.store.events
      ? {}
      : { upstream_request_id: expect.stringMatching(/^[0-9a-f]{32}$/) };

  test('who did what when, through which channel, by which request, with its sequence, and the grant as it was', async () => {
    const grant_id = await grant();
    const [was] = await grantsOn(service, key);
    const madeMs = service.clock.nowMs;
    const answer = await change('revoke-grant', { key_id: key, grant_id, sequence: SEQUENCE });
    okBody(answer);
    const { status, body } = await list({ grant_id });
    const about = {
      project_id: service.demo.project_id,
      key_id: key,
      grant_id,
      channel: 'http',
      grant: was,
      ...there(),
    };
    const actor = service.administrator.user_id;
    expect([status, body]).toEqual([
      200,
      {
        events: [
          {
            ...about,
            event_id: expect.stringMatching(/^[0-9a-f]{32}$/),
            event_time: String(madeMs + 1),
            action: 'revoke-grant',
            actor,
            request_id: answer.headers.get('x-request-id'),
            sequence: '919c82d4-8046-4722-9094-35c3c6524cff',
          },
          {
            ...about,
            event_id: expect.stringMatching(/^[0-9a-f]{32}$/),
            event_time: String(madeMs),
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

  test('why, where all that somebody holds was taken away', async () => {
    const ids = [await grant(), await grant()];
    const [was] = await grantsOn(service, key);
    const answer = await change('revoke-principal-grants', {
      grantee_principal: principal,
      reason: 'left the company',
    });
    const [last, first] = (await eventsOf({ grantee_principal: principal, limit: 2 })).sort((one, other) =>
      String(one.grant_id) < String(other.grant_id) ? 1 : -1,
    );
    expect([first?.grant_id, last?.grant_id]).toEqual(ids);
    expect(first).toMatchObject({
      action: 'revoke-principal-grants',
      actor: service.administrator.user_id,
      channel: 'http',
      reason: 'left the company',
      request_id: answer.headers.get('x-request-id'),
      grant: was,
    });
  });

  test('of a key that was made and moved: without a grant', async () => {
    okBody(await change('disable-key', { key_id: key }));
    expect(await eventsOf({ key_id: key })).toEqual([
      expect.objectContaining({ action: 'disable-key', key_id: key }),
      expect.objectContaining({ action: 'create-key', key_id: key }),
    ]);
    expect(JSON.stringify(await eventsOf({ key_id: key }))).not.toContain('grant_id');
  });

  test('nothing of what was refused or only looked at', async () => {
    await grant();
    const before = okBody(await list());
    const asked = { grantee_principal: principal, digest: '0'.repeat(64) };
    expectError(await change('revoke-principal-grants', asked), [400, 'KMS.0308']);
    okBody(await change('revoke-principal-grants', { grantee_principal: principal, dry_run: true }));
    expectError(await change('revoke-grant', { key_id: key, grant_id: ABSENT_GRANT }), [400, 'KMS.2501']);
    expect(okBody(await list())).toEqual(before);
  });
});

describe('newest first', () => {
  test('by key, grant, principal, and what meets several', async () => {
    const other = await newKey(service, service.administrator);
    const [first, second] = [await grant(), await grant(other)];
    const neighbours = await grant(key, `${principal}x`);
    okBody(await change('revoke-grant', { key_id: key, grant_id: first }));
    okBody(await change('retire-grant', { key_id: other, grant_id: second }));

    expect(await toldOf({ key_id: key })).toEqual([
      ['revoke-grant', first],
      ['create-grant', neighbours],
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
    expect(await toldOf({ grant_id: second })).toEqual(ofSecond);
    expect(await toldOf({ grant_id: second.toUpperCase() })).toEqual(ofSecond);
    expect(await toldOf({ grantee_principal: principal })).toEqual([ofSecond[0], ofFirst[0], ofSecond[1], ofFirst[1]]);
    expect(await toldOf({ key_id: key, grantee_principal: principal })).toEqual(ofFirst);
    expect(await toldOf({ key_id: other, grant_id: second })).toEqual(ofSecond);
    expect(await toldOf({ grant_id: second, grantee_principal: principal })).toEqual(ofSecond);
    expect(await toldOf({ key_id: key, grant_id: first, grantee_principal: principal })).toEqual(ofFirst);
    for (const contrary of [
      { key_id: key, grant_id: second },
      { grant_id: neighbours, grantee_principal: principal },
      { key_id: other, grant_id: second, grantee_principal: `${principal}x` },
    ]) {
      expect(okBody(await list(contrary))).toEqual(EMPTY);
    }
  });

  test('all of the project, where nothing is asked for', async () => {
    const made = [await grant(), await grant()];
    expect((await toldOf({})).slice(0, 3)).toEqual([
      ['create-grant', made[1]],
      ['create-grant', made[0]],
      ['create-key', undefined],
    ]);
    expect(await eventsOf({ key_id: null, marker: '', limit: '' })).toEqual(await eventsOf({}));
  });

  test('of what is nowhere: an empty list', async () => {
    for (const nowhere of [{ key_id: ABSENT_KEY }, { grant_id: ABSENT_GRANT }, { grantee_principal: principal }]) {
      expect(okBody(await list(nowhere))).toEqual(EMPTY);
    }
  });
});

test('another project is told nothing of ours, by whichever id it asks, and we nothing of its', async () => {
  const grant_id = await grant();
  for (const asked of [{ key_id: key }, { grant_id }, { grantee_principal: principal }, {}]) {
    expect(okBody(await list(asked, foreigner))).toEqual(EMPTY);
  }
  const theirs = await newKey(service, foreigner);
  const theirGrant = await newGrant(service, theirs, { grantee_principal: principal }, foreigner);
  const { events } = okBody(await list({}, foreigner));
  expect(events).toMatchObject([{ grant_id: theirGrant, project_id: foreigner.project_id }, { key_id: theirs }]);
  expect(events).toHaveLength(2);
  for (const asked of [{ key_id: theirs }, { grant_id: theirGrant }]) expect(okBody(await list(asked))).toEqual(EMPTY);
  expect(await toldOf({ grantee_principal: principal })).toEqual([['create-grant', grant_id]]);
  // An event's id from elsewhere only says where to go on.
  const marker = events[0].event_id;
  for (const { project_id } of okBody(await list({ marker })).events) expect(project_id).toBe(service.demo.project_id);
});

describe('pages', () => {
  /** What happened to the key, newest first: seven events. */
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

  test.each([1, 2, 3, 6, 7, '8', 1000])('of %j: every event once, in order', async (limit) => {
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
  ])('of %s, while events come in: every one that was there once, and none that came later', async (_, filter) => {
    await sevenEvents();
    const there = (await eventsOf(filter())).map(({ event_id }) => event_id);
    const pages = await readAllPages(
      (body) => list({ ...filter(), limit: 5, ...body }),
      async () => {
        const grant_id = await grant();
        okBody(await change('revoke-grant', { key_id: key, grant_id }));
      },
    );
    expect(pages.flatMap(idsOf)).toEqual(there);
    expect(pages.length).toBeGreaterThan(1);
  });
});

describe('refuses, and writes nothing', () => {
  async function expectRefused(bodies: object[], refusal: [number, string], user = service.reader): Promise<void> {
    const rows = await storedRows(service);
    for (const body of bodies) expectError(await list(body, user), refusal);
    expect(await storedRows(service)).toEqual(rows);
  }

  test('a marker that is no next_marker, numbers too: KMS.1602', () => {
    const markers = [
      ...['0', '10', 'abc', ' ', 'g'.repeat(32), 'a'.repeat(31), 'a'.repeat(33), 'A'.repeat(32), `${'a'.repeat(32)}\n`],
      ...['~', '%', ABSENT_GRANT, ABSENT_KEY, 0, 1.5, true, [], {}],
    ];
    return expectRefused(
      markers.map((marker) => ({ marker })),
      [400, 'KMS.1602'],
    );
  });

  test('a limit that is not 1 to 1000: KMS.1601', () => {
    const limits = ['0', '1001', 'abc', '-1', '1e2', 0, 1001, 1.5, -1, true, [], {}];
    return expectRefused(
      limits.map((limit) => ({ limit })),
      [400, 'KMS.1601'],
    );
  });

  test('ids out of form, also empty ones: they never stand for all', async () => {
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

  test('a role that may not list: KMS.0307. A reader may, and so may those who have more', async () => {
    const security = await service.addUser('security', 'Security Administrator');
    await service.token(security);
    await expectRefused([{}, { limit: 'x' }], [403, 'KMS.0307'], security);
    for (const user of [service.reader, service.creator, service.administrator]) okBody(await list({}, user));
  });
});
