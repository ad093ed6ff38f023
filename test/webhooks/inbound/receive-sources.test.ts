/** One event of each kind of source, from the signature to the revoked grants; and how identities become principals. */
import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { grantIdsOn, newGrant, newKey, okBody } from '../../support/create.ts';
import { expectError } from '../../support/expect-error.ts';
import type { RequestOptions } from '../../support/service.ts';
import { PLAIN_SECRET, signGitHub, signWorkos, startWebhookFixture, type WebhookFixture } from '../fixture.ts';

let fixture: WebhookFixture;
let keyId: string;
let otherGrant: string;
beforeAll(async () => {
  fixture = await startWebhookFixture();
  keyId = await newKey(fixture.service);
  otherGrant = await newGrant(fixture.service, keyId);
});
afterAll(() => fixture.stop());

/** Returns a new principal with one grant. */
async function newPrincipal(): Promise<string> {
  const principal = randomUUID().replaceAll('-', '');
  await newGrant(fixture.service, keyId, { grantee_principal: principal });
  return principal;
}

const map = (source: string, identity: string, grantee: string) =>
  fixture.service.services.store.mappings.put({ source, identity, grantee });

/** Sends a webhook and returns its job once it has ended. */
async function endedJobOf(path: string, options: RequestOptions) {
  const { service } = fixture;
  const before = new Set((await service.services.store.jobs.list(1000)).map(({ jobId }) => jobId));
  const response = await fixture.send(path, options);
  expect([200, 204]).toContain(response.status);
  const [job] = (await service.services.store.jobs.list(1000)).filter(({ jobId }) => !before.has(jobId));
  return fixture.endedJob(job?.jobId ?? '');
}

async function expectRevoked(principal: string): Promise<void> {
  const { service } = fixture;
  const filter = { grantee_principal: principal };
  expect(okBody(await service.kms(service.creator, 'list-principal-grants', filter)).grants).toEqual([]);
  expect(await grantIdsOn(fixture.service, keyId)).toContain(otherGrant);
}

const DONE = { state: 'done', revoked: 1, unmapped: [] };
const PLAIN = { authorization: PLAIN_SECRET };

/** Source: Okta, "Event hooks", the sample of a request. */
const oktaEvent = (id: string, alternateId: string, eventType = 'user.lifecycle.deactivate') => ({
  eventType: 'com.okta.event_hook',
  eventId: randomUUID(),
  data: { events: [{ eventType, outcome: { result: 'SUCCESS' }, target: [{ id, type: 'User', alternateId }] }] },
});

describe('okta', () => {
  test('an Okta source gets its challenge back if the secret is right', async () => {
    const headers = { ...PLAIN, 'x-okta-verification-challenge': 'My verification challenge' };
    const { status, body } = await fixture.send('/hooks/okta', { method: 'GET', headers });
    expect([status, body]).toEqual([200, { verification: 'My verification challenge' }]);
    const wrong = { ...headers, authorization: `${PLAIN_SECRET}x` };
    expect((await fixture.send('/hooks/okta', { method: 'GET', headers: wrong })).status).toBe(401);
  });

  test('a GET without a challenge returns 405, and no job is stored', async () => {
    const before = (await fixture.service.services.store.jobs.list(1000)).length;
    const response = await fixture.send('/hooks/okta', { method: 'GET', headers: PLAIN });
    expect([response.status, response.body.error_code]).toEqual([405, 'KMS.0215']);
    expect(await fixture.service.services.store.jobs.list(1000)).toHaveLength(before);
  });

  test('an Okta event revokes the grants of a deactivated user, whose e-mail address matches its mapping in any case', async () => {
    const principal = await newPrincipal();
    await map('okta', 'ann@example.com', principal);
    const job = await endedJobOf('/hooks/okta', { headers: PLAIN, body: oktaEvent('00uann', 'Ann@Example.COM') });
    expect(job).toMatchObject({ ...DONE, source: 'okta', tasks: [{ reason: 'okta user.lifecycle.deactivate' }] });
    await expectRevoked(principal);
  });
});

describe('the delivery id of a vendor', () => {
  test('Okta repeats an event with another eventTime; other events under its id are refused', async () => {
    const body = { ...oktaEvent('00urepeat', 'repeat@example.com'), eventTime: '2026-11-28T10:00:00Z' };
    const first = await fixture.send('/hooks/okta', { headers: PLAIN, body });
    const repeated = { ...body, eventTime: '2026-11-28T10:00:05Z' };
    const second = await fixture.send('/hooks/okta', { headers: PLAIN, body: repeated });
    expect([second.status, second.text]).toEqual([200, first.text]);
    const other = { ...body, data: oktaEvent('00uother', 'other@example.com').data };
    expectError(await fixture.send('/hooks/okta', { headers: PLAIN, body: other }), [400, 'KMS.0308']);
  });

  test('another WorkOS event under a used id is refused', async () => {
    const bodyOf = (id: string) => ({ id: 'event_used', event: 'user.deleted', data: { id } });
    const send = async (id: string) =>
      fixture.send('/hooks/workos', await signWorkos(bodyOf(id), fixture.service.clock.nowMs));
    const first = await send('user_first');
    expect((await send('user_first')).text).toBe(first.text);
    expectError(await send('user_second'), [400, 'KMS.0308']);
  });
});

describe('workos', () => {
  test('a WorkOS event revokes the grants of a deleted user', async () => {
    const principal = await newPrincipal();
    await map('workos', 'user_01E4', principal);
    const body = { id: 'event_1', event: 'user.deleted', data: { id: 'user_01E4', email: 'm@example.com' } };
    const job = await endedJobOf('/hooks/workos', await signWorkos(body, fixture.service.clock.nowMs));
    expect(job).toMatchObject({ ...DONE, delivery_id: 'event_1' });
    await expectRevoked(principal);
  });
});

describe('github', () => {
  const alert = (token: string) =>
    signGitHub([{ source: 'commit', token, type: 'kms_token', url: 'https://x.example/' }]);

  test('a GitHub alert revokes the grants of the principal to whom the hash of the leaked secret is mapped', async () => {
    const principal = await newPrincipal();
    // sha256sum of `some_token`
    await map('github', 'sha256:9a45520a1213f15016d2d768b5fb3d904492a44ee274b44d4de8803e00fb536a', principal);
    expect(await endedJobOf('/hooks/github', alert('some_token'))).toMatchObject(DONE);
    await expectRevoked(principal);
  });

  test('a GitHub alert about an access key of this service revokes the grants of its owner without a mapping', async () => {
    const user = await fixture.service.addUser('key-leaked', 'KMS CMKReadOnlyAccess');
    await newGrant(fixture.service, keyId, { grantee_principal: user.user_id });
    expect(await endedJobOf('/hooks/github', alert(user.access_key))).toMatchObject(DONE);
    await expectRevoked(user.user_id);
  });

  test('a GitHub alert about a token of this service revokes the grants of its owner; the job has no token', async () => {
    const user = await fixture.service.addUser('token-leaked', 'KMS CMKReadOnlyAccess');
    const token = await fixture.service.token(user);
    await newGrant(fixture.service, keyId, { grantee_principal: user.user_id });
    const job = await endedJobOf('/hooks/github', alert(token));
    expect(job).toMatchObject(DONE);
    expect(JSON.stringify(job)).not.toContain(token);
    await expectRevoked(user.user_id);
  });
});

describe('batches of vendors', () => {
  /** The principals, each with one grant and a mapping of `identityOf` its number. */
  async function mappedPrincipals(source: string, count: number, identityOf: (n: number) => string) {
    const principals: string[] = [];
    for (let n = 0; n < count; n += 1) {
      const principal = await newPrincipal();
      await map(source, identityOf(n), principal);
      principals.push(principal);
    }
    return principals;
  }

  test('46 Okta deactivations in one delivery of 160 KB are all done', async () => {
    const principals = await mappedPrincipals('okta', 46, (n) => `00ubatch${n}`);
    // A LogEvent has about 3.5 KB: the client, the location and the debug data of the request.
    const debugContext = { debugData: { requestUri: '/', dtHash: 'd'.repeat(3_200) } };
    const events = principals.flatMap((_, n) => {
      const [event] = oktaEvent(`00ubatch${n}`, `batch${n}@example.com`).data.events;
      return [{ ...event, debugContext }];
    });
    const body = { eventId: randomUUID(), data: { events } };
    const job = await endedJobOf('/hooks/okta', { headers: PLAIN, body });
    expect(job).toMatchObject({ state: 'done', revoked: 46, unmapped: [] });
  });

  test('1,000 GitHub matches in one delivery become several jobs, which revoke the grants of every owner', async () => {
    const tokenOf = (n: number) => `leaked-token-of-a-batch-${n}`;
    const hashOf = (n: number) => `sha256:${createHash('sha256').update(tokenOf(n)).digest('hex')}`;
    const principals = await mappedPrincipals('github', 3, (n) => hashOf(n * 400));
    const matches = Array.from({ length: 1_000 }, (_, n) => ({
      token: tokenOf(n),
      type: 'kms_token',
      url: `https://github.com/acme/shop/blob/${'0'.repeat(40)}/config/${n}.env`,
      source: 'content',
    }));
    const response = await fixture.send('/hooks/github', signGitHub(matches));
    expect([response.status, response.body]).toMatchObject([200, { state: 'queued' }]);
    const [first] = response.body.job_ids;
    expect(first).toBe(response.body.job_id);
    const ended = await Promise.all(response.body.job_ids.map(fixture.endedJob));
    expect(ended.flatMap(({ tasks }) => tasks)).toHaveLength(1_000);
    expect(ended.reduce((sum, { revoked }) => sum + revoked, 0)).toBe(3);
    for (const principal of principals) await expectRevoked(principal);
  }, 120_000);
});

describe('identities', () => {
  const principalDisabled = (data: object) => ({ type: 'principal.disabled', data });

  test('the mapping of an identity for its source goes before the mapping for every source', async () => {
    const [ofSource, ofAnySource] = [await newPrincipal(), await newPrincipal()];
    await map('*', 'bob@example.com', ofAnySource);
    await map('hr', 'bob@example.com', ofSource);
    const first = await fixture.sendEventAndWait(principalDisabled({ identity: 'Bob@example.com' }));
    expect(first.body).toMatchObject(DONE);
    await expectRevoked(ofSource);
    const oktaJob = await endedJobOf('/hooks/okta', { headers: PLAIN, body: oktaEvent('00ubob', 'bob@example.com') });
    expect(oktaJob).toMatchObject(DONE);
    await expectRevoked(ofAnySource);
  });

  test('all principals of an identity lose their grants', async () => {
    const principals = [await newPrincipal(), await newPrincipal()];
    for (const principal of principals) await map('*', 'two@example.com', principal);
    const { body } = await fixture.sendEventAndWait(principalDisabled({ identity: 'two@example.com' }));
    expect(body).toMatchObject({ ...DONE, revoked: 2 });
    for (const principal of principals) await expectRevoked(principal);
  });

  test.each([
    ['jos\u00e9@example.com', 'jose\u0301@example.com'],
    ['zoe\u0308@example.com', 'Zo\u00eb@example.com'],
    ['ren\u00e9e', 'rene\u0301e'],
  ])('the identity %j matches %j, which is the same text to Unicode', async (mapped, reported) => {
    const principal = await newPrincipal();
    await map('*', mapped, principal);
    const { body } = await fixture.sendEventAndWait(principalDisabled({ identity: reported }));
    expect(body).toMatchObject(DONE);
    await expectRevoked(principal);
  });

  test('an identity whose attribute distinguishes case does not match a mapping in another case', async () => {
    await map('*', '00uGrace', await newPrincipal());
    const { body } = await fixture.sendEventAndWait(principalDisabled({ identity: '00ugrace' }));
    expect(body).toMatchObject({ state: 'unmapped', unmapped: ['00ugrace'], revoked: 0 });
  });

  test('the principals of all mapped identities of a person lose their grants, each of which is revoked once', async () => {
    const [first, second] = [await newPrincipal(), await newPrincipal()];
    await map('*', 'first-name', first);
    await map('hr', 'second-name', second);
    await map('*', 'other-first-name', first);
    const { body } = await fixture.sendEventAndWait(
      principalDisabled({ identities: ['unknown', 'first-name', 'second-name', 'other-first-name'] }),
    );
    expect(body).toMatchObject({ state: 'done', revoked: 2, unmapped: [] });
    await expectRevoked(first);
    await expectRevoked(second);
    const { project_id } = fixture.service.demo;
    for (const grantee of [first, second]) {
      const events = await fixture.service.services.store.events.list(project_id, { grantee }, 10);
      expect(events.filter(({ requestId }) => requestId === body.job_id)).toHaveLength(1);
    }
  });

  test('all persons in a list of 400 identities lose their grants; the part without a mapping is unmapped', async () => {
    const [first, last] = [await newPrincipal(), await newPrincipal()];
    const identities = Array.from({ length: 400 }, (_, n) => `listed-${n}`);
    await map('hr', 'listed-0', first);
    await map('hr', 'listed-399', last);
    const { body } = await fixture.sendEventAndWait(principalDisabled({ identities }));
    expect(body).toMatchObject({ state: 'unmapped', revoked: 2 });
    expect(body.unmapped).toEqual(identities.slice(32, 384));
    await expectRevoked(first);
    await expectRevoked(last);
  });

  test('a mapping for another source does not apply', async () => {
    await map('workos', 'carol', await newPrincipal());
    const { body } = await fixture.sendEventAndWait(principalDisabled({ identity: 'carol' }));
    expect(body).toMatchObject({ state: 'unmapped', unmapped: ['carol'], revoked: 0 });
  });

  test('a person without a mapping keeps all grants; the job ends as unmapped and names the identities', async () => {
    const principal = await newPrincipal();
    const before = await grantIdsOn(fixture.service, keyId);
    const { body } = await fixture.sendEventAndWait(principalDisabled({ identities: ['dave', 'Dave@example.com'] }));
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

  test('a mapped person loses the grants even if another one in the same delivery is unmapped', async () => {
    const principal = await newPrincipal();
    await map('okta', '00uerin', principal);
    const [erin, frank] = [oktaEvent('00uerin', 'erin@example.com'), oktaEvent('00ufrank', 'frank@example.com')];
    const body = { ...erin, data: { events: [...frank.data.events, ...erin.data.events] } };
    const job = await endedJobOf('/hooks/okta', { headers: PLAIN, body });
    expect(job).toMatchObject({ state: 'unmapped', revoked: 1, unmapped: ['00ufrank', 'frank@example.com'] });
    await expectRevoked(principal);
  });
});
