/** One go at a job: however often it is begun, each grant is revoked once and leaves one receipt. */
import { setImmediate } from 'node:timers/promises';
import type { Authority } from '../../authority/authority.ts';
import { type RevokeResult, revokeGrants } from '../../authority/bulk-revoke.ts';
import type { Batch, Job, Leftover } from '../../domain/job.ts';
import type { GrantRef } from '../../domain/model.ts';
import type { RequestContext } from '../../domain/request-context.ts';
import { knownError } from '../../errors.ts';
import { describeCause, logger } from '../../logger.ts';
import type { Store } from '../../store/store.ts';
import { grantsInScope, type ScopeItem, scopeOf } from './scope.ts';

/** What work on a job needs. */
export interface JobDependencies {
  authority: Authority;
  store: Pick<Store, 'jobs' | 'mappings' | 'directory' | 'events'>;
  now: () => number;
}

/** Written before it is begun; small enough for one item of the store. */
const BATCH = 100;

/** So many failures end a try, and are what is kept of them: one item of the store holds no more. */
const FAILED_MAX = 500;

/** The project has no such key. */
const NO_KEY = 'KMS.0207';

/** Without a sign of life for so long, a job has been lost sight of. */
const LIFE_MS = 5 * 60_000;

/** Another process has written the job: it works on it now, and this one leaves it. */
export class JobTakenOverError extends Error {
  override readonly name = 'TakenOver';
}

export class JobAttempt {
  readonly #world: JobDependencies;
  readonly #isPastDeadline: () => boolean;
  #job: Job;
  /** Tried, with what was in the way of those that could not be revoked. */
  readonly #tried = new Map<string, Leftover | undefined>();
  /** What could not be looked at. */
  #unread: Leftover[] = [];
  /** Failed in an earlier try: they come last, so that they keep no others from their turn. */
  #before: ReadonlyMap<string, Leftover> = new Map();

  /** @param isPastDeadline whether time is up: then nothing more is begun */
  constructor(world: JobDependencies, job: Job, isPastDeadline: () => boolean) {
    this.#world = world;
    this.#job = job;
    this.#isPastDeadline = isPastDeadline;
  }

  /** As it stands. */
  get job(): Job {
    return this.#job;
  }

  /** What could not be done in this try. */
  get failed(): Leftover[] {
    return [...[...this.#tried.values()].filter((one) => one !== undefined), ...this.#unread];
  }

  /** Writes how far it has come. @throws TakenOver */
  async save(changed: Partial<Job> = {}): Promise<void> {
    const { store, now } = this.#world;
    const { failed } = this;
    // Those whose turn is still to come are not lost sight of either.
    const untried = [...this.#before].filter(([name]) => !this.#tried.has(name)).map(([, one]) => one);
    const leftovers = [...failed, ...untried].slice(0, FAILED_MAX);
    const told = { leftovers, leftoverCount: failed.length, dueAtMs: now() + LIFE_MS };
    const job = { ...this.#job, ...told, ...changed };
    if (!(await store.jobs.save(job))) throw new JobTakenOverError();
    this.#job = { ...job, revision: job.revision + 1 };
  }

  /** Tries everything that is there to be done, once. @returns false when time was up before that */
  async run(): Promise<boolean> {
    this.#begin();
    await this.save({ state: 'running' });
    if (this.#job.batch && !(await this.#resume(this.#job.batch))) return false;
    const { parts, unmapped } = await scopeOf(this.#world.store, this.#job);
    // Whoever was mapped only after their turn in this try is told as unmapped: it was not done.
    this.#job = { ...this.#job, unmapped: [...new Set([...this.#job.unmapped, ...unmapped])] };
    for (const part of parts) {
      if (part.index < (this.#job.scopeIndex ?? 0)) continue;
      this.#job = { ...this.#job, scopeIndex: part.index };
      // There may be very many, and each a moment's work in which nobody else has a turn.
      await setImmediate();
      if (this.#isPastDeadline() || !(await this.#clear(part))) return false;
      const ofTask = parts.filter(({ place }) => place === part.place);
      if (part === ofTask.at(-1)) this.#tellUnknown(part.place, ofTask.length);
    }
    return true;
  }

  /** The same try goes on where it was, with what has failed in it; or another begins. */
  #begin(): void {
    const { scopeIndex, leftovers } = this.#job;
    const named = leftovers.filter(({ grantId }) => grantId !== '');
    if (scopeIndex === undefined) {
      this.#before = new Map(named.map((one) => [nameOf(one.projectId, one.grantId), one]));
      this.#job = { ...this.#job, scopeIndex: 0, unmapped: [] };
      return;
    }
    for (const one of named) this.#tried.set(nameOf(one.projectId, one.grantId), one);
    this.#unread = leftovers.filter(({ grantId }) => grantId === '');
  }

  /** Revokes until a look at what is there finds nothing that was not tried: what is made meanwhile goes too. */
  async #clear(part: ScopeItem): Promise<boolean> {
    const { place, projectId } = part;
    for (;;) {
      const left = await this.#look(part);
      if (left.length === 0) return true;
      for (let from = 0; from < left.length; from += BATCH) {
        // What has been found is kept, though time may be up: to look may take all of it.
        const batch: Batch = { projectId, task: place, grants: left.slice(from, from + BATCH) };
        await this.save({ batch });
        if (!(await this.#finish(batch))) return false;
        if (this.failed.length >= FAILED_MAX) return true;
      }
    }
  }

  /** The grants of the part that have not been tried yet. */
  async #look(part: ScopeItem): Promise<readonly GrantRef[]> {
    const { place, projectId, task } = part;
    this.#unread = this.#unread.filter((one) => one.task !== place || one.projectId !== projectId);
    try {
      const listed = await grantsInScope(this.#world.authority, this.#contextOf({ projectId, task: place }), part);
      const left = [...listed, ...this.#unlisted(part, listed)].filter(
        ({ grant_id }) => !this.#tried.has(nameOf(projectId, grant_id)),
      );
      // Named, not listed: what an earlier go has revoked would be found, and counted, again.
      const [named] = task.action === 'revoke-grant' ? left : [];
      if (named && (await this.#isOwn(projectId, named))) return [];
      const isLate = ({ grant_id }: GrantRef) => Number(this.#before.has(nameOf(projectId, grant_id)));
      return left.toSorted((one, other) => isLate(one) - isLate(other));
    } catch (cause) {
      const { publicCode: code } = knownError(cause);
      const isUnknownKey = code === NO_KEY;
      if (isUnknownKey && task.action !== 'revoke-key') return [];
      this.#unread.push({
        projectId,
        task: place,
        keyId: 'keyId' in task ? (task.keyId ?? '') : '',
        grantId: '',
        code,
      });
      if (!isUnknownKey) {
        logger.warn('job', { job_id: this.#job.jobId, project_id: projectId, code, cause: describeCause(cause) });
      }
      return [];
    }
  }

  /** Failed before and no longer there: perhaps another KMS has done it and could not say so. Asked again, it tells. */
  #unlisted({ place, projectId }: ScopeItem, listed: readonly GrantRef[]): GrantRef[] {
    const there = new Set(listed.map(({ grant_id }) => grant_id));
    return [...this.#before.values()]
      .filter((one) => one.task === place && one.projectId === projectId && !there.has(one.grantId))
      .map(({ keyId, grantId }) => ({ key_id: keyId, grant_id: grantId }));
  }

  /** A key is one project's. That none of them has it is told once: it was named wrongly, and nothing is done. */
  #tellUnknown(place: number, parts: number): void {
    const unknown = this.#unread.filter(({ task, code }) => task === place && code === NO_KEY);
    const [first] = unknown;
    const isNowhere = unknown.length === parts;
    this.#unread = this.#unread.filter((one) => !unknown.includes(one) || (isNowhere && one === first));
  }

  /** Begun before a crash: what of it was done has its receipt. Sent again, another KMS might answer as the first time. */
  async #resume(batch: Batch): Promise<boolean> {
    const grants: GrantRef[] = [];
    let { revoked } = this.#job;
    for (const grant of batch.grants) {
      if (await this.#isOwn(batch.projectId, grant)) revoked += 1;
      else grants.push(grant);
    }
    this.#job = { ...this.#job, revoked };
    return this.#finish({ ...batch, grants });
  }

  /** @returns false when time was up before all of it was tried */
  async #finish(batch: Batch): Promise<boolean> {
    const { projectId, grants, task } = batch;
    const endings = await revokeGrants(this.#world.authority, this.#contextOf(batch), grants, this.#isPastDeadline);
    const unbegun: GrantRef[] = [];
    let { revoked } = this.#job;
    for (const ending of endings) {
      const { result, grant } = ending;
      if (result === 'not-started') unbegun.push(grant);
      else this.#tried.set(nameOf(projectId, grant.grant_id), leftoverOf({ projectId, task }, ending));
      if (result === 'revoked' || (result === 'gone' && (await this.#isOwn(projectId, grant)))) revoked += 1;
    }
    // Written together with whatever comes next.
    this.#job = { ...this.#job, revoked, batch: unbegun.length > 0 ? { ...batch, grants: unbegun } : undefined };
    return unbegun.length === 0;
  }

  /** Whether a grant has gone by an earlier go of this job. */
  async #isOwn(projectId: string, { grant_id: grantId }: GrantRef): Promise<boolean> {
    const [newest] = await this.#world.store.events.list(projectId, { grantId }, 1);
    return newest?.requestId === this.#job.jobId && newest.failure === undefined;
  }

  #contextOf({ projectId, task: place }: Pick<Batch, 'projectId' | 'task'>): RequestContext {
    const { type = '', reason } = this.#job.tasks[place] ?? {};
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

/** A grant of one project: in another the same id may be looked for too. */
const nameOf = (projectId: string, grantId: string) => `${projectId} ${grantId}`;

/** As receipts name who acts. */
export const actorOf = ({ source }: Job) => `hook:${source}`;

function leftoverOf(where: Pick<Batch, 'projectId' | 'task'>, ending: RevokeResult): Leftover | undefined {
  const { key_id: keyId, grant_id: grantId } = ending.grant;
  return ending.result === 'failed' ? { ...where, keyId, grantId, code: ending.error.publicCode } : undefined;
}
