/** Jobs over a real store and the standalone authority, without a queue: a test says when somebody works on them. */
import { randomUUID } from 'node:crypto';
import type { Authority } from '../../../lib/authority/authority.ts';
import type { ChangeEvent } from '../../../lib/domain/events.ts';
import type { Job, Task } from '../../../lib/domain/job.ts';
import type { Grant } from '../../../lib/domain/model.ts';
import type { JobDependencies } from '../../../lib/webhooks/jobs/attempt.ts';
import {
  FOREIGN_PROJECT,
  grantAsk,
  keyAsk,
  openWorld,
  PROJECT,
  requestContext,
} from '../../authority/standalone/fixture.ts';

export const PROJECTS = [PROJECT, FOREIGN_PROJECT] as const;

/** Time never is up. */
export const never = () => false;

export const newId = () => randomUUID().replaceAll('-', '');

export async function openJobs() {
  const world = await openWorld({ grantsPerKey: 1000, keysPerProject: 1000 });
  const { store, authority, clock } = world;
  const now = () => clock.nowMs;

  async function newKey(projectId: string = PROJECT): Promise<string> {
    return (await authority.createKey(requestContext('create-key', { projectId }), keyAsk(`key-${newId()}`))).keyId;
  }

  async function newGrants(keyId: string, grantee: string, count: number, projectId: string = PROJECT) {
    const ids: string[] = [];
    for (let made = 0; made < count; made += 1) {
      const ask = grantAsk(keyId, { grantee });
      ids.push((await authority.createGrant(requestContext('create-grant', { projectId }), ask)).grant_id);
    }
    return ids;
  }

  /** A job that has just been kept, to revoke what the grantee holds in both projects. */
  async function newJob(over: Partial<Job> | Task[]): Promise<string> {
    const job: Job = {
      jobId: newId(),
      source: 'hr',
      deliveryId: 'msg_1',
      receivedAtMs: now(),
      projectIds: PROJECTS,
      tasks: [],
      state: 'queued',
      revision: 0,
      dueAtMs: now() + 60_000,
      failedAttempts: 0,
      revoked: 0,
      leftovers: [],
      unmapped: [],
      ...(Array.isArray(over) ? { tasks: over } : over),
    };
    await store.jobs.add(job);
    return job.jobId;
  }

  return {
    ...world,
    newKey,
    newGrants,
    newJob,
    /** What a worker has, with another authority in the place of the right one where one is given. */
    worker: (other: Partial<Authority> = {}): JobDependencies => ({
      store,
      authority: { ...authority, ...other },
      now,
    }),
    async job(jobId: string): Promise<Job> {
      const job = await store.jobs.job(jobId);
      if (!job) throw new Error(`no job ${jobId}`);
      return job;
    },
    /** The ids of what the grantee still holds in either project. */
    async heldBy(grantee: string): Promise<string[]> {
      const lists = PROJECTS.map((projectId) => store.grants.listByGrantee(projectId, grantee, { limit: 1000 }));
      return (await Promise.all(lists))
        .flatMap(({ json }) => JSON.parse(json) as Grant[])
        .map(({ grant_id }) => grant_id);
    },
    /** What the job has left of the grantee's grants in either project. */
    async receiptsOf(jobId: string, grantee: string): Promise<ChangeEvent[]> {
      const lists = PROJECTS.map((projectId) => store.events.list(projectId, { grantee }, 1000));
      return (await Promise.all(lists)).flat().filter(({ requestId }) => requestId === jobId);
    },
  };
}

export type Jobs = Awaited<ReturnType<typeof openJobs>>;

export const disabled = (grantee: string, more: object = {}): Task => ({
  action: 'revoke-principal',
  type: 'principal.disabled',
  grantee,
  ...more,
});

/** Grants of one grantee on a key of each project. */
export async function holding(jobs: Jobs, count: number) {
  const grantee = newId();
  const both = PROJECTS.map(async (projectId) => {
    return jobs.newGrants(await jobs.newKey(projectId), grantee, count, projectId);
  });
  const ids = (await Promise.all(both)).flat();
  return { grantee, ids };
}
