/** A running service whose worker runs jobs, and functions that create, read and store jobs. */
import { randomBytes } from 'node:crypto';
import { expect } from '@jest/globals';
import { type Job, newJob } from '../../../lib/domain/job.ts';
import { newGrant, newKey, okBody, type User } from '../../support/create.ts';
import { type ApiResponse, startService, type TestService } from '../../support/service.ts';
import { waitFor } from '../../webhooks/fixture.ts';

/** By the system's clock, every message is due an hour later by the service's. */
const HOUR_MS = 3_600_000;

export interface GrantIds {
  key_id: string;
  grant_id: string;
}

export async function startJobService() {
  const service: TestService = await startService();
  service.clock.nowMs += HOUR_MS;
  const { creator, reader, administrator, demo } = service;
  for (const user of [creator, reader, administrator]) await service.token(user);
  const keys = [await newKey(service), await newKey(service)] as const;
  const { jobs } = service.services.store;

  const call = (name: string, body: object, user: User = administrator): Promise<ApiResponse> =>
    service.kms(user, name, body, user.project_id);
  const create = (body: object, user?: User) => call('create-revocation-job', body, user);
  const preview = async (body: object) => okBody(await create({ ...body, dry_run: true }));

  /** Creates `count` grants to a new principal, in turn on each key. */
  async function newGrants(count: number, fields: object = {}): Promise<{ principal: string; grants: GrantIds[] }> {
    const principal = randomBytes(16).toString('hex');
    const grants: GrantIds[] = [];
    for (let n = 0; n < count; n += 1) {
      const key_id = keys[n % 2] as string;
      const grant_id = await newGrant(service, key_id, { grantee_principal: principal, ...fields });
      grants.push({ key_id, grant_id });
    }
    return { principal, grants };
  }

  return {
    service,
    keys,
    call,
    create,
    preview,
    newGrants,
    /** Sends the request with the digest of its own dry run. */
    async createWithDigest(body: object, more: object = { reason: 'left the company' }) {
      const { digest } = await preview(body);
      return create({ ...body, digest, ...more });
    },
    async grantIdsOf(principal: string): Promise<string[]> {
      const list = await service.kms(reader, 'list-principal-grants', { grantee_principal: principal });
      return okBody(list).grants.map(({ grant_id }: GrantIds) => grant_id);
    },
    eventsOf: (grantee: string) => service.events.list(demo.project_id, { grantee }, 1000),
    jobCount: async () => (await jobs.list(1000)).length,
    /** Waits until the worker has finished the attempt. @returns the job as the API shows it */
    endedJob(response: ApiResponse) {
      expect(response.status).toBe(202);
      const path = `/hooks/jobs/${response.body.job_id}`;
      return waitFor(`the end of ${path}`, async () => {
        const headers = { 'X-Auth-Token': await service.token(creator) };
        const job = okBody(await service.send(path, { method: 'GET', headers }));
        return ['queued', 'running'].includes(job.state) ? undefined : job;
      });
    },
    /** Stores a job of the demo project without a message, so that no worker runs it. */
    async storeJob(over: Partial<Job> = {}): Promise<string> {
      const jobId = randomBytes(16).toString('hex');
      const parts = { jobId, source: 'hr', deliveryId: 'msg_1', projectIds: [demo.project_id], tasks: [] };
      const dueAtMs = service.clock.nowMs + HOUR_MS;
      expect(await jobs.add(newJob({ ...parts, dueAtMs, ...over }, service.clock.nowMs))).toBeUndefined();
      return over.jobId ?? jobId;
    },
    job: (jobId: string) => jobs.job(jobId),
    stop: () => service.stop(),
  };
}

export type JobService = Awaited<ReturnType<typeof startJobService>>;
