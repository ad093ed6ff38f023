/** One go at a job: however often it is begun, each grant is revoked once and leaves one receipt. */
import type { Act, Authority } from '../authority/authority.ts';
import { knownError } from '../errors.ts';
import { describe, logger } from '../log.ts';
import { allGrants, type Ending, revokeAll, selectGrants } from '../revocation.ts';
import type { Batch, GrantRef, Job, Leftover, Store, Task } from '../store/store.ts';
import { principalOf } from './identities.ts';

/** What work on a job needs. */
export interface JobWorld {
  authority: Authority;
  store: Pick<Store, 'jobs' | 'mappings' | 'directory' | 'events'>;
  now: () => number;
}

/** Written before it is begun; small enough for one item of the store. */
const BATCH = 100;

/** Without a sign of life for so long, a job has been lost sight of. */
const LIFE_MS = 5 * 60_000;

/** Another process has written the job: it works on it now, and this one leaves it. */
export class TakenOver extends Error {
  override readonly name = 'TakenOver';
}

/** Grants to be revoked for one task in one project. */
interface Part {
  task: Task;
  projectId: string;
}

export class JobRun {
  readonly #world: JobWorld;
  readonly #isOver: () => boolean;
  #job: Job;
  /** Tried in this go, with what was in the way of those that could not be revoked. */
  readonly #tried = new Map<string, Leftover | undefined>();
  /** Lists that could not be read: whose they are, and why. */
  readonly #unread: Leftover[] = [];

  /** @param isOver whether time is up: then nothing more is begun */
  constructor(world: JobWorld, job: Job, isOver: () => boolean) {
    this.#world = world;
    this.#job = job;
    this.#isOver = isOver;
  }

  /** As it stands. */
  get job(): Job {
    return this.#job;
  }

  /** What could not be done in this go. */
  get failed(): Leftover[] {
    return [...[...this.#tried.values()].filter((one) => one !== undefined), ...this.#unread];
  }

  /** @throws TakenOver */
  async save(changed: Partial<Job>): Promise<void> {
    const { store, now } = this.#world;
    const job = { ...this.#job, dueAtMs: now() + LIFE_MS, ...changed };
    if (!(await store.jobs.save(job))) throw new TakenOver();
    this.#job = { ...job, revision: job.revision + 1 };
  }

  /** Tries everything that is there to be done, once. @returns false when time was up before that */
  async pass(): Promise<boolean> {
    await this.save({ state: 'running', leftovers: [], leftoverCount: 0 });
    if (this.#job.batch && !(await this.#resume(this.#job.batch))) return false;
    for (const part of await this.#parts()) if (!(await this.#clear(part))) return false;
    return true;
  }

  /** Its tasks in each of their projects, with those whom they name by an outside identity found out. */
  async #parts(): Promise<Part[]> {
    const parts: Part[] = [];
    const unmapped: string[] = [];
    for (const task of this.#job.tasks) {
      const grantee = await this.#granteeOf(task);
      if (task.action === 'revoke-principal' && grantee === undefined) unmapped.push(...(task.identities ?? []));
      else {
        const known = task.action === 'revoke-principal' ? { ...task, grantee } : task;
        const projectIds = task.projectId === undefined ? this.#job.projectIds : [task.projectId];
        parts.push(...projectIds.map((projectId) => ({ task: known, projectId })));
      }
    }
    this.#job = { ...this.#job, unmapped };
    return parts;
  }

  async #granteeOf(task: Task): Promise<string | undefined> {
    if (task.action !== 'revoke-principal') return undefined;
    if (task.grantee !== undefined) return task.grantee;
    for (const identity of task.identities ?? []) {
      const grantee = await principalOf(this.#world.store, this.#job.source, identity);
      if (grantee !== undefined) return grantee;
    }
    return undefined;
  }

  /** Revokes until a look at what is there finds nothing that was not tried: what is made meanwhile goes too. */
  async #clear({ task, projectId }: Part): Promise<boolean> {
    const { type, reason } = task;
    for (;;) {
      const found = await this.#find(task, projectId);
      const left = found.filter(({ grant_id }) => !this.#tried.has(grant_id));
      if (left.length === 0) return true;
      for (let from = 0; from < left.length; from += BATCH) {
        if (this.#isOver()) return false;
        const batch = { projectId, type, reason, grants: left.slice(from, from + BATCH) };
        await this.save({ batch });
        if (!(await this.#finish(batch))) return false;
      }
    }
  }

  async #find(task: Task, projectId: string): Promise<readonly GrantRef[]> {
    const { authority } = this.#world;
    const act = this.#actOf({ ...task, projectId });
    try {
      if (task.action === 'revoke-grant') {
        const grant = { key_id: task.keyId, grant_id: task.grantId };
        // Named, not listed: what an earlier go has revoked would be found, and counted, again.
        return (await this.#isOwn({ projectId }, grant)) ? [] : [grant];
      }
      if (task.action === 'revoke-key') {
        return await allGrants((page) => authority.listGrants(act, task.keyId, {}, page));
      }
      if (task.action === 'ignore' || task.grantee === undefined) return [];
      return await selectGrants(authority, act, { ...task, grantee: task.grantee });
    } catch (cause) {
      const { wireCode } = knownError(cause);
      // The key is one of another project of the source.
      if (wireCode === 'KMS.0207') return [];
      logger.warn('job', { job_id: this.#job.jobId, project_id: projectId, cause: describe(cause) });
      const { type, reason } = task;
      this.#unread.push({ projectId, keyId: '', grantId: '', code: wireCode, type, reason });
      return [];
    }
  }

  /** Begun before a crash: what of it was done has its receipt. Sent again, another KMS might answer as the first time. */
  async #resume(batch: Batch): Promise<boolean> {
    const grants: GrantRef[] = [];
    let { revoked } = this.#job;
    for (const grant of batch.grants) {
      if (await this.#isOwn(batch, grant)) revoked += 1;
      else grants.push(grant);
    }
    this.#job = { ...this.#job, revoked };
    return this.#finish({ ...batch, grants });
  }

  /** @returns false when time was up before all of it was tried */
  async #finish(batch: Batch): Promise<boolean> {
    const endings = await revokeAll(this.#world.authority, this.#actOf(batch), batch.grants, this.#isOver);
    const unbegun: GrantRef[] = [];
    let { revoked } = this.#job;
    for (const ending of endings) {
      if (ending.end === 'unbegun') unbegun.push(ending.grant);
      else this.#tried.set(ending.grant.grant_id, leftoverOf(batch, ending));
      if (ending.end === 'revoked' || (ending.end === 'gone' && (await this.#isOwn(batch, ending.grant)))) revoked += 1;
    }
    // Written together with whatever comes next.
    this.#job = { ...this.#job, revoked, batch: unbegun.length > 0 ? { ...batch, grants: unbegun } : undefined };
    return unbegun.length === 0;
  }

  /** Whether a grant has gone by an earlier go of this job. */
  async #isOwn({ projectId }: Pick<Batch, 'projectId'>, { grant_id: grantId }: GrantRef): Promise<boolean> {
    const [newest] = await this.#world.store.events.list(projectId, { grantId }, 1);
    return newest?.requestId === this.#job.jobId && newest.failure === undefined;
  }

  #actOf({ projectId, type, reason }: Pick<Batch, 'projectId' | 'type' | 'reason'>): Act {
    return {
      caller: { userId: actorOf(this.#job), domainId: '', roles: [] },
      projectId,
      door: 'webhook',
      requestId: this.#job.jobId,
      action: type,
      body: new Uint8Array(),
      isBulk: true,
      reason,
    };
  }
}

/** As receipts name who acts. */
export const actorOf = ({ source }: Job) => `hook:${source}`;

function leftoverOf({ projectId, type, reason }: Batch, ending: Ending): Leftover | undefined {
  if (ending.end !== 'failed') return undefined;
  const { key_id: keyId, grant_id: grantId } = ending.grant;
  return { projectId, keyId, grantId, code: ending.error.wireCode, type, reason };
}
