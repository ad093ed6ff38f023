/** create-revocation-job under crashes and failures of the queue and the authority, and the limits of its jobs. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Authority } from '../../../lib/authority/authority.ts';
import { digestOf } from '../../../lib/authority/bulk-revoke.ts';
import type { Config } from '../../../lib/config.ts';
import type { Job } from '../../../lib/domain/job.ts';
import { OPERATIONS } from '../../../lib/domain/model.ts';
import type { RequestContext } from '../../../lib/domain/request-context.ts';
import { ForwardedError, KmsError } from '../../../lib/errors.ts';
import { serializeJob } from '../../../lib/http/serialize-job.ts';
import type { Message, Queue } from '../../../lib/queue/queue.ts';
import type { Store } from '../../../lib/store/store.ts';
import { findLostWork } from '../../../lib/webhooks/find-lost-work.ts';
import { createRevocationJob } from '../../../lib/webhooks/jobs/create-revocation-job.ts';
import { runJob } from '../../../lib/webhooks/jobs/job.ts';
import { PROJECT, requestContext } from '../../authority/standalone/fixture.ts';
import { type JobFixture, newId, noDeadline, openJobFixture } from './fixture.ts';

/** How often an attempt is repeated, as docs/webhooks/reference.md says. */
const RETRIES = 5;
/** Source: DynamoDB Developer Guide, "Quotas", maximum item size. */
const ITEM_BYTES_MAX = 400 * 1024;

let jobs: JobFixture;
beforeAll(async () => {
  jobs = await openJobFixture();
});
afterAll(() => jobs.close());

/** A queue that keeps the messages that are sent. */
function fakeQueue(send?: () => Promise<void>) {
  const sent: Message[] = [];
  const queue = {
    send: async (message: Message) => {
      await send?.();
      sent.push(message);
    },
  } as unknown as Queue;
  return { sent, queue };
}

const sendFails = () => fakeQueue(() => Promise.reject(new Error('the queue is down'))).queue;

interface Overrides {
  authority?: Partial<Authority>;
  store?: Store;
  queue?: Queue;
  config?: Pick<Config, 'upstream'>;
  context?: Parameters<typeof requestContext>[1];
}

/** Sends a request for the grants of `ids`, with their digest. */
async function create(input: object, { authority, context, ...more }: Overrides = {}, ids?: string[]) {
  const dependencies = {
    config: { upstream: undefined },
    authority: { ...jobs.authority, ...authority },
    store: jobs.store,
    queue: fakeQueue().queue,
    now: () => jobs.clock.nowMs,
    ...more,
  };
  const request: RequestContext = requestContext('create-revocation-job', { reason: 'left', ...context });
  const grants = await Promise.all((ids ?? []).map((id) => jobs.store.grants.grant(PROJECT, id)));
  const digest = digestOf(grants.filter((grant) => grant !== undefined));
  const { body } = await createRevocationJob(dependencies, request, { isDryRun: false, digest, ...input });
  return body as { job_id: string; total: number };
}

async function newGrants(count: number) {
  const grantee = newId();
  const keyId = await jobs.newKey();
  return { grantee, keyId, ids: await jobs.newGrants(keyId, grantee, count) };
}

async function expectRevokedOnce(jobId: string, grantee: string, ids: string[]): Promise<void> {
  const events = await jobs.eventsOf(jobId, grantee);
  expect(events.map(({ grant }) => grant?.grant_id).sort()).toEqual([...ids].sort());
  expect(await jobs.grantIdsOf(grantee)).toEqual([]);
  expect(await jobs.job(jobId)).toMatchObject({ state: 'done', revoked: ids.length, leftovers: [] });
}

test('the job is stored before its message is sent; if sending fails, find-lost-work sends it', async () => {
  const { grantee, ids } = await newGrants(2);
  let stored: Job | undefined;
  const { sent, queue } = fakeQueue(async () => {
    [stored] = await jobs.store.jobs.list(1);
  });
  const { job_id } = await create({ grantee }, { queue }, ids);
  expect(stored?.jobId).toBe(job_id);
  expect(sent).toEqual([{ kind: 'job', jobId: job_id, source: `http:${PROJECT}` }]);

  const lost = await newGrants(1);
  const { job_id: lostId } = await create({ grantee: lost.grantee }, { queue: sendFails() }, lost.ids);
  jobs.clock.nowMs += 61_000;
  const found = fakeQueue();
  await findLostWork({ store: jobs.store, queue: found.queue, now: () => jobs.clock.nowMs });
  expect(found.sent).toContainEqual({ kind: 'job', jobId: lostId, source: `http:${PROJECT}` });
  await runJob(jobs.dependencies(), lostId, noDeadline);
  await expectRevokedOnce(lostId, lost.grantee, lost.ids);
});

test.each([{ sequence: '919c82d4-8046-4722-9094-35c3c6524cff' }, { idempotencyKey: 'a' }, { signature: 'b' }])(
  'after a crash between the job and its record, a repeat with %j gets the same job and sends its message',
  async (context) => {
    const { grantee, ids } = await newGrants(2);
    const crash = () => Promise.reject(new Error('crash'));
    const store = { ...jobs.store, idempotency: { ...jobs.store.idempotency, compareAndSwap: crash } };
    await expect(create({ grantee }, { store, context, queue: sendFails() }, ids)).rejects.toThrow('crash');
    const [stored] = await jobs.store.jobs.list(1);
    const { sent, queue } = fakeQueue();
    const repeat = await create({ grantee }, { context, queue }, ids);
    expect(repeat).toEqual({ job_id: stored?.jobId, total: 2 });
    expect(sent).toEqual([expect.objectContaining({ jobId: stored?.jobId })]);
    await runJob(jobs.dependencies(), repeat.job_id, noDeadline);
    // The set has another digest now, and the repeat must still get its job.
    expect(await create({ grantee }, { context, queue }, ids)).toEqual(repeat);
    await expectRevokedOnce(repeat.job_id, grantee, ids);
  },
);

test('a worker that is interrupted after any grant is continued, and each grant is revoked once', async () => {
  for (const form of ['grantee', 'grantIds'] as const) {
    const { grantee, ids } = await newGrants(5);
    const { job_id } = await create({ grantee, ...(form === 'grantIds' && { grantIds: ids }) }, {}, ids);
    let revokes = 0;
    const isPastDeadline = () => revokes > 0;
    const revokeAny: Authority['revokeAny'] = (context, grant) => {
      revokes += 1;
      return jobs.authority.revokeAny(context, grant);
    };
    for (let runs = 0; (await jobs.job(job_id)).state !== 'done'; runs += 1) {
      expect(runs).toBeLessThan(20);
      revokes = 0;
      await runJob(jobs.dependencies({ revokeAny }), job_id, isPastDeadline);
    }
    await expectRevokedOnce(job_id, grantee, ids);
  }
});

test('of ten grants three are refused by the KMS: seven are revoked, three end as leftovers with their code', async () => {
  const { grantee, ids } = await newGrants(10);
  const refused = new Set(ids.slice(2, 5));
  const { job_id } = await create({ grantee, grantIds: ids }, {}, ids);
  const revokeAny: Authority['revokeAny'] = (context, grant) =>
    refused.has(grant.grant_id)
      ? Promise.reject(new ForwardedError({ status: 403, code: 'KMS.0306', text: 'No access permissions.' }))
      : jobs.authority.revokeAny(context, grant);
  const dependencies = jobs.dependencies({ revokeAny });
  let retries = 0;
  for (;;) {
    const step = await runJob(dependencies, job_id, noDeadline);
    if (step.next !== 'retry') break;
    retries += 1;
    jobs.clock.nowMs += step.delaySeconds * 1000;
  }
  expect(retries).toBe(RETRIES);
  const shown = serializeJob(await jobs.job(job_id), PROJECT);
  expect(shown).toMatchObject({ state: 'leftovers', revoked: 7, remaining: 3 });
  expect(shown.leftovers.map(({ grant_id, error_code }) => [grant_id, error_code]).sort()).toEqual(
    [...refused].map((id) => [id, 'KMS.0306']).sort(),
  );
  expect((await jobs.grantIdsOf(grantee)).sort()).toEqual([...refused].sort());
  const events = await jobs.eventsOf(job_id, grantee);
  expect(events).toHaveLength(10);
  for (const event of events) {
    const failure = refused.has(event.grant?.grant_id ?? '') ? 'KMS.0306' : undefined;
    expect(event).toMatchObject({ action: 'create-revocation-job', reason: 'left', failure });
  }
});

test('a job of 500 grants with the longest reason and as many leftovers fits into one item of DynamoDB', async () => {
  const { grantee, keyId, ids } = await newGrants(501);
  const most = ids.slice(0, 500);
  // Three bytes a character, as Chinese text has.
  const { job_id, total } = await create({ grantee, grantIds: most }, { context: { reason: '离'.repeat(255) } }, most);
  const job = await jobs.job(job_id);
  const leftovers = most.map((grantId, task) => ({ projectId: PROJECT, keyId, grantId, code: 'APIGW.0201', task }));
  expect([total, job.tasks.length]).toEqual([500, 500]);
  expect(Buffer.byteLength(JSON.stringify({ ...job, leftovers }))).toBeLessThan(0.75 * ITEM_BYTES_MAX);
  const refusal = create({ keyId, operations: OPERATIONS }, {}, ids);
  await expect(refusal).rejects.toMatchObject({ code: 'KMS.0308', detail: expect.stringContaining('Narrow it') });
});

test('a grant that was made after the request is revoked too, unless the request names the grants', async () => {
  const { grantee, keyId, ids } = await newGrants(2);
  const named = await create({ grantee, grantIds: ids }, {}, ids);
  const [later] = await jobs.newGrants(keyId, grantee, 1);
  await runJob(jobs.dependencies(), named.job_id, noDeadline);
  expect(await jobs.grantIdsOf(grantee)).toEqual([later]);
  const all = await create({ grantee }, {}, [later as string]);
  await jobs.newGrants(keyId, grantee, 1);
  await runJob(jobs.dependencies(), all.job_id, noDeadline);
  expect(await jobs.grantIdsOf(grantee)).toEqual([]);
});

test('where the service has no credentials of its own for the upstream, the API does not exist', async () => {
  const { grantee, ids } = await newGrants(1);
  const config = { upstream: { credentials: 'caller' } } as unknown as Pick<Config, 'upstream'>;
  for (const isDryRun of [true, false]) {
    await expect(create({ grantee, isDryRun }, { config }, ids)).rejects.toMatchObject({ code: 'APIGW.0101' });
  }
});

test('when no key could be read, the request fails with the error of the list instead of finding no grant', async () => {
  const error = new KmsError('APIGW.0201:504');
  const failed = [{ keyId: '', grantId: '', error }];
  const listPrincipalGrants: Authority['listPrincipalGrants'] = async () => ({ json: '[]', total: 0, failed });
  const count = (await jobs.store.jobs.list(1000)).length;
  const grantee = randomBytes(16).toString('hex');
  await expect(create({ grantee }, { authority: { listPrincipalGrants } })).rejects.toBe(error);
  expect(await jobs.store.jobs.list(1000)).toHaveLength(count);
});
