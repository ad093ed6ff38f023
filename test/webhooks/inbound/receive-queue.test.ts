/** Between the door and the worker: a job that is kept comes to be worked on, whatever becomes of its message. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import type { Job } from '../../../lib/domain/job.ts';
import { logger } from '../../../lib/logger.ts';
import type { Message } from '../../../lib/queue/queue.ts';
import type { Services } from '../../../lib/services.ts';
import { receiveWebhook } from '../../../lib/webhooks/inbound/receive.ts';
import { PROJECT } from '../../authority/standalone/fixture.ts';
import { PLAIN_SECRET, signEvent, sourceSettings } from '../fixture.ts';
import { type JobFixture, newId, openJobFixture } from '../jobs/fixture.ts';

const lines = jest.spyOn(logger, 'warn');
const send = jest.fn<(work: Message) => Promise<void>>();
let jobs: JobFixture;
let folder: string;
let services: Services;
beforeAll(async () => {
  jobs = await openJobFixture();
  folder = mkdtempSync(join(tmpdir(), 'kms-grants-hooks-'));
  const path = join(folder, 'hooks.json');
  writeFileSync(path, JSON.stringify(sourceSettings(PROJECT, 'f'.repeat(32))));
  const { store, clock } = jobs;
  const ground = { config: { hooks: { kind: 'file', path } }, store, queue: { send }, now: () => clock.nowMs };
  services = ground as unknown as Services;
});
beforeEach(() => {
  send.mockReset().mockResolvedValue(undefined);
  lines.mockClear();
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await jobs.close();
});

async function take(name: string, { headers, body }: { headers: Record<string, string>; body: string }): Promise<Job> {
  const request = { method: 'POST', path: `/hooks/${name}`, query: '', headers, body: Buffer.from(body) };
  const answer = (await receiveWebhook(services, { name, request, trace: {} })) as { job_id: string; state: string };
  const job = await jobs.job(answer.job_id);
  expect(answer).toEqual({ job_id: job.jobId, state: job.state === 'ignored' ? 'ignored' : 'queued' });
  return job;
}

const tell = (id: string) =>
  take(
    'hr',
    signEvent({ type: 'principal.disabled', data: { grantee_principal: 'u1' } }, { id, atMs: jobs.clock.nowMs }),
  );

const okta = (events: object[]) =>
  take('okta', {
    headers: { authorization: PLAIN_SECRET },
    body: JSON.stringify({ eventId: newId(), data: { events } }),
  });

const suspended = { eventType: 'user.lifecycle.suspend', target: [{ type: 'User', id: '00u1' }] };

test('a hook is answered though the queue does not take its job, and the log says so', async () => {
  send.mockRejectedValue(new Error('the queue is away'));
  const { jobId, state } = await tell('msg_away');
  expect(state).toBe('queued');
  expect(lines.mock.calls).toEqual([['queue', { job_id: jobId, cause: expect.stringContaining('the queue is away') }]]);
});

test('the same delivery again puts its job on the queue again until somebody has begun it', async () => {
  const job = await tell('msg_again');
  await tell('msg_again');
  const work = { kind: 'job', jobId: job.jobId };
  expect(send.mock.calls).toEqual([[work], [work]]);
  await jobs.store.jobs.save({ ...job, state: 'running' });
  await tell('msg_again');
  expect(send).toHaveBeenCalledTimes(2);
});

test('a job that nobody has begun is lost sight of a minute later, and no sooner', async () => {
  const { jobId } = await tell('msg_lost');
  const isOpenAt = async (seconds: number) => {
    const open = await jobs.store.jobs.listOpen(jobs.clock.nowMs + seconds * 1000, 100);
    return open.some((job) => job.jobId === jobId);
  };
  expect([await isOpenAt(59), await isOpenAt(60)]).toEqual([false, true]);
});

test('of a delivery with something to do and something to ignore the one is done', async () => {
  const { jobId, state, tasks } = await okta([{ eventType: 'user.session.start' }, suspended]);
  expect(state).toBe('queued');
  expect(tasks.map(({ action }) => action)).toEqual(['ignore', 'revoke-principal']);
  expect(send.mock.calls).toEqual([[{ kind: 'job', jobId }]]);
});

test('what is ignored as a whole is nobody to work on', async () => {
  expect((await okta([{ eventType: 'user.session.start' }])).state).toBe('ignored');
  expect(send).not.toHaveBeenCalled();
});

test('500 events at once are taken; the same said twice is to be done once', async () => {
  const different = Array.from({ length: 500 }, (_, n) => ({
    ...suspended,
    target: [{ type: 'User', id: `00u${n}` }],
  }));
  expect((await okta(different)).tasks).toHaveLength(500);
  expect((await okta(Array(500).fill(suspended))).tasks).toHaveLength(1);
});
