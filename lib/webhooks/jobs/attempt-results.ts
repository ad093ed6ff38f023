import { isKeyUnread, STILL_LISTED } from '../../authority/bulk-revoke.ts';
import type { Job, Leftover } from '../../domain/job.ts';
import type { GrantRef, ListFailure } from '../../domain/model.ts';
import type { ScopeItem } from './scope.ts';

/** The error code when a project has no such key. */
export const UNKNOWN_KEY = 'KMS.0207';

/** The code of a grant whose revoke was refused because the grant does not exist, and that is listed nevertheless. */
const REPORTED_ABSENT = 'KMS.2501';

/** What one attempt at a job has done so far: which grants it tried, and what failed. */
export class AttemptResults {
  /** The grants tried so far; the value is undefined for a grant that no longer exists. */
  readonly #tried = new Map<string, Leftover | undefined>();
  /**
   * Those of the tried grants that no longer exist according to the response to their revoke, without a list that
   * confirms it. They count as failures until a list does.
   */
  readonly #unconfirmed = new Map<string, Leftover>();
  /** Leftovers of the previous attempt. */
  readonly #previous = new Map<string, Leftover>();
  /** Scope items whose grants could not be listed; their `grantId` is empty. */
  #unlisted: Leftover[] = [];

  /** Continues the attempt that the job is in, or starts the next one. */
  constructor({ scopeIndex, leftovers }: Job) {
    const isContinued = scopeIndex !== undefined;
    for (const leftover of leftovers) {
      if (leftover.grantId !== '') (isContinued ? this.#tried : this.#previous).set(keyOf(leftover), leftover);
      else if (isContinued) this.#unlisted.push(leftover);
      if (isContinued && leftover.code === REPORTED_ABSENT) this.#unconfirmed.set(keyOf(leftover), leftover);
    }
  }

  get failures(): Leftover[] {
    return [...[...this.#tried.values()].filter((leftover) => leftover !== undefined), ...this.#unlisted];
  }

  /** The number of grants that could not be revoked. Lists that could not be read are not counted. */
  get failedGrants(): number {
    return [...this.#tried.values()].filter((leftover) => leftover !== undefined).length;
  }

  /** Leftovers of the previous attempt that this one has yet to try. */
  get untriedLeftovers(): Leftover[] {
    return [...this.#previous].filter(([key]) => !this.#tried.has(key)).map(([, leftover]) => leftover);
  }

  /** @param code the error code, when the grant could not be revoked */
  addTried({ projectId, task }: Pick<Leftover, 'projectId' | 'task'>, grant: GrantRef, code: string | undefined): void {
    const leftover = { projectId, task, keyId: grant.key_id, grantId: grant.grant_id };
    this.#tried.set(keyOf(leftover), code === undefined ? undefined : { ...leftover, code });
  }

  /** Adds a grant that does not exist according to the response to its revoke. */
  addAbsent(batch: Pick<Leftover, 'projectId' | 'task'>, grant: GrantRef): void {
    this.#addUnconfirmed(batch, grant, REPORTED_ABSENT);
  }

  /** Adds a grant that is listed although its revoke was confirmed. */
  addStillListed({ projectId, taskIndex: task }: ScopeItem, grant: GrantRef): void {
    this.#addUnconfirmed({ projectId, task }, grant, STILL_LISTED.publicCode);
  }

  hasTried({ projectId }: ScopeItem, { grant_id: grantId }: GrantRef): boolean {
    return this.#tried.has(keyOf({ projectId, grantId }));
  }

  /** Whether the stored job has the grant among its leftovers, so that it is not counted as revoked. */
  isLeftover({ projectId }: Pick<Leftover, 'projectId'>, { grant_id: grantId }: GrantRef): boolean {
    const key = keyOf({ projectId, grantId });
    return this.#previous.has(key) || this.#tried.get(key) !== undefined;
  }

  /**
   * Compares the tried grants with a new list of the item's grants. What is still listed is a leftover, whatever the
   * response to its revoke was.
   * @param failed what the new list lacks
   * @returns `gone`: the unconfirmed grants that are not listed; `stillListed`: the revoked grants that are listed
   */
  compareWithList(
    item: ScopeItem,
    listed: readonly GrantRef[],
    failed: readonly ListFailure[] = [],
  ): { gone: GrantRef[]; stillListed: GrantRef[] } {
    const { taskIndex, projectId } = item;
    const listedIds = new Set(listed.map(({ grant_id }) => grant_id));
    const gone = [...this.#unconfirmed.values()]
      .filter((tried) => tried.task === taskIndex && tried.projectId === projectId)
      .filter((tried) => !listedIds.has(tried.grantId) && !isKeyUnread(failed, tried.keyId))
      .map(({ keyId, grantId }) => ({ key_id: keyId, grant_id: grantId }));
    for (const grant of gone) {
      this.addTried({ projectId, task: taskIndex }, grant, undefined);
      this.#unconfirmed.delete(keyOf({ projectId, grantId: grant.grant_id }));
    }
    const isRevoked = (key: string) => this.#tried.has(key) && this.#tried.get(key) === undefined;
    const stillListed = listed.filter(({ grant_id: grantId }) => isRevoked(keyOf({ projectId, grantId })));
    for (const grant of stillListed) this.addStillListed(item, grant);
    return { gone, stillListed };
  }

  #addUnconfirmed(batch: Pick<Leftover, 'projectId' | 'task'>, grant: GrantRef, code: string): void {
    const { projectId, task } = batch;
    const leftover = { projectId, task, keyId: grant.key_id, grantId: grant.grant_id, code };
    this.#tried.set(keyOf(leftover), leftover);
    this.#unconfirmed.set(keyOf(leftover), leftover);
  }

  /** Removes the failure to list the item, before it is listed again. */
  clearUnlisted({ taskIndex, projectId }: ScopeItem): void {
    this.#unlisted = this.#unlisted.filter((item) => item.task !== taskIndex || item.projectId !== projectId);
  }

  /** @param unreadKeyId the key that could not be read; by default the task's key, if it names one */
  addUnlisted({ taskIndex, projectId, task }: ScopeItem, code: string, unreadKeyId = ''): void {
    const keyId = unreadKeyId || ('keyId' in task ? (task.keyId ?? '') : '');
    this.#unlisted.push({ projectId, task: taskIndex, keyId, grantId: '', code });
  }

  /**
   * Returns the grants that this attempt has yet to try. Those that failed in the previous attempt come last, because
   * grants that always fail must not delay the others. They include grants that are no longer listed: the upstream may
   * have revoked them although its response was lost, and a second revoke shows it.
   */
  untriedOf({ taskIndex, projectId }: ScopeItem, listed: readonly GrantRef[]): GrantRef[] {
    const listedIds = new Set(listed.map(({ grant_id }) => grant_id));
    const vanished = [...this.#previous.values()]
      .filter((leftover) => leftover.task === taskIndex && leftover.projectId === projectId)
      .filter(({ grantId }) => !listedIds.has(grantId))
      .map(({ keyId, grantId }) => ({ key_id: keyId, grant_id: grantId }));
    const key = ({ grant_id: grantId }: GrantRef) => keyOf({ projectId, grantId });
    const hasFailedBefore = (grant: GrantRef) => Number(this.#previous.has(key(grant)));
    return [...listed, ...vanished]
      .filter((grant) => !this.#tried.has(key(grant)))
      .toSorted((a, b) => hasFailedBefore(a) - hasFailedBefore(b));
  }

  /**
   * Reports an unknown key once, and only if no project of the task has it: a key belongs to one project, so the others
   * do not have it.
   */
  mergeUnknownKey(taskIndex: number, projectCount: number): void {
    const unknown = this.#unlisted.filter(({ task, code }) => task === taskIndex && code === UNKNOWN_KEY);
    const reported = unknown.length === projectCount ? unknown.slice(0, 1) : [];
    this.#unlisted = [...this.#unlisted.filter((item) => !unknown.includes(item)), ...reported];
  }
}

/** The id of a grant is looked for in each project of a task, so it alone is not unique. */
const keyOf = ({ projectId, grantId }: Pick<Leftover, 'projectId' | 'grantId'>) => `${projectId} ${grantId}`;
