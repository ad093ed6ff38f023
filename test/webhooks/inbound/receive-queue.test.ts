/**
 * From a received webhook to the queue: which jobs are stored, which are queued, and when they are overdue.
 * Also tests: lib/webhooks/inbound/quota.ts.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Job } from '../../../lib/domain/job.ts';
import { logger } from '../../../lib/logger.ts';
import type { Message } from '../../../lib/queue/queue.ts';
import type { Services } from '../../../lib/services.ts';
import type { Adapter } from '../../../lib/webhooks/inbound/adapter.ts';
import { WEBHOOKS } from '../../../lib/webhooks/inbound/local-kinds.ts';
import { receiveWebhook } from '../../../lib/webhooks/inbound/receive.ts';
import { sourceKinds } from '../../../lib/webhooks/inbound/sources.ts';
import { DOMAIN, PROJECT } from '../../authority/standalone/fixture.ts';
import { PLAIN_SECRET, signEvent, sourceSettings } from '../fixture.ts';
import { type JobFixture, newId, openJobFixture } from '../jobs/fixture.ts';

const warnings = jest.spyOn(logger, 'warn');
const send = jest.fn<(message: Message) => Promise<void>>();
let jobs: JobFixture;
let folder: string;
let services: Services;
beforeAll(async () => {
  jobs = await openJobFixture();
  folder = mkdtempSync(join(tmpdir(), 'kms-grants-hooks-'));
  const path = join(folder, 'hooks.json');
  writeFileSync(path, JSON.stringify(sourceSettings(PROJECT)));
  const { store, clock } = jobs;
  const domain = { domainId: DOMAIN, name: 'acme' };
  await store.directory.addProject({ projectId: PROJECT, domainId: DOMAIN, name: 'east' }, domain);
  const used = { config: { hooks: { kind: 'file', path } }, store, queue: { send }, now: () => clock.nowMs };
  services = used as unknown as Services;
});
beforeEach(() => {
  send.mockReset().mockResolvedValue(undefined);
  warnings.mockClear();
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await jobs.close();
});

async function receive(
  name: string,
  { headers, body }: { headers: Record<string, string>; body: string },
): Promise<Job> {
  const request = { method: 'POST', path: `/hooks/${name}`, query: '', headers, body: Buffer.from(body) };
  const reply = (await receiveWebhook(services, WEBHOOKS, { name, request, trace: {} })) as {
    job_id: string;
    state: string;
  };
  const job = await jobs.job(reply.job_id);
  expect(reply).toEqual({ job_id: job.jobId, state: job.state === 'ignored' ? 'ignored' : 'queued' });
  return job;
}

const receiveStandard = (id: string) =>
  receive(
    'hr',
    signEvent({ type: 'principal.disabled', data: { grantee_principal: 'u1' } }, { id, atMs: jobs.clock.nowMs }),
  );

const receiveOkta = (events: object[]) =>
  receive('okta', {
    headers: { authorization: PLAIN_SECRET },
    body: JSON.stringify({ eventId: newId(), data: { events } }),
  });

const suspended = { eventType: 'user.lifecycle.suspend', target: [{ type: 'User', id: '00u1' }] };

const usersOf = (count: number) => Array.from({ length: count }, (_, n) => `00u${n}`);
const suspendedUser = (id: string) => ({ ...suspended, target: [{ type: 'User', id }] });

test('a delivery of a sender that does not repeat it is kept, even if this service fails to read it', async () => {
  const errors = jest.spyOn(logger, 'error').mockReturnValue(undefined);
  const failing: Adapter = {
    events: {},
    isSentOnce: true,
    secretProblem: () => undefined,
    verify: () => undefined,
    read: () => {
      throw new TypeError('a defect');
    },
  };
  const request = { method: 'POST', path: '/hooks/hr', query: '', headers: {}, body: Buffer.from('{"left":"ann"}') };
  const kinds = sourceKinds({ standard: failing });
  const reply = await receiveWebhook(services, kinds, { name: 'hr', request, trace: {} });
  const { tasks } = await jobs.job((reply as { job_id: string }).job_id);
  expect(tasks).toMatchObject([{ action: 'unreadable', payload: '{"left":"ann"}' }]);
  expect(errors.mock.calls).toEqual([['webhook', { source: 'hr', cause: expect.stringContaining('a defect') }]]);
  errors.mockRestore();
});

test('a webhook gets 200 even if its job cannot be queued; the log has a warning', async () => {
  send.mockRejectedValue(new Error('the queue is unavailable'));
  const { jobId, state } = await receiveStandard('msg_unavailable');
  expect(state).toBe('queued');
  expect(warnings.mock.calls).toEqual([
    ['queue', { job_id: jobId, cause: expect.stringContaining('the queue is unavailable') }],
  ]);
});

test('a repeated delivery queues its job again, unless a worker has started it', async () => {
  const job = await receiveStandard('msg_repeated');
  await receiveStandard('msg_repeated');
  const message = { kind: 'job', jobId: job.jobId, source: job.source };
  expect(send.mock.calls).toEqual([[message], [message]]);
  await jobs.store.jobs.save({ ...job, state: 'running' });
  await receiveStandard('msg_repeated');
  expect(send).toHaveBeenCalledTimes(2);
});

test('a job of an earlier version, without a digest of its content, is found by the delivery id alone', async () => {
  const { contentDigest, ...oldJob } = await receiveStandard('msg_old');
  expect(contentDigest).toMatch(/^[0-9a-f]{64}$/);
  const otherId = await receiveStandard('msg_older');
  await jobs.store.jobs.save({ ...otherId, contentDigest: undefined });
  const event = { type: 'principal.disabled', data: { grantee_principal: 'u2' } };
  const repeated = await receive('hr', signEvent(event, { id: 'msg_older', atMs: jobs.clock.nowMs }));
  expect(repeated.tasks).toEqual(oldJob.tasks);
});

test('a job that no worker starts is overdue after one minute, not earlier', async () => {
  const { jobId } = await receiveStandard('msg_lost');
  const isOverdueAfter = async (seconds: number) => {
    const overdue = await jobs.store.jobs.listOpen(jobs.clock.nowMs + seconds * 1000, 100);
    return overdue.some((job) => job.jobId === jobId);
  };
  expect([await isOverdueAfter(59), await isOverdueAfter(60)]).toEqual([false, true]);
});

test('a delivery with an ignored event and one that is not ignored is queued', async () => {
  const { jobId, state, tasks } = await receiveOkta([{ eventType: 'user.session.start' }, suspended]);
  expect(state).toBe('queued');
  expect(tasks.map(({ action }) => action)).toEqual(['ignore', 'revoke-principal']);
  expect(send.mock.calls).toEqual([[{ kind: 'job', jobId, source: 'okta' }]]);
});

test('a delivery whose events are all ignored is stored and not queued', async () => {
  expect((await receiveOkta([{ eventType: 'user.session.start' }])).state).toBe('ignored');
  expect(send).not.toHaveBeenCalled();
});

test('an event of a batch that cannot be read is logged, and the others are queued', async () => {
  const { jobId, state, tasks } = await receiveOkta([{ ...suspended, target: [] }, suspended, { eventType: 7 }]);
  expect([state, tasks.map(({ action }) => action)]).toEqual([
    'queued',
    ['unreadable', 'revoke-principal', 'unreadable'],
  ]);
  const reasons = [
    'A target of type User with an id or alternateId is required.',
    'Invalid parameter. eventType must be a string.',
  ];
  const line = { job_id: jobId, source: 'okta', unreadable: 2, reasons };
  expect(warnings.mock.calls).toEqual([['webhook', line]]);
});

test('500 events are one job; equal ones become one task', async () => {
  expect((await receiveOkta(usersOf(500).map(suspendedUser))).tasks).toHaveLength(500);
  expect((await receiveOkta(Array(500).fill(suspended))).tasks).toHaveLength(1);
});

describe('a delivery that does not fit into one job', () => {
  const users = usersOf(1001);
  const eventId = newId();
  const sendBatch = async (batch = users, id = eventId) => {
    const body = JSON.stringify({ eventId: id, data: { events: batch.map(suspendedUser) } });
    const headers = { authorization: PLAIN_SECRET };
    const request = { method: 'POST', path: '/hooks/okta', query: '', headers, body: Buffer.from(body) };
    const reply = await receiveWebhook(services, WEBHOOKS, { name: 'okta', request, trace: {} });
    return reply as { job_id: string; state: string; job_ids?: string[] };
  };
  const jobsOf = (ids: readonly string[] = []) => Promise.all(ids.map((id) => jobs.job(id)));
  const identitiesOf = (list: readonly Job[]) =>
    list.flatMap(({ tasks }) => tasks).map((task) => ('identities' in task ? task.identities?.[0] : undefined));

  test('a delivery that is too large for one job becomes several, which together name every user once; a repeat starts nothing', async () => {
    const reply = await sendBatch();
    const stored = await jobsOf(reply.job_ids);
    expect(stored.map(({ tasks }) => tasks.length)).toEqual([500, 500, 1]);
    expect(identitiesOf(stored)).toEqual(users);
    expect(reply).toEqual({ job_id: stored[0]?.jobId, state: 'queued', job_ids: stored.map(({ jobId }) => jobId) });
    expect(new Set(stored.map(({ deliveryId }) => deliveryId))).toEqual(new Set([eventId]));
    expect(send.mock.calls.map(([message]) => 'jobId' in message && message.jobId).sort()).toEqual(
      stored.map(({ jobId }) => jobId).sort(),
    );
    for (const job of stored) await jobs.store.jobs.save({ ...job, state: 'done' });
    send.mockClear();
    const count = (await jobs.store.jobs.list(1000)).length;
    expect(await sendBatch()).toEqual(reply);
    expect(send).not.toHaveBeenCalled();
    expect(await jobs.store.jobs.list(1000)).toHaveLength(count);
  });

  test('when the process dies after the first job of a large delivery, a repeat of the delivery creates the other jobs', async () => {
    const id = newId();
    let count = 0;
    const add = (job: Job) => {
      count += 1;
      if (count > 1) throw new Error('the process died');
      return jobs.store.jobs.add(job);
    };
    const working = services.store;
    services.store = { ...working, jobs: { ...working.jobs, add } };
    await expect(sendBatch(users, id)).rejects.toThrow('the process died');
    services.store = working;
    const reply = await sendBatch(users, id);
    const stored = await jobsOf(reply.job_ids);
    expect(identitiesOf(stored)).toEqual(users);
    expect(await sendBatch(users, id)).toEqual(reply);
  });

  test('each job of a large delivery fits into one item of DynamoDB, also with all leftovers that it may get', async () => {
    const longUsers = Array.from({ length: 300 }, (_, n) => `${n}-${'é'.repeat(240)}`);
    const stored = await jobsOf((await sendBatch(longUsers, newId())).job_ids);
    expect(identitiesOf(stored)).toEqual(longUsers);
    for (const job of stored) {
      const leftover = {
        projectId: 'p'.repeat(64),
        keyId: newId(),
        grantId: 'g'.repeat(64),
        code: 'APIGW.0201',
        task: 0,
      };
      const unmapped = identitiesOf([job]).map(String);
      const grants = Array(100).fill({ key_id: leftover.keyId, grant_id: leftover.grantId });
      const batch = { projectId: leftover.projectId, task: 0, grants };
      const full = { ...job, unmapped, leftovers: Array(500).fill(leftover), batch };
      expect(Buffer.byteLength(JSON.stringify({ ...full, projectIds: Array(100).fill('p'.repeat(64)) }))).toBeLessThan(
        400 * 1024 - 1024,
      );
    }
  });
});

test('a source with too many open jobs gets 503 with Retry-After, after which senders resend; ignored events and other sources are accepted', async () => {
  const { store } = jobs;
  const countOpen = async (source: string) => (source === 'okta' ? 5_000 : 0);
  const full = { ...services, store: { ...store, jobs: { ...store.jobs, countOpen } } } as Services;
  const post = (name: string, { headers, body }: { headers: Record<string, string>; body: string }) => {
    const request = { method: 'POST', path: `/hooks/${name}`, query: '', headers, body: Buffer.from(body) };
    return receiveWebhook(full, WEBHOOKS, { name, request, trace: {} });
  };
  const okta = (eventType: string) => ({
    headers: { authorization: PLAIN_SECRET },
    body: JSON.stringify({
      eventId: newId(),
      data: { events: [{ eventType, target: [{ type: 'User', id: '00u1' }] }] },
    }),
  });
  const before = (await store.jobs.list(1000)).length;
  await expect(post('okta', okta('user.lifecycle.deactivate'))).rejects.toMatchObject({
    code: 'KMS.0104',
    status: 503,
    retryAfterSeconds: 60,
  });
  expect(await store.jobs.list(1000)).toHaveLength(before);
  expect(await post('okta', okta('user.lifecycle.create'))).toMatchObject({ state: 'ignored' });
  const event = { type: 'principal.disabled', data: { grantee_principal: 'u1' } };
  expect(await post('hr', signEvent(event, { atMs: jobs.clock.nowMs }))).toMatchObject({ state: 'queued' });
});
