/** create-revocation-job over HTTP: its preview, the job that it starts, what it refuses, and repeated requests. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sendConcurrently } from '../../support/concurrent-requests.ts';
import { newGrant, newKey, okBody } from '../../support/create.ts';
import { expectError, expectErrorAndNoWrite } from '../../support/expect-error.ts';
import { sendSigned } from '../../support/send-signed.ts';
import { type GrantIds, type JobService, startJobService } from './fixture.ts';

/** Source: KMS API reference, revoke-grant, request examples. */
const SEQUENCE = '919c82d4-8046-4722-9094-35c3c6524cff';
/** SHA-256 of an empty input. Source: NIST, Cryptographic Standards and Guidelines, example values. */
const DIGEST_OF_NONE = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const ABSENT_KEY = '0d0466b0-e727-4d9c-b35d-f84bb474a37f';
const INVALID: [number, string] = [400, 'KMS.0308'];
const MISSING: [number, string] = [400, 'KMS.0204'];

let jobs: JobService;
beforeAll(async () => {
  jobs = await startJobService();
});
afterAll(() => jobs.stop());

/** The documented digest: SHA-256 over the lines "key_id grant_id", sorted, each with a line feed. */
function digestOf(grants: GrantIds[]): string {
  const lines = grants.map(({ key_id, grant_id }) => `${key_id} ${grant_id}\n`).sort();
  return createHash('sha256').update(lines.join('')).digest('hex');
}

const idsOf = (grants: GrantIds[]) => grants.map(({ grant_id }) => grant_id).sort();

describe('with dry_run', () => {
  test('the reply shows the selected grants by key with their digest, and nothing is stored', async () => {
    const { keys, service } = jobs;
    const { principal, grants } = await jobs.newGrants(3);
    const before = await jobs.jobCount();
    const body = await jobs.preview({ grantee_principal: principal });
    expect(body).toEqual({
      dry_run: true,
      total: 3,
      digest: digestOf(grants),
      own: 0,
      passed_on: 0,
      keys: expect.arrayContaining([
        { key_id: keys[0], key_alias: expect.any(String), total: 2, operations: ['encrypt-data'] },
        { key_id: keys[1], key_alias: expect.any(String), total: 1, operations: ['encrypt-data'] },
      ]),
      grants: okBody(await jobs.call('list-principal-grants', { grantee_principal: principal })).grants,
      grants_truncated: 'false',
    });
    const described = okBody(await service.kms(service.creator, 'describe-key', { key_id: keys[0] }));
    const shown = body.keys.find(({ key_id }: GrantIds) => key_id === keys[0]);
    expect(shown.key_alias).toBe(described.key_info.key_alias);
    expect(await jobs.jobCount()).toBe(before);
    expect(await jobs.grantIdsOf(principal)).toHaveLength(3);
  });

  test('the selection is the intersection of all given fields', async () => {
    const { keys, service } = jobs;
    const { principal, grants } = await jobs.newGrants(4);
    const decrypt = { grantee_principal: principal, operations: ['decrypt-data', 'create-datakey'] };
    const decrypting = { key_id: keys[0], grant_id: await newGrant(service, keys[0], decrypt) };
    const [first, second] = grants as [GrantIds, GrantIds];
    const grant_ids = [first.grant_id.toUpperCase(), second.grant_id, '0'.repeat(64)];
    for (const [fields, selected] of [
      [{ grantee_principal: principal, key_id: keys[1] }, grants.filter(({ key_id }) => key_id === keys[1])],
      [{ grantee_principal: principal, operations: ['decrypt-data', 'retire-grant'] }, [decrypting]],
      [{ grantee_principal: principal, grant_ids }, [first, second]],
      [{ grantee_principal: principal, key_id: keys[0], grant_ids }, [first]],
      [{ key_id: keys[0], grant_ids: [decrypting.grant_id, second.grant_id] }, [decrypting]],
      [{ key_id: keys[0], operations: ['decrypt-data'], grant_ids }, []],
    ] as const) {
      const body = await jobs.preview(fields);
      expect([body.total, body.digest]).toEqual([selected.length, digestOf([...selected])]);
    }
    expect((await jobs.preview({ grantee_principal: 'nobody' })).digest).toBe(DIGEST_OF_NONE);
  });

  test('the reply counts the grants of the caller and the grants that the grantee has passed on', async () => {
    const { service } = jobs;
    const key = await newKey(service);
    const { administrator, grantee } = service;
    await newGrant(service, key, { operations: ['create-grant', 'encrypt-data'] });
    await newGrant(service, key, { grantee_principal: administrator.user_id }, grantee);
    expect(await jobs.preview({ key_id: key })).toMatchObject({ total: 2, own: 1, keys: [{ total: 2 }] });
    expect(await jobs.preview({ key_id: key })).not.toHaveProperty('passed_on');
    const ofGrantee = await jobs.preview({ key_id: key, grantee_principal: grantee.user_id });
    expect(ofGrantee).toMatchObject({ total: 1, own: 0, passed_on: 1 });
    expect(ofGrantee.keys[0].operations).toEqual(['create-grant', 'encrypt-data']);
  });
});

describe('a job', () => {
  test('revokes every grant of a grantee, each with one event that names the caller, the reason and the job', async () => {
    const { service } = jobs;
    const { principal, grants } = await jobs.newGrants(5);
    const response = await jobs.createWithDigest({ grantee_principal: principal });
    expect([response.status, response.body]).toEqual([
      202,
      { job_id: expect.stringMatching(/^[0-9a-f]{32}$/), total: 5 },
    ]);
    expect(await jobs.endedJob(response)).toMatchObject({
      job_id: response.body.job_id,
      state: 'done',
      revoked: 5,
      remaining: 0,
      actor: service.administrator.user_id,
      channel: 'http',
      tasks: [{ type: 'create-revocation-job', grantee_principal: principal, reason: 'left the company' }],
    });
    expect(await jobs.grantIdsOf(principal)).toEqual([]);
    const events = (await jobs.eventsOf(principal)).filter(({ action }) => action !== 'create-grant');
    expect(events.map(({ grant }) => grant?.grant_id).sort()).toEqual(idsOf(grants));
    for (const event of events) {
      expect(event).toMatchObject({
        action: 'create-revocation-job',
        actor: service.administrator.user_id,
        channel: 'http',
        reason: 'left the company',
        requestId: response.body.job_id,
      });
    }
  });

  test('revokes exactly the grants of grant_ids that the other fields select', async () => {
    const { principal, grants } = await jobs.newGrants(4);
    const other = await jobs.newGrants(1);
    const [first, second, ...rest] = grants as [GrantIds, GrantIds];
    const grant_ids = [first, second, ...other.grants].map(({ grant_id }) => grant_id);
    const response = await jobs.createWithDigest({ grantee_principal: principal, grant_ids });
    expect(response.body.total).toBe(2);
    expect(await jobs.endedJob(response)).toMatchObject({ state: 'done', revoked: 2 });
    expect((await jobs.grantIdsOf(principal)).sort()).toEqual(idsOf(rest));
    expect(await jobs.grantIdsOf(other.principal)).toHaveLength(1);
  });

  test('of a key revokes all of its grants, and with operations only those that allow one of them', async () => {
    const { service } = jobs;
    const key = await newKey(service);
    const stays = await newGrant(service, key, { operations: ['decrypt-data'] });
    await newGrant(service, key);
    const narrow = await jobs.createWithDigest({ key_id: key, operations: ['encrypt-data'] });
    expect(await jobs.endedJob(narrow)).toMatchObject({ state: 'done', revoked: 1 });
    const list = okBody(await service.kms(service.reader, 'list-grants', { key_id: key }));
    expect(list.grants.map(({ grant_id }: GrantIds) => grant_id)).toEqual([stays]);
    const all = await jobs.createWithDigest({ key_id: key });
    expect(await jobs.endedJob(all)).toMatchObject({ state: 'done', revoked: 1 });
    expect(okBody(await service.kms(service.reader, 'list-grants', { key_id: key })).total).toBe(0);
  });
});

describe('a request is refused and stores nothing', () => {
  const refuse = (body: object, error: [number, string]) =>
    expectErrorAndNoWrite(jobs.service, () => jobs.create(body), error);

  test('without a grantee and a key, a digest or a reason: KMS.0204', async () => {
    const { principal, grants } = await jobs.newGrants(1);
    const digest = digestOf(grants);
    const grant_ids = idsOf(grants);
    for (const body of [
      {},
      { dry_run: true },
      { grant_ids, digest, reason: 'x' },
      { operations: ['encrypt-data'], dry_run: true },
      { grantee_principal: principal, reason: 'x' },
      { grantee_principal: principal, digest },
      { grantee_principal: principal, digest, reason: ' ' },
    ]) {
      expect([body, (await refuse(body, MISSING)).body.error_code]).toEqual([body, 'KMS.0204']);
    }
  });

  test('when a grant was added or revoked since the dry run, or when no grant is selected: KMS.0308', async () => {
    const { service, keys } = jobs;
    const { principal } = await jobs.newGrants(2);
    const { digest } = await jobs.preview({ grantee_principal: principal });
    const grant_id = await newGrant(service, keys[0], { grantee_principal: principal });
    const body = { grantee_principal: principal, digest, reason: 'x' };
    const { body: refusal } = await refuse(body, INVALID);
    expect(refusal.error_msg).toContain('The grants have changed since the dry run that returned the digest.');
    okBody(await service.kms(service.creator, 'revoke-grant', { key_id: keys[0], grant_id }));
    expect(await jobs.endedJob(await jobs.create(body))).toMatchObject({ state: 'done', revoked: 2 });
    await refuse({ ...body, digest: DIGEST_OF_NONE }, INVALID);
  });

  test('with a malformed or unknown field, or an unknown key', async () => {
    const grantee_principal = 'a';
    for (const fields of [
      { grant_ids: [] },
      { grant_ids: Array.from({ length: 501 }, () => '0'.repeat(64)) },
      { grant_ids: '0'.repeat(64) },
      { grant_ids: ['x'] },
      { operations: [] },
      { digest: 'x' },
      { keyid: 'x' },
      { dry_run: 'yes' },
      { key_id: null },
    ]) {
      await refuse({ grantee_principal, dry_run: true, ...fields }, INVALID);
    }
    await refuse({ key_id: ABSENT_KEY, dry_run: true }, [404, 'KMS.0207']);
  });
});

describe('a repeated request', () => {
  test('with the same sequence gets the same job, also after the job has ended', async () => {
    const { principal } = await jobs.newGrants(2);
    const { digest } = await jobs.preview({ grantee_principal: principal });
    const body = { grantee_principal: principal, digest, reason: 'x', sequence: SEQUENCE };
    const first = await jobs.create(body);
    await jobs.endedJob(first);
    const count = await jobs.jobCount();
    const second = await jobs.create(body);
    expect([second.status, second.body]).toEqual([202, first.body]);
    expect(await jobs.jobCount()).toBe(count);
    // Of another body, it is another request.
    expectError(await jobs.create({ ...body, reason: 'y' }), INVALID);
  });

  test('of 16 at the same time creates one job, which revokes each grant once', async () => {
    const { service } = jobs;
    const { principal, grants } = await jobs.newGrants(3);
    const { digest } = await jobs.preview({ grantee_principal: principal });
    const body = { grantee_principal: principal, digest, reason: 'x', sequence: SEQUENCE };
    const count = await jobs.jobCount();
    const responses = await sendConcurrently(service, service.administrator, 'create-revocation-job', body);
    const [first] = responses;
    if (!first) throw new Error('no response');
    for (const response of responses) expect([response.status, response.body]).toEqual([202, first.body]);
    expect(await jobs.jobCount()).toBe(count + 1);
    expect(await jobs.endedJob(first)).toMatchObject({ state: 'done', revoked: 3 });
    const revokes = (await jobs.eventsOf(principal)).filter(({ action }) => action === 'create-revocation-job');
    expect(revokes.map(({ grant }) => grant?.grant_id).sort()).toEqual(idsOf(grants));
  });

  test('two administrators at the same time have two jobs, and each grant has one event', async () => {
    const { principal, grants } = await jobs.newGrants(6);
    const { digest } = await jobs.preview({ grantee_principal: principal });
    const body = { grantee_principal: principal, digest, reason: 'x' };
    const responses = await Promise.all([jobs.create(body), jobs.create(body)]);
    const accepted = responses.filter(({ status }) => status === 202);
    expect(accepted.length).toBeGreaterThan(0);
    for (const response of accepted) await jobs.endedJob(response);
    expect(await jobs.grantIdsOf(principal)).toEqual([]);
    const revokes = (await jobs.eventsOf(principal)).filter(({ action }) => action === 'create-revocation-job');
    expect(revokes.map(({ grant }) => grant?.grant_id).sort()).toEqual(idsOf(grants));
  });

  test('a captured signed request makes no second job: it gets the same one, and a refused one stays refused', async () => {
    const { service, keys } = jobs;
    const { principal } = await jobs.newGrants(1);
    const path = `/v1.0/${service.demo.project_id}/kms/create-revocation-job`;
    const { digest } = await jobs.preview({ grantee_principal: principal });
    const dateMs = service.clock.nowMs;
    const date = new Date(dateMs).toISOString().replace(/[-:]|\.\d+/g, '');
    const send = (reason: string) => {
      const text = JSON.stringify({ grantee_principal: principal, digest, reason });
      return sendSigned(service, service.administrator, path, text, { signed: { 'x-sdk-date': date } });
    };
    const grant_id = await newGrant(service, keys[0], { grantee_principal: principal });
    expectError(await send('refused'), INVALID);
    okBody(await service.kms(service.creator, 'revoke-grant', { key_id: keys[0], grant_id }));
    service.clock.nowMs = dateMs + 60_000;
    const count = await jobs.jobCount();
    expectError(await send('refused'), [401, 'APIGW.0301']);
    expect(await jobs.jobCount()).toBe(count);

    const first = await send('accepted');
    await jobs.endedJob(first);
    service.clock.nowMs += 60_000;
    const replay = await send('accepted');
    expect([replay.status, replay.body]).toEqual([202, first.body]);
    expect(await jobs.jobCount()).toBe(count + 1);
  });
});
