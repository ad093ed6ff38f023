/** Each kind of source once, from its signature to the grants; and who the people are whom they name. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { grantIdsOn, newGrant, newKey, okBody } from '../../support/create.ts';
import type { RequestOptions } from '../../support/service.ts';
import { PLAIN_SECRET, signGitHub, signWorkos, startWebhookFixture, type WebhookFixture } from '../fixture.ts';

let fixture: WebhookFixture;
let keyId: string;
let kept: string;
beforeAll(async () => {
  fixture = await startWebhookFixture();
  keyId = await newKey(fixture.service);
  kept = await newGrant(fixture.service, keyId);
});
afterAll(() => fixture.stop());

/** A principal that holds one grant. */
async function holder(): Promise<string> {
  const principal = randomUUID().replaceAll('-', '');
  await newGrant(fixture.service, keyId, { grantee_principal: principal });
  return principal;
}

const map = (source: string, identity: string, grantee: string) =>
  fixture.service.services.store.mappings.put({ source, identity, grantee });

/** @returns the job that it has started, at its end */
async function jobOf(path: string, ask: RequestOptions) {
  const { service } = fixture;
  const before = new Set((await service.services.store.jobs.list(1000)).map(({ jobId }) => jobId));
  const answer = await fixture.send(path, ask);
  expect([200, 204]).toContain(answer.status);
  const [job] = (await service.services.store.jobs.list(1000)).filter(({ jobId }) => !before.has(jobId));
  return fixture.endedJob(job?.jobId ?? '');
}

async function expectGone(principal: string): Promise<void> {
  const ask = { grantee_principal: principal };
  expect(okBody(await fixture.service.kms(fixture.service.creator, 'list-principal-grants', ask)).grants).toEqual([]);
  expect(await grantIdsOn(fixture.service, keyId)).toContain(kept);
}

const DONE = { state: 'done', revoked: 1, unmapped: [] };
const PLAIN = { authorization: PLAIN_SECRET };
const BEARER = { authorization: `Bearer ${PLAIN_SECRET}` };

/** Source: Okta, "Event hooks", the sample of a request. */
const oktaEvent = (id: string, alternateId: string, eventType = 'user.lifecycle.deactivate') => ({
  eventType: 'com.okta.event_hook',
  eventId: randomUUID(),
  data: { events: [{ eventType, outcome: { result: 'SUCCESS' }, target: [{ id, type: 'User', alternateId }] }] },
});

describe('okta', () => {
  test('asks with a challenge once, with its secret, and gets it back', async () => {
    const headers = { ...PLAIN, 'x-okta-verification-challenge': 'My verification challenge' };
    const { status, body } = await fixture.send('/hooks/okta', { method: 'GET', headers });
    expect([status, body]).toEqual([200, { verification: 'My verification challenge' }]);
    const wrong = { ...headers, authorization: `${PLAIN_SECRET}x` };
    expect((await fixture.send('/hooks/okta', { method: 'GET', headers: wrong })).status).toBe(401);
  });

  test('a GET that asks nothing is refused, and leaves no job', async () => {
    const before = (await fixture.service.services.store.jobs.list(1000)).length;
    const answer = await fixture.send('/hooks/okta', { method: 'GET', headers: PLAIN });
    expect([answer.status, answer.body.error_code]).toEqual([405, 'KMS.0215']);
    expect(await fixture.service.services.store.jobs.list(1000)).toHaveLength(before);
  });

  test('a user who is deactivated, mapped by an e-mail address in any case', async () => {
    const principal = await holder();
    await map('okta', 'ann@example.com', principal);
    const job = await jobOf('/hooks/okta', { headers: PLAIN, body: oktaEvent('00uann', 'Ann@Example.COM') });
    expect(job).toMatchObject({ ...DONE, source: 'okta', tasks: [{ reason: 'okta user.lifecycle.deactivate' }] });
    await expectGone(principal);
  });
});

describe('workos', () => {
  test('a user who is deleted', async () => {
    const principal = await holder();
    await map('workos', 'user_01E4', principal);
    const body = { id: 'event_1', event: 'user.deleted', data: { id: 'user_01E4', email: 'm@example.com' } };
    const job = await jobOf('/hooks/workos', await signWorkos(body, fixture.service.clock.nowMs));
    expect(job).toMatchObject({ ...DONE, delivery_id: 'event_1' });
    await expectGone(principal);
  });
});

describe('scim', () => {
  const OPERATIONS = [{ op: 'Replace', path: 'active', value: 'False' }];
  test.each([
    ['PATCH', { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: OPERATIONS }],
    ['PUT', { userName: 'ann', active: false }],
    ['DELETE', undefined],
  ])('%s', async (method, body) => {
    const principal = await holder();
    await map('scim', `id-${method}`, principal);
    const job = await jobOf(`/hooks/scim/Users/id-${method}`, { method, headers: BEARER, body });
    expect(job).toMatchObject(DONE);
    await expectGone(principal);
  });

  // Source: RFC 7644, sections 3.5.1, 3.5.2 and 3.6.
  test('is answered as SCIM wants it, the id of the job in a header', async () => {
    const ask = (method: string, body?: object) =>
      fixture.send('/hooks/scim/Users/id%20of%20bob', { method, headers: BEARER, body });
    for (const answer of [await ask('DELETE'), await ask('PATCH', { Operations: OPERATIONS })]) {
      expect([answer.status, answer.text]).toEqual([204, '']);
      expect(answer.headers.get('x-job-id')).toMatch(/^[0-9a-f]{32}$/);
    }
    const put = await ask('PUT', {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      userName: 'bob',
      active: false,
    });
    expect([put.status, put.body]).toEqual([
      200,
      {
        schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
        userName: 'bob',
        active: false,
        id: 'id of bob',
      },
    ]);
  });
});

describe('github', () => {
  const alert = (token: string) =>
    signGitHub([{ source: 'commit', token, type: 'kms_token', url: 'https://x.example/' }]);

  test('a secret that is mapped by its hash', async () => {
    const principal = await holder();
    /** By sha256sum of `some_token`. */
    await map('github', 'sha256:9a45520a1213f15016d2d768b5fb3d904492a44ee274b44d4de8803e00fb536a', principal);
    expect(await jobOf('/hooks/github', alert('some_token'))).toMatchObject(DONE);
    await expectGone(principal);
  });

  test('an access key of ours needs no mapping', async () => {
    const user = await fixture.service.addUser('key-leaked', 'KMS CMKReadOnlyAccess');
    await newGrant(fixture.service, keyId, { grantee_principal: user.user_id });
    expect(await jobOf('/hooks/github', alert(user.access_key))).toMatchObject(DONE);
    await expectGone(user.user_id);
  });

  test('nor does a token of ours; and the token itself is nowhere in the job', async () => {
    const user = await fixture.service.addUser('token-leaked', 'KMS CMKReadOnlyAccess');
    const token = await fixture.service.token(user);
    await newGrant(fixture.service, keyId, { grantee_principal: user.user_id });
    const job = await jobOf('/hooks/github', alert(token));
    expect(job).toMatchObject(DONE);
    expect(JSON.stringify(job)).not.toContain(token);
    await expectGone(user.user_id);
  });
});

describe('who somebody is', () => {
  const disabled = (data: object) => ({ type: 'principal.disabled', data });

  test('a mapping of the source goes before one of any', async () => {
    const [own, any] = [await holder(), await holder()];
    await map('*', 'bob@example.com', any);
    await map('hr', 'bob@example.com', own);
    const first = await fixture.sendEventAndWait(disabled({ identity: 'Bob@example.com' }));
    expect(first.body).toMatchObject(DONE);
    await expectGone(own);
    const ofOther = await jobOf('/hooks/okta', { headers: PLAIN, body: oktaEvent('00ubob', 'bob@example.com') });
    expect(ofOther).toMatchObject(DONE);
    await expectGone(any);
  });

  test('of several names the first that is mapped tells', async () => {
    const [first, second] = [await holder(), await holder()];
    await map('*', 'first-name', first);
    await map('*', 'second-name', second);
    const { body } = await fixture.sendEventAndWait(disabled({ identities: ['unknown', 'first-name', 'second-name'] }));
    expect(body).toMatchObject(DONE);
    await expectGone(first);
    expect(
      await fixture.service.services.store.grants.listByGrantee(fixture.service.demo.project_id, second, { limit: 1 }),
    ).toMatchObject({ total: 1 });
  });

  test('a mapping of another source is none', async () => {
    await map('workos', 'carol', await holder());
    const { body } = await fixture.sendEventAndWait(disabled({ identity: 'carol' }));
    expect(body).toMatchObject({ state: 'unmapped', unmapped: ['carol'], revoked: 0 });
  });

  test('who is not mapped keeps everything, and the job says who it is', async () => {
    const principal = await holder();
    const before = await grantIdsOn(fixture.service, keyId);
    const { body } = await fixture.sendEventAndWait(disabled({ identities: ['dave', 'Dave@example.com'] }));
    expect(body).toMatchObject({
      state: 'unmapped',
      revoked: 0,
      remaining: 0,
      unmapped: ['dave', 'Dave@example.com', 'dave@example.com'],
    });
    expect(await grantIdsOn(fixture.service, keyId)).toEqual(before);
    await map('*', 'dave@example.com', principal);
    expect(await fixture.endedJob(body.job_id)).toMatchObject({ state: 'unmapped' });
  });

  test('who is known is revoked though another of the same delivery is not', async () => {
    const principal = await holder();
    await map('okta', '00uerin', principal);
    const [erin, frank] = [oktaEvent('00uerin', 'erin@example.com'), oktaEvent('00ufrank', 'frank@example.com')];
    const body = { ...erin, data: { events: [...frank.data.events, ...erin.data.events] } };
    const job = await jobOf('/hooks/okta', { headers: PLAIN, body });
    expect(job).toMatchObject({ state: 'unmapped', revoked: 1, unmapped: ['00ufrank', 'frank@example.com'] });
    await expectGone(principal);
  });
});
