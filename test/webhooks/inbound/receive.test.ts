/**
 * What each event of the kind `standard` revokes, the events it leaves, and repeated deliveries.
 * Also tests: lib/webhooks/inbound/, functions/hooks/webhook.ts.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { grantIdsOn, newGrant, newKey, okBody } from '../../support/create.ts';
import { expectError } from '../../support/expect-error.ts';
import { storedRows } from '../../support/stored-rows.ts';
import { startWebhookFixture, type WebhookFixture, waitFor } from '../fixture.ts';

const JOB_ID = /^[0-9a-f]{32}$/;

let fixture: WebhookFixture;
beforeAll(async () => {
  fixture = await startWebhookFixture();
});
afterAll(() => fixture.stop());

const newPrincipal = () => randomUUID().replaceAll('-', '');

/**
 * Creates two keys in the demo project and one in the foreign project; on each a grant of a new principal and a grant
 * of the demo's grantee.
 */
async function createGrants() {
  const { service, foreignUser } = fixture;
  const principal = newPrincipal();
  const keys = [await newKey(service), await newKey(service)] as const;
  const foreignKey = await newKey(service, foreignUser);
  const principalGrants = [];
  for (const key of keys) principalGrants.push(await newGrant(service, key, { grantee_principal: principal }));
  principalGrants.push(await newGrant(service, foreignKey, { grantee_principal: principal }, foreignUser));
  const otherGrants = [];
  for (const key of keys) otherGrants.push(await newGrant(service, key));
  otherGrants.push(await newGrant(service, foreignKey, {}, foreignUser));

  /** The ids of the grants on the three keys, sorted. */
  async function remaining(): Promise<string[]> {
    const { kms } = service;
    const foreignGrants = okBody(
      await kms(foreignUser, 'list-grants', { key_id: foreignKey }, foreignUser.project_id),
    ).grants;
    const demoGrants = await Promise.all(keys.map((key) => grantIdsOn(service, key)));
    return [...demoGrants.flat(), ...foreignGrants.map(({ grant_id }: { grant_id: string }) => grant_id)].sort();
  }
  return { principal, keys, foreignKey, principalGrants, otherGrants, remaining };
}

test('principal.disabled revokes the grants of the principal in every project of the source, and no others', async () => {
  const { principal, principalGrants, otherGrants, remaining } = await createGrants();
  expect(await remaining()).toEqual([...principalGrants, ...otherGrants].sort());
  const { body } = await fixture.sendEventAndWait({
    type: 'principal.disabled',
    data: { grantee_principal: principal },
  });
  expect(body).toMatchObject({ state: 'done', source: 'hr', remaining: 0, leftovers: [], unmapped: [] });
  expect(await remaining()).toEqual([...otherGrants].sort());
  expect(body.revoked).toBe(3);
});

test('principal.disabled with project_id revokes in that project only', async () => {
  const { principal, principalGrants, otherGrants, remaining } = await createGrants();
  const { project_id } = fixture.foreignUser;
  const answer = await fixture.sendEvent({
    type: 'principal.disabled',
    data: { grantee_principal: principal, project_id },
  });
  expect(answer.body).toEqual({ job_id: expect.stringMatching(JOB_ID), state: 'queued' });
  const { jobs } = fixture.service.services.store;
  const job = await waitFor('the end of the job', async () => {
    const stored = await jobs.job(answer.body.job_id);
    return stored?.state === 'done' ? stored : undefined;
  });
  expect(job.revoked).toBe(1);
  expect(await remaining()).toEqual([principalGrants[0], principalGrants[1], ...otherGrants].sort());
});

test('principal.disabled with key_id and operations revokes only grants on that key that allow one of the operations', async () => {
  const { service } = fixture;
  const { principal, keys, principalGrants, otherGrants, remaining } = await createGrants();
  const [key_id] = keys;
  const otherOperation = await newGrant(service, key_id, {
    grantee_principal: principal,
    operations: ['describe-key'],
  });
  const data = { grantee_principal: principal, key_id, operations: ['encrypt-data'] };
  const { body } = await fixture.sendEventAndWait({ type: 'principal.disabled', data });
  expect(body.revoked).toBe(1);
  expect(await remaining()).toEqual([otherOperation, principalGrants[1], principalGrants[2], ...otherGrants].sort());
});

test('grant.revoke revokes the grant; for an unknown grant the job finds nothing', async () => {
  const { keys, principalGrants, otherGrants, remaining } = await createGrants();
  const data = { key_id: keys[0], grant_id: principalGrants[0] };
  expect((await fixture.sendEventAndWait({ type: 'grant.revoke', data }, { source: 'narrow' })).body).toMatchObject({
    state: 'done',
    revoked: 1,
  });
  expect(await remaining()).toEqual([principalGrants[1], principalGrants[2], ...otherGrants].sort());
  for (const grant_id of [principalGrants[0], '0'.repeat(64)]) {
    const { body } = await fixture.sendEventAndWait({ type: 'grant.revoke', data: { ...data, grant_id } });
    expect(body).toMatchObject({ state: 'nothing-found', revoked: 0, remaining: 0 });
  }
});

test('key.compromised revokes every grant on the key and none on other keys', async () => {
  const { keys, principalGrants, otherGrants, remaining } = await createGrants();
  const { body } = await fixture.sendEventAndWait({ type: 'key.compromised', data: { key_id: keys[0] } });
  expect(body).toMatchObject({ state: 'done', revoked: 2 });
  expect(await remaining()).toEqual([principalGrants[1], principalGrants[2], otherGrants[1], otherGrants[2]].sort());
});

test('a source revokes nothing in a project that it may not act in', async () => {
  const { foreignKey, principalGrants, otherGrants, remaining } = await createGrants();
  const data = { key_id: foreignKey, grant_id: principalGrants[2] };
  const { body } = await fixture.sendEventAndWait({ type: 'grant.revoke', data }, { source: 'narrow' });
  expect(body).toMatchObject({ state: 'nothing-found', revoked: 0 });
  expect(await remaining()).toEqual([...principalGrants, ...otherGrants].sort());
});

test('the event of each revoke names the channel, the source, the reason and the job', async () => {
  const { service } = fixture;
  const { principal, keys, principalGrants } = await createGrants();
  const data = { grantee_principal: principal, reason: 'left the company' };
  const { body } = await fixture.sendEventAndWait({ type: 'principal.disabled', data });
  const filter = { grantee_principal: principal };
  const events = okBody(await service.kms(service.creator, 'list-grant-events', filter)).events.filter(
    ({ channel }: { channel: string }) => channel === 'webhook',
  );
  expect(events.map(({ grant_id }: { grant_id: string }) => grant_id).sort()).toEqual(
    principalGrants.slice(0, 2).sort(),
  );
  for (const event of events) {
    expect(event).toMatchObject({
      action: 'principal.disabled',
      actor: 'hook:hr',
      channel: 'webhook',
      reason: 'left the company',
      request_id: body.job_id,
      project_id: service.demo.project_id,
      grant: { grantee_principal: principal, operations: ['encrypt-data'] },
    });
    expect(keys).toContain(event.key_id);
    expect(event).not.toHaveProperty('error_code');
  }
});

test('an event of an unknown type gets 200, is stored as ignored and revokes nothing', async () => {
  const before = await fixture.service.services.store.events.list(fixture.service.demo.project_id, {}, 1);
  const { status, body } = await fixture.sendEvent({ type: 'user.created', data: { id: 7 } }, { id: 'ignored-1' });
  expect([status, body]).toEqual([200, { job_id: expect.stringMatching(JOB_ID), state: 'ignored' }]);
  const { project_id } = fixture.service.demo;
  expect((await fixture.job(body.job_id)).body).toEqual({
    job_id: body.job_id,
    source: 'hr',
    delivery_id: 'ignored-1',
    state: 'ignored',
    received_at: String(fixture.service.clock.nowMs),
    tasks: [{ type: 'user.created', projects: [project_id] }],
    tries: 0,
    revoked: 0,
    remaining: 0,
    passed_on: 0,
    leftovers: [],
    unmapped: [],
    unreadable: 0,
    needs_person: 0,
  });
  expect(await fixture.service.services.store.events.list(project_id, {}, 1)).toEqual(before);
});

test('a repeated delivery gets the first reply, byte for byte, and does nothing', async () => {
  const { service } = fixture;
  const { principal, keys, otherGrants, remaining } = await createGrants();
  const event = { type: 'principal.disabled', data: { grantee_principal: principal } };
  const first = await fixture.sendEvent(event, { id: 'repeated-1' });
  await fixture.endedJob(first.body.job_id);
  const newerGrant = await newGrant(service, keys[0], { grantee_principal: principal });
  await fixture.queueIsEmpty();
  const rows = await storedRows(service);

  service.clock.nowMs += 60_000;
  for (const _ of [1, 2]) {
    const { status, text } = await fixture.sendEvent(event, { id: 'repeated-1' });
    expect([status, text]).toEqual([200, first.text]);
  }
  expect(await storedRows(service)).toEqual(rows);
  expect(await remaining()).toEqual([newerGrant, ...otherGrants].sort());
});

test('a used delivery id with another body is refused and does nothing', async () => {
  const { service } = fixture;
  const { principal, keys, principalGrants, otherGrants, remaining } = await createGrants();
  const event = { type: 'grant.revoke', data: { key_id: keys[0], grant_id: principalGrants[0] } };
  await fixture.sendEventAndWait(event, { id: 'used-1' });
  await fixture.queueIsEmpty();
  const rows = await storedRows(service);
  for (const other of [
    { type: 'principal.disabled', data: { grantee_principal: principal } },
    { ...event, data: { ...event.data, reason: 'x' } },
    { type: 'unknown.type', data: {} },
    `${JSON.stringify(event)} `,
  ]) {
    const response = await fixture.sendEvent(other, { id: 'used-1' });
    expectError(response, [400, 'KMS.0308']);
    expect(response.body.error_msg).toContain('The id of the delivery was used for another body');
  }
  expect((await fixture.sendEvent(event, { id: 'used-1' })).status).toBe(200);
  expect(await storedRows(service)).toEqual(rows);
  expect(await remaining()).toEqual([...principalGrants.slice(1), ...otherGrants].sort());
});

test('the same delivery id from another source is another delivery', async () => {
  const { keys, principalGrants } = await createGrants();
  const event = { type: 'grant.revoke', data: { key_id: keys[0], grant_id: principalGrants[0] } };
  const [first, second] = [
    await fixture.sendEvent(event, { id: 'x-1' }),
    await fixture.sendEvent(event, { id: 'x-1', source: 'narrow' }),
  ];
  expect(second.body.job_id).not.toBe(first.body.job_id);
});

test('20 concurrent copies of a delivery start one job', async () => {
  const { principal, remaining, otherGrants } = await createGrants();
  const event = { type: 'principal.disabled', data: { grantee_principal: principal } };
  const responses = await Promise.all(
    Array.from({ length: 20 }, () => fixture.sendEvent(event, { id: 'concurrent-1' })),
  );
  expect(new Set(responses.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
  const body = await fixture.endedJob(responses[0]?.body.job_id);
  expect(body).toMatchObject({ state: 'done', revoked: 3 });
  expect(await remaining()).toEqual([...otherGrants].sort());
  const { store } = fixture.service.services;
  const events = await store.events.list(fixture.service.demo.project_id, { grantee: principal }, 100);
  expect(events.filter(({ channel }) => channel === 'webhook')).toHaveLength(2);
});
