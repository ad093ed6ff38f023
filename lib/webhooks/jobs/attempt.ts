import { setImmediate } from 'node:timers/promises';
import type { Authority } from '../../authority/authority.ts';
import { revokeGrants } from '../../authority/bulk-revoke.ts';
import type { Batch, Job, Leftover } from '../../domain/job.ts';
import type { GrantRef } from '../../domain/model.ts';
import type { RequestContext } from '../../domain/request-context.ts';
import { knownError } from '../../errors.ts';
import { describeCause, logger } from '../../logger.ts';
import type { Store } from '../../store/store.ts';
import { AttemptResults, UNKNOWN_KEY } from './attempt-results.ts';
import { grantsInScope, type ScopeItem, scopeOf } from './scope.ts';

export interface JobDependencies {
  authority: Authority;
  store: Pick<Store, 'jobs' | 'mappings' | 'directory' | 'events'>;
  /** ms since 1970 */
  now: () => number;
}

/** Small enough that a job with its batch fits into one item of the store. */
const BATCH_GRANTS_MAX = 100;

/** So many failures end an attempt, and no more leftovers are stored: a job must fit into one item of the store. */
const FAILURES_MAX = 500;

/** A running job that no worker writes for so long counts as lost. */
const HEARTBEAT_TIMEOUT_MS = 5 * 60_000;

/** Another worker has written the job since this one read it, so this one must leave it alone. */
export class JobTakenOverError extends Error {
  override readonly name = 'JobTakenOverError';
}

/**
 * One attempt to revoke every grant in the scope of a job. After a crash or a deadline, a new JobAttempt continues it
 * from the stored job. However often that happens, each grant is revoked once and has one event.
 */
export class JobAttempt {
  readonly #dependencies: JobDependencies;
  readonly #isPastDeadline: () => boolean;
  readonly #results: AttemptResults;
  #job: Job;

  /** @param isPastDeadline once true, the attempt starts nothing more */
  constructor(dependencies: JobDependencies, job: Job, isPastDeadline: () => boolean) {
    this.#dependencies = dependencies;
    this.#isPastDeadline = isPastDeadline;
    this.#results = new AttemptResults(job);
    this.#job = job;
  }

  get job(): Job {
    return this.#job;
  }

  get failures(): Leftover[] {
    return this.#results.failures;
  }

  /** Stores the progress of the attempt. @throws JobTakenOverError */
  async save(changes: Partial<Job> = {}): Promise<void> {
    const { store, now } = this.#dependencies;
    const { failures } = this;
    const leftovers = [...failures, ...this.#results.untriedLeftovers].slice(0, FAILURES_MAX);
    const progress = { leftovers, leftoverCount: failures.length, dueAtMs: now() + HEARTBEAT_TIMEOUT_MS };
    const job = { ...this.#job, ...progress, ...changes };
    if (!(await store.jobs.save(job))) throw new JobTakenOverError();
    this.#job = { ...job, revision: job.revision + 1 };
  }

  /** Tries to revoke each grant in scope once. @returns false when the deadline passed before that */
  async run(): Promise<boolean> {
    if (this.#job.scopeIndex === undefined) this.#job = { ...this.#job, scopeIndex: 0, unmapped: [] };
    await this.save({ state: 'running' });
    if (this.#job.batch && !(await this.#resumeBatch(this.#job.batch))) return false;
    const { items, unmapped } = await scopeOf(this.#dependencies.store, this.#job);
    // An identity that was unmapped when the attempt reached it stays so until the next one, even if it is mapped now.
    this.#job = { ...this.#job, unmapped: [...new Set([...this.#job.unmapped, ...unmapped])] };
    for (const item of items) {
      if (item.index < (this.#job.scopeIndex ?? 0)) continue;
      this.#job = { ...this.#job, scopeIndex: item.index };
      // Lets other work of this process run: a scope can have very many items.
      await setImmediate();
      if (this.#isPastDeadline() || !(await this.#revokeItem(item))) return false;
      const itemsOfTask = items.filter(({ taskIndex }) => taskIndex === item.taskIndex);
      if (item === itemsOfTask.at(-1)) this.#results.mergeUnknownKey(item.taskIndex, itemsOfTask.length);
    }
    return true;
  }

  /** Lists and revokes until the list has nothing new, so that grants created meanwhile are revoked too. */
  async #revokeItem(item: ScopeItem): Promise<boolean> {
    const { taskIndex: task, projectId } = item;
    for (;;) {
      const grants = await this.#listUntried(item);
      if (grants.length === 0) return true;
      for (let start = 0; start < grants.length; start += BATCH_GRANTS_MAX) {
        const batch: Batch = { projectId, task, grants: grants.slice(start, start + BATCH_GRANTS_MAX) };
        // Past the deadline too: if the listing took all the time, the next worker must not start with it again.
        await this.save({ batch });
        if (!(await this.#revokeBatch(batch))) return false;
        if (this.failures.length >= FAILURES_MAX) return true;
      }
    }
  }

  async #listUntried(item: ScopeItem): Promise<readonly GrantRef[]> {
    const { taskIndex: task, projectId } = item;
    this.#results.clearUnlisted(item);
    try {
      const listed = await grantsInScope(this.#dependencies.authority, this.#contextOf({ projectId, task }), item);
      const untried = this.#results.untriedOf(item, listed);
      // This grant comes from the task, not from a list: it is returned even if an earlier attempt has revoked it.
      const [namedGrant] = item.task.action === 'revoke-grant' ? untried : [];
      return namedGrant && (await this.#isRevokedByThisJob(projectId, namedGrant)) ? [] : untried;
    } catch (cause) {
      const { publicCode: code } = knownError(cause);
      const isUnknownKey = code === UNKNOWN_KEY;
      if (isUnknownKey && item.task.action !== 'revoke-key') return [];
      this.#results.addUnlisted(item, code);
      if (!isUnknownKey) {
        logger.warn('job', { job_id: this.#job.jobId, project_id: projectId, code, cause: describeCause(cause) });
      }
      return [];
    }
  }

  /**
   * Revokes the rest of an interrupted batch. Grants that have an event of this job are revoked already and are
   * skipped, because an upstream may report success for a second revoke, which would count them twice.
   */
  async #resumeBatch(batch: Batch): Promise<boolean> {
    const grants: GrantRef[] = [];
    let { revoked } = this.#job;
    for (const grant of batch.grants) {
      if (await this.#isRevokedByThisJob(batch.projectId, grant)) revoked += 1;
      else grants.push(grant);
    }
    this.#job = { ...this.#job, revoked };
    return this.#revokeBatch({ ...batch, grants });
  }

  /** @returns false when the deadline passed before all grants were tried */
  async #revokeBatch(batch: Batch): Promise<boolean> {
    const { projectId, grants } = batch;
    const { authority } = this.#dependencies;
    const results = await revokeGrants(authority, this.#contextOf(batch), grants, this.#isPastDeadline);
    const notStarted: GrantRef[] = [];
    let { revoked } = this.#job;
    for (const entry of results) {
      const { result, grant } = entry;
      if (result === 'not-started') notStarted.push(grant);
      else this.#results.addTried(batch, grant, result === 'failed' ? entry.error.publicCode : undefined);
      if (result === 'revoked' || (result === 'gone' && (await this.#isRevokedByThisJob(projectId, grant))))
        revoked += 1;
    }
    // The next save writes it.
    const rest = notStarted.length > 0 ? { ...batch, grants: notStarted } : undefined;
    this.#job = { ...this.#job, revoked, batch: rest };
    return !rest;
  }

  async #isRevokedByThisJob(projectId: string, { grant_id: grantId }: GrantRef): Promise<boolean> {
    const [newestEvent] = await this.#dependencies.store.events.list(projectId, { grantId }, 1);
    return newestEvent?.requestId === this.#job.jobId && newestEvent.failure === undefined;
  }

  #contextOf({ projectId, task }: Pick<Batch, 'projectId' | 'task'>): RequestContext {
    const { type = '', reason } = this.#job.tasks[task] ?? {};
    return {
      caller: { userId: actorOf(this.#job), domainId: '', roles: [] },
      projectId,
      channel: 'webhook',
      requestId: this.#job.jobId,
      action: type,
      body: new Uint8Array(),
      isBulk: true,
      reason,
    };
  }
}

/** The actor in the events of a job. */
export const actorOf = ({ source }: Job) => `hook:${source}`;
