/** What an event does, where, and what it leaves behind; and that the same delivery is one. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { grantIdsOn, newGrant, newKey, okBody } from '../../support/create.ts';
import { storedRows } from '../../support/stored-rows.ts';
import { startWebhookFixture, type WebhookFixture, waitFor } from '../fixture.ts';

const JOB_ID = /^[0-9a-f]{32}$/;

let fixture: WebhookFixture;
beforeAll(async () => {
  fixture = await startWebhookFixture();
});
afterAll(() => fixture.stop());

const newPrincipal = () => randomUUID().replaceAll('-', '');

/** Two keys here and one in the other project; on each a grant of the principal, and one of the demo's grantee. */
async function stage() {
  const { service, foreignUser } = fixture;
  const principal = newPrincipal();
  const keys = [await newKey(service), await newKey(service)] as const;
  const foreignKey = await newKey(service, foreignUser);
  const theirs = [];
  for (const key of keys) theirs.push(await newGrant(service, key, { grantee_principal: principal }));
  theirs.push(await newGrant(service, foreignKey, { grantee_principal: principal }, foreignUser));
  const others = [];
  for (const key of keys) others.push(await newGrant(service, key));
  others.push(await newGrant(service, foreignKey, {}, foreignUser));

  /** The grants that are there, in the order of the keys. */
  async function left(): Promise<string[]> {
    const { kms } = service;
    const foreign = okBody(await kms(foreignUser, 'list-grants', { key_id: foreignKey }, foreignUser.project_id)).grants;
    const here = await Promise.all(keys.map((key) => grantIdsOn(service, key)));
    return [...here.flat(), ...foreign.map(({ grant_id }: { grant_id: string }) => grant_id)].sort();
  }
  return { principal, keys, foreignKey, theirs, others, left };
}

test('principal.disabled takes what the principal holds in every project of the source, and nothing of others', async () => {
  const { principal, theirs, others, left } = await stage();
  expect(await left()).toEqual([...theirs, ...others].sort());
  const { body } = await fixture.sendEventAndWait({
    type: 'principal.disabled',
    data: { grantee_principal: principal },
  });
  expect(body).toMatchObject({ state: 'done', source: 'hr', remaining: 0, leftovers: [], unmapped: [] });
  expect(await left()).toEqual([...others].sort());
  expect(body.revoked).toBe(3);
});

test('with project_id, only in that project', async () => {
  const { principal, theirs, others, left } = await stage();
  const { project_id } = fixture.foreignUser;
  const answer = await fixture.sendEvent({
    type: 'principal.disabled',
    data: { grantee_principal: principal, project_id },
  });
  expect(answer.body).toEqual({ job_id: expect.stringMatching(JOB_ID), state: 'queued' });
  const { jobs } = fixture.service.services.store;
  const job = await waitFor('the job ends', async () => {
    const found = await jobs.job(answer.body.job_id);
    return found?.state === 'done' ? found : undefined;
  });
  expect(job.revoked).toBe(1);
  expect(await left()).toEqual([theirs[0], theirs[1], ...others].sort());
});

test('with key_id, only on that key; with operations, only grants that allow one of them', async () => {
  const { service } = fixture;
  const { principal, keys, theirs, others, left } = await stage();
  const [key_id] = keys;
  const signer = await newGrant(service, key_id, { grantee_principal: principal, operations: ['describe-key'] });
  const data = { grantee_principal: principal, key_id, operations: ['encrypt-data'] };
  const { body } = await fixture.sendEventAndWait({ type: 'principal.disabled', data });
  expect(body.revoked).toBe(1);
  expect(await left()).toEqual([signer, theirs[1], theirs[2], ...others].sort());
});

test('grant.revoke takes that grant; of one that never was the job is done with none', async () => {
  const { keys, theirs, others, left } = await stage();
  const data = { key_id: keys[0], grant_id: theirs[0] };
  expect((await fixture.sendEventAndWait({ type: 'grant.revoke', data }, { source: 'narrow' })).body).toMatchObject({
    state: 'done',
    revoked: 1,
  });
  expect(await left()).toEqual([theirs[1], theirs[2], ...others].sort());
  for (const grant_id of [theirs[0], '0'.repeat(64)]) {
    const { body } = await fixture.sendEventAndWait({ type: 'grant.revoke', data: { ...data, grant_id } });
    expect(body).toMatchObject({ state: 'done', revoked: 0, remaining: 0 });
  }
});

test('key.compromised takes every grant of the key, whoever holds it, and those of no other key', async () => {
  const { keys, theirs, others, left } = await stage();
  const { body } = await fixture.sendEventAndWait({ type: 'key.compromised', data: { key_id: keys[0] } });
  expect(body).toMatchObject({ state: 'done', revoked: 2 });
  expect(await left()).toEqual([theirs[1], theirs[2], others[1], others[2]].sort());
});

test('a source that may not act in a project does nothing there, whatever it names', async () => {
  const { foreignKey, theirs, others, left } = await stage();
  const data = { key_id: foreignKey, grant_id: theirs[2] };
  const { body } = await fixture.sendEventAndWait({ type: 'grant.revoke', data }, { source: 'narrow' });
  expect(body).toMatchObject({ state: 'done', revoked: 0 });
  expect(await left()).toEqual([...theirs, ...others].sort());
});

test('each receipt tells the channel, the source, the reason and the job', async () => {
  const { service } = fixture;
  const { principal, keys, theirs } = await stage();
  const data = { grantee_principal: principal, reason: 'left the company' };
  const { body } = await fixture.sendEventAndWait({ type: 'principal.disabled', data });
  const ask = { grantee_principal: principal };
  const events = okBody(await service.kms(service.creator, 'list-grant-events', ask)).events.filter(
    ({ channel }: { channel: string }) => channel === 'webhook',
  );
  expect(events.map(({ grant_id }: { grant_id: string }) => grant_id).sort()).toEqual(theirs.slice(0, 2).sort());
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

test('an event that is not known is answered 200, kept as ignored, and changes no grant', async () => {
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
    leftovers: [],
    unmapped: [],
  });
  expect(await fixture.service.services.store.events.list(project_id, {}, 1)).toEqual(before);
});

test('the same delivery again gets the first answer, byte for byte, and does nothing', async () => {
  const { service } = fixture;
  const { principal, keys, others, left } = await stage();
  const event = { type: 'principal.disabled', data: { grantee_principal: principal } };
  const first = await fixture.sendEvent(event, { id: 'again-1' });
  await fixture.endedJob(first.body.job_id);
  const kept = await newGrant(service, keys[0], { grantee_principal: principal });
  await fixture.queueIsEmpty();
  const rows = await storedRows(service);

  const other = { type: 'key.compromised', data: { key_id: keys[1] } };
  service.clock.nowMs += 60_000;
  for (const again of [event, other, { type: 'nobody knows', data: {} }]) {
    const { status, text } = await fixture.sendEvent(again, { id: 'again-1' });
    expect([status, text]).toEqual([200, first.text]);
  }
  expect(await storedRows(service)).toEqual(rows);
  expect(await left()).toEqual([kept, ...others].sort());
});

test('the same id of another source is another delivery', async () => {
  const { keys, theirs } = await stage();
  const event = { type: 'grant.revoke', data: { key_id: keys[0], grant_id: theirs[0] } };
  const [one, two] = [
    await fixture.sendEvent(event, { id: 'x-1' }),
    await fixture.sendEvent(event, { id: 'x-1', source: 'narrow' }),
  ];
  expect(two.body.job_id).not.toBe(one.body.job_id);
});

test('the same delivery many times at once is one job, done once', async () => {
  const { principal, left, others } = await stage();
  const event = { type: 'principal.disabled', data: { grantee_principal: principal } };
  const answers = await Promise.all(Array.from({ length: 20 }, () => fixture.sendEvent(event, { id: 'at-once-1' })));
  expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
  const body = await fixture.endedJob(answers[0]?.body.job_id);
  expect(body).toMatchObject({ state: 'done', revoked: 3 });
  expect(await left()).toEqual([...others].sort());
  const { store } = fixture.service.services;
  const receipts = await store.events.list(fixture.service.demo.project_id, { grantee: principal }, 100);
  expect(receipts.filter(({ channel }) => channel === 'webhook')).toHaveLength(2);
});
