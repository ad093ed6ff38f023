/** Jobs over a real store and the standalone authority, without a queue: a test calls `runJob` itself. */
import { randomUUID } from 'node:crypto';
import type { Authority } from '../../../lib/authority/authority.ts';
import type { ChangeEvent } from '../../../lib/domain/events.ts';
import type { Job, Task } from '../../../lib/domain/job.ts';
import type { Grant } from '../../../lib/domain/model.ts';
import type { JobDependencies } from '../../../lib/webhooks/jobs/attempt.ts';
import {
  FOREIGN_PROJECT,
  grantInput,
  keyInput,
  openStandaloneFixture,
  PROJECT,
  requestContext,
} from '../../authority/standalone/fixture.ts';

export const PROJECTS = [PROJECT, FOREIGN_PROJECT] as const;

export const noDeadline = () => false;

export const newId = () => randomUUID().replaceAll('-', '');

export async function openJobFixture() {
  const standalone = await openStandaloneFixture({ grantsPerKey: 1000, keysPerProject: 1000 });
  const { store, authority, clock } = standalone;
  const now = () => clock.nowMs;

  async function newKey(projectId: string = PROJECT): Promise<string> {
    return (await authority.createKey(requestContext('create-key', { projectId }), keyInput(`key-${newId()}`))).keyId;
  }

  async function newGrants(keyId: string, grantee: string, count: number, projectId: string = PROJECT) {
    const ids: string[] = [];
    while (ids.length < count) {
      const context = requestContext('create-grant', { projectId });
      ids.push((await authority.createGrant(context, grantInput(keyId, { grantee }))).grant_id);
    }
    return ids;
  }

  /** Stores a queued job of both projects. @param over its tasks, or any of its fields */
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
    ...standalone,
    newKey,
    newGrants,
    newJob,
    /** The dependencies of `runJob`. @param overrides replace methods of the authority */
    dependencies: (overrides: Partial<Authority> = {}): JobDependencies => ({
      store,
      authority: { ...authority, ...overrides },
      now,
    }),
    async job(jobId: string): Promise<Job> {
      const job = await store.jobs.job(jobId);
      if (!job) throw new Error(`no job ${jobId}`);
      return job;
    },
    /** The ids of the grants that the grantee has now, in both projects. */
    async grantIdsOf(grantee: string): Promise<string[]> {
      const lists = PROJECTS.map((projectId) => store.grants.listByGrantee(projectId, grantee, { limit: 1000 }));
      return (await Promise.all(lists))
        .flatMap(({ json }) => JSON.parse(json) as Grant[])
        .map(({ grant_id }) => grant_id);
    },
    /** The events that a job wrote about grants of the grantee, in both projects. */
    async eventsOf(jobId: string, grantee: string): Promise<ChangeEvent[]> {
      const lists = PROJECTS.map((projectId) => store.events.list(projectId, { grantee }, 1000));
      return (await Promise.all(lists)).flat().filter(({ requestId }) => requestId === jobId);
    },
  };
}

export type JobFixture = Awaited<ReturnType<typeof openJobFixture>>;

export const revokePrincipalTask = (grantee: string, more: object = {}): Task => ({
  action: 'revoke-principal',
  type: 'principal.disabled',
  grantee,
  ...more,
});

/** Creates a key in each project, and grants on them for a new grantee. @param count grants on each key */
export async function newGrantee(jobs: JobFixture, count: number) {
  const grantee = newId();
  const ids = PROJECTS.map(async (projectId) =>
    jobs.newGrants(await jobs.newKey(projectId), grantee, count, projectId),
  );
  return { grantee, ids: (await Promise.all(ids)).flat() };
}
