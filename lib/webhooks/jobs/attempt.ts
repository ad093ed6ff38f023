import { setImmediate } from 'node:timers/promises';
import type { Authority } from '../../authority/authority.ts';
import { revokeGrants } from '../../authority/bulk-revoke.ts';
import type { Batch, Job, Leftover } from '../../domain/job.ts';
import type { GrantRef, ListFailure } from '../../domain/model.ts';
import type { RequestContext } from '../../domain/request-context.ts';
import { knownError } from '../../errors.ts';
import { describeCause, logger } from '../../logger.ts';
import type { Store } from '../../store/store.ts';
import { AttemptResults, UNKNOWN_KEY } from './attempt-results.ts';
import { observeGrants } from './observe.ts';
import { isWithinPrincipalLimit } from './principal-limit.ts';
import { grantsInScope, repeatFilter, type ScopeItem, scopeOf } from './scope.ts';

export interface JobDependencies {
  authority: Authority;
  store: Pick<Store, 'jobs' | 'mappings' | 'directory' | 'events' | 'idempotency'>;
  /** ms since 1970 */
  now: () => number;
}

/** Small enough that a job with its batch fits into one item of the store. */
const BATCH_GRANTS_MAX = 100;

/** So many failures end an attempt, and no more leftovers are stored: a job must fit into one item of the store. */
const FAILURES_MAX = 500;

export interface AttemptLimits {
  /** Once true, the attempt starts nothing more. */
  isPastDeadline: () => boolean;
  /** A running job that no process writes for so long counts as lost. */
  heartbeatTimeoutMs: number;
  /** By performance.now(): calls to an upstream end by then. Absent: they have their usual time. */
  deadlineMs?: number | undefined;
}

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
  readonly #limits: AttemptLimits;
  readonly #results: AttemptResults;
  readonly #isContinued: boolean;
  /** Whether grants may have been counted as revoked before this attempt, or before it was interrupted. */
  readonly #hasCountedBefore: boolean;
  /** Of the scope item that the attempt is at, as it was last listed: what each principal has passed on. */
  #passedOn: ReadonlyMap<string, number | undefined> = new Map();
  #job: Job;

  constructor(dependencies: JobDependencies, job: Job, limits: AttemptLimits) {
    this.#dependencies = dependencies;
    this.#limits = limits;
    this.#results = new AttemptResults(job);
    this.#isContinued = job.scopeIndex !== undefined;
    this.#hasCountedBefore = job.revoked > 0 || job.batch !== undefined;
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
    const leftovers = [...this.failures, ...this.#results.untriedLeftovers];
    const progress = {
      leftovers: leftovers.slice(0, FAILURES_MAX),
      leftoverCount: leftovers.length,
      dueAtMs: now() + this.#limits.heartbeatTimeoutMs,
    };
    const job = { ...this.#job, ...progress, ...changes };
    if (!(await store.jobs.save(job))) throw new JobTakenOverError();
    this.#job = { ...job, revision: job.revision + 1 };
  }

  /**
   * Tries to revoke each grant in scope once, or to record it where the source only observes.
   * @returns `stopped` when the deadline passed before that; `paused`, with nothing revoked, when the job needs the
   * approval of a person
   */
  async run(): Promise<'ended' | 'stopped' | 'paused'> {
    if (this.#job.scopeIndex === undefined) this.#job = { ...this.#job, scopeIndex: 0, unmapped: [], passedOn: 0 };
    await this.save({ state: 'running' });
    if (this.#job.batch && !(await this.#resumeBatch(this.#job.batch))) return 'stopped';
    const { items, unmapped } = await scopeOf(this.#dependencies.store, this.#job);
    if (!(await isWithinPrincipalLimit(this.#dependencies, this.#job, items))) return 'paused';
    // An identity that was unmapped when the attempt reached it stays so until the next one, even if it is mapped now.
    this.#job = { ...this.#job, unmapped: [...new Set([...this.#job.unmapped, ...unmapped])] };
    const withoutRepeats = repeatFilter();
    const itemsByTask = Map.groupBy(items, ({ taskIndex }) => taskIndex);
    const startIndex = this.#job.scopeIndex ?? 0;
    for (const scopeItem of items) {
      // Also for items that an earlier worker has covered, so that their repeats are found.
      const item = withoutRepeats(scopeItem);
      if (item.index < startIndex) continue;
      if (item.task.action === 'revoke-principal' && item.grantees.length === 0) continue;
      this.#job = { ...this.#job, scopeIndex: item.index };
      // Lets other work of this process run: a scope can have very many items.
      await setImmediate();
      if (this.#limits.isPastDeadline() || !(await this.#workOn(item))) return 'stopped';
      const counts = item.granteesToCount.map((grantee) => this.#passedOn.get(grantee));
      this.#job = { ...this.#job, passedOn: sumOf([this.#job.passedOn, ...counts]) };
      const itemsOfTask = itemsByTask.get(item.taskIndex) ?? [];
      if (scopeItem === itemsOfTask.at(-1)) this.#results.mergeUnknownKey(item.taskIndex, itemsOfTask.length);
    }
    return 'ended';
  }

  #workOn(item: ScopeItem): Promise<boolean> {
    return this.#job.mode === 'observe' ? this.#observeItem(item) : this.#revokeItem(item);
  }

  /** Lists once, and records what it finds. */
  async #observeItem(item: ScopeItem): Promise<boolean> {
    const grants = await this.#listUntried(item);
    const context = this.#contextOf({ projectId: item.projectId, task: item.taskIndex });
    const { observed, isDone } = await observeGrants(this.#dependencies, context, grants, this.#limits.isPastDeadline);
    this.#job = { ...this.#job, wouldRevoke: (this.#job.wouldRevoke ?? 0) + observed };
    return isDone;
  }

  /**
   * Lists and revokes until the list has nothing new, so that grants created meanwhile are revoked too, and grants that
   * are listed after their revoke are noticed.
   */
  async #revokeItem(item: ScopeItem): Promise<boolean> {
    const { taskIndex: task, projectId } = item;
    for (let isFirstList = true; ; isFirstList = false) {
      const grants = await this.#listUntried(item);
      if (grants.length === 0 || (!isFirstList && this.#results.failedGrants >= FAILURES_MAX)) return true;
      for (let start = 0; start < grants.length; start += BATCH_GRANTS_MAX) {
        const untried = await this.#withoutRevoked(item, grants.slice(start, start + BATCH_GRANTS_MAX));
        const batch: Batch = { projectId, task, grants: untried };
        // Past the deadline too: if the listing took all the time, the next worker must not start with it again.
        await this.save({ batch });
        if (!(await this.#revokeBatch(batch))) return false;
        if (this.#results.failedGrants >= FAILURES_MAX) break;
      }
    }
  }

  async #listUntried(item: ScopeItem): Promise<readonly GrantRef[]> {
    const { projectId } = item;
    this.#results.clearUnlisted(item);
    this.#passedOn = new Map();
    let listed: readonly GrantRef[] = [];
    let failed: readonly ListFailure[] = [];
    try {
      ({ grants: listed, failed } = await this.#list(item));
    } catch (cause) {
      const { publicCode: code } = knownError(cause);
      // A project without the key has no grants on it.
      const isUnknownKey = code === UNKNOWN_KEY;
      if (!isUnknownKey || item.task.action === 'revoke-key') this.#results.addUnlisted(item, code);
      if (!isUnknownKey) {
        logger.warn('job', { job_id: this.#job.jobId, project_id: projectId, code, cause: describeCause(cause) });
        return [];
      }
    }
    // The grant of a revoke-grant task comes from the event, not from a list.
    if (listed.length > 0 && item.task.action !== 'revoke-grant') this.#job = { ...this.#job, hasFoundGrants: true };
    for (const { keyId, error } of failed) this.#results.addUnlisted(item, error.publicCode, keyId);
    const { gone, stillListed } = this.#results.compareWithList(item, listed, failed);
    this.#countRevoked(-stillListed.length);
    for (const grant of gone) {
      if (await this.#isRevokedByThisJob(projectId, grant)) this.#countRevoked(1);
    }
    return this.#results.untriedOf(item, listed);
  }

  async #list(item: ScopeItem): Promise<{ grants: readonly GrantRef[]; failed: readonly ListFailure[] }> {
    const { task, taskIndex, projectId } = item;
    const { authority } = this.#dependencies;
    const context = this.#contextOf({ projectId, task: taskIndex });
    const { grants, failed, passedOn = new Map() } = await grantsInScope(authority, context, item);
    this.#passedOn = passedOn;
    const [grant] = task.action === 'revoke-grant' ? grants : [];
    if (!grant) return { grants, failed };
    // The event names this grant, so it is looked up only to check a revoke.
    const isToCheck =
      this.#job.mode === 'observe' ||
      this.#results.hasTried(item, grant) ||
      (await this.#isRevokedByThisJob(projectId, grant));
    return { grants: !isToCheck || (await authority.hasGrant(context, grant)) ? grants : [], failed };
  }

  /**
   * Removes grants that are listed although this attempt has revoked them. An attempt that continues after a deadline
   * does not know its revokes, only their events.
   */
  async #withoutRevoked(item: ScopeItem, grants: readonly GrantRef[]): Promise<readonly GrantRef[]> {
    if (!this.#hasCountedBefore) return grants;
    const untried: GrantRef[] = [];
    for (const grant of grants) {
      const isCounted =
        !this.#results.isLeftover(item, grant) && (await this.#isRevokedByThisJob(item.projectId, grant));
      if (isCounted) this.#countRevoked(-1);
      if (isCounted && this.#isContinued) this.#results.addStillListed(item, grant);
      else untried.push(grant);
    }
    return untried;
  }

  #countRevoked(change: number): void {
    this.#job = { ...this.#job, revoked: Math.max(0, this.#job.revoked + change) };
  }

  /**
   * Revokes the rest of an interrupted batch. Grants that have an event of this job are revoked already and are
   * skipped, because an upstream may report success for a second revoke, which would count them twice.
   */
  async #resumeBatch(batch: Batch): Promise<boolean> {
    const grants: GrantRef[] = [];
    for (const grant of batch.grants) {
      // The event of a leftover may be that of an earlier attempt, after which the upstream still listed the grant.
      const isLeftover = this.#results.isLeftover(batch, grant);
      if (!isLeftover && (await this.#isRevokedByThisJob(batch.projectId, grant))) this.#countRevoked(1);
      else grants.push(grant);
    }
    return this.#revokeBatch({ ...batch, grants });
  }

  /** @returns false when the deadline passed before all grants were tried */
  async #revokeBatch(batch: Batch): Promise<boolean> {
    const { grants } = batch;
    const { authority } = this.#dependencies;
    const results = await revokeGrants(authority, this.#contextOf(batch), grants, this.#limits.isPastDeadline);
    // The others have been tried. The job continues with this batch when the error has gone.
    for (const entry of results) if ('unexpected' in entry) throw entry.unexpected;
    const notStarted: GrantRef[] = [];
    for (const entry of results) {
      const { result, grant } = entry;
      if (result === 'not-started') notStarted.push(grant);
      else if (result === 'gone') this.#results.addAbsent(batch, grant);
      else this.#results.addTried(batch, grant, result === 'failed' ? entry.error.publicCode : undefined);
      if (result === 'revoked') this.#countRevoked(1);
    }
    // The next save writes it.
    const rest = notStarted.length > 0 ? { ...batch, grants: notStarted } : undefined;
    this.#job = { ...this.#job, batch: rest };
    return !rest;
  }

  async #isRevokedByThisJob(projectId: string, { grant_id: grantId }: GrantRef): Promise<boolean> {
    const [newestEvent] = await this.#dependencies.store.events.list(projectId, { grantId }, 1);
    return newestEvent?.requestId === this.#job.jobId && newestEvent.failure === undefined;
  }

  #contextOf({ projectId, task }: Pick<Batch, 'projectId' | 'task'>): RequestContext {
    const { type = '', reason = this.#job.reason } = this.#job.tasks[task] ?? {};
    const { actor, channel, approvedBy } = originOf(this.#job);
    return {
      caller: { userId: actor, domainId: '', roles: [] },
      projectId,
      channel,
      approvedBy,
      requestId: this.#job.jobId,
      action: type,
      body: new Uint8Array(),
      isBulk: true,
      deadlineMs: this.#limits.deadlineMs,
      passedOn: this.#passedOn.size > 0 ? sumOf([...this.#passedOn.values()]) : undefined,
      reason,
    };
  }
}

/** Undefined if any of the counts is unknown. */
function sumOf(counts: readonly (number | undefined)[]): number | undefined {
  return counts.every((count) => count !== undefined) ? counts.reduce((sum, count) => sum + count, 0) : undefined;
}

/** Who and what is behind the events of a job. */
export const originOf = ({ source, origin }: Job): NonNullable<Job['origin']> =>
  origin ?? { actor: `hook:${source}`, channel: 'webhook' };
