/** The request of an administrator that revokes the grants of a principal, or shows what it would revoke. */
import { newEvent } from '../domain/events.ts';
import { type Grant, type GrantRef, type ListFailure, serializeFailures } from '../domain/model.ts';
import type { RequestContext } from '../domain/request-context.ts';
import { isUnknownKey, KmsError, knownError } from '../errors.ts';
import { idempotencyKeyOf, signatureKeyOf } from '../idempotency/key.ts';
import { idempotencyLock } from '../idempotency/lock.ts';
import { runOnce, saveRecords } from '../idempotency/run-once.ts';
import { describeCause, logger } from '../logger.ts';
import type { Store } from '../store/store.ts';
import type { Authority } from './authority.ts';
import {
  countPassedOn,
  digestOf,
  type FoundGrants,
  findGrants,
  isKeyUnread,
  type RevokeResult,
  revokeGrants,
  type Selection,
  STILL_LISTED,
} from './bulk-revoke.ts';

interface BulkRevokeInput extends Selection {
  isDryRun: boolean;
  /** The digest of a dry run: nothing is revoked if the grants have changed since. */
  digest?: string | undefined;
}

/** After this time no further revoke starts. The gateway allows 29 s for the whole request. */
const WORK_MS = 15_000;
/** Until this time the service lists which grants are left. The rest of the time is for the reply. */
const LOOK_MS = WORK_MS + 5_000;

/** How long a repeat of the request waits for the first one. */
const LOCK_WAIT_MS = LOOK_MS + 5_000;

interface Dependencies {
  authority: Authority;
  store: Pick<Store, 'idempotency' | 'events'>;
  /** ms since 1970 */
  now: () => number;
  /** Whether all processes that share the store run on this host. */
  isSingleHost: boolean;
}

/**
 * Revokes the grants of a principal and returns the reply of revoke-principal-grants. A repeat of the request waits
 * while the first one is still in progress, and gets its answer if it is still true.
 * @throws KmsError KMS.0308 when the grants differ from those of the digest; nothing is revoked then
 */
export async function revokePrincipalGrants(
  dependencies: Dependencies,
  context: RequestContext,
  input: BulkRevokeInput,
): Promise<object> {
  const { authority, store, now } = dependencies;
  const startedAtMs = context.startedAtMs ?? performance.now();
  if (input.isDryRun) {
    const looking = within(context, startedAtMs + LOOK_MS);
    const found = await findGrants(authority, looking, input);
    return previewOf(found, await countPassedOn(authority, looking, input, found));
  }
  const lockKey = idempotencyKeyOf(context) ?? signatureKeyOf(context);
  const acquireLock = idempotencyLock(store.idempotency, dependencies);
  const lock = lockKey && (await acquireLock(`${lockKey}-claim`, context.requestId, LOCK_WAIT_MS));
  const run = new BulkRevoke(dependencies, context, input);
  try {
    return await runOnce<BulkRevokeReply>({ idempotency: store.idempotency, now }, context, {
      isStillTrue: (reply) => run.isStillTrue(reply),
      // The digest no longer matches after the first request, so a repeat with it could only be refused.
      isComplete: ({ remaining }) => remaining === 0 || input.digest !== undefined,
      assertAllowed: () => run.assertDigest(),
      async work(recordsOf) {
        const answer = await run.run(startedAtMs);
        await saveRecords({ idempotency: store.idempotency, now }, recordsOf(answer));
        return answer;
      },
    });
  } finally {
    if (lock) await lock.release(false);
  }
}

interface BulkRevokeReply {
  revoked: number;
  failed: object[];
  remaining: number;
  passed_on?: number | undefined;
}

const within = (context: RequestContext, deadlineMs: number): RequestContext => ({ ...context, deadlineMs });

const idOf = ({ key_id, grant_id }: GrantRef) => `${key_id} ${grant_id}`;

/** Revokes the grants, lists them again, and revokes new ones, until a list has no new ones. */
class BulkRevoke {
  readonly #dependencies: Dependencies;
  readonly #context: RequestContext;
  readonly #input: BulkRevokeInput;
  /** The result of each grant that was tried. */
  readonly #tried = new Map<string, RevokeResult>();
  /** As of the last list; undefined if it could not be counted. */
  #passedOn: number | undefined;

  constructor(dependencies: Dependencies, context: RequestContext, input: BulkRevokeInput) {
    this.#dependencies = dependencies;
    this.#context = { ...context, recordedGrants: new Map() };
    this.#input = input;
  }

  /** Whether an earlier reply is still true. */
  async isStillTrue({ remaining, passed_on: passedOn }: BulkRevokeReply): Promise<boolean> {
    const { grants, failed } = await this.#look(performance.now() + LOOK_MS);
    return grants.length + failed.length === remaining && this.#passedOn === passedOn;
  }

  /** @throws KmsError KMS.0308 when the grants differ from those of the digest */
  async assertDigest(): Promise<void> {
    this.#assertDigestOf(await this.#look(performance.now() + LOOK_MS));
  }

  #assertDigestOf({ grants }: FoundGrants): void {
    const { digest } = this.#input;
    if (digest === undefined || digest === digestOf(grants)) return;
    throw new KmsError('KMS.0308', {
      detail:
        'The grants have changed since the dry run that returned the digest. Nothing was revoked. Repeat the dry run.',
    });
  }

  async run(startedAtMs: number): Promise<BulkRevokeReply> {
    const isPastDeadline = () => performance.now() > startedAtMs + WORK_MS;
    let found = await this.#look(startedAtMs + WORK_MS);
    const { digest } = this.#input;
    this.#assertDigestOf(found);
    for (let mayContinue = true; mayContinue; ) {
      const untried = found.grants.filter((grant) => !this.#tried.has(idOf(grant)));
      if (untried.length === 0) break;
      const isComplete = await this.#revoke(untried, isPastDeadline);
      found = await this.#lookAgain(found, startedAtMs + LOOK_MS);
      // A digest names the grants that may be revoked, so what is new is only counted.
      mayContinue = isComplete && digest === undefined && !isPastDeadline();
    }
    return this.#reply(found);
  }

  async #look(deadlineMs: number): Promise<FoundGrants> {
    const { authority } = this.#dependencies;
    const context = within(this.#context, deadlineMs);
    const found = await findGrants(authority, context, this.#input);
    this.#passedOn = await countPassedOn(authority, context, this.#input, found);
    return found;
  }

  /** When nothing can be listed again, the result names what is unknown, and keeps the grants that were not tried. */
  async #lookAgain(previous: FoundGrants, deadlineMs: number): Promise<FoundGrants> {
    try {
      return await this.#look(deadlineMs);
    } catch (cause) {
      const error = knownError(cause);
      // The one key that the request names was deleted, and its grants with it.
      if (isUnknownKey(error)) return { grants: [], failed: [] };
      const triedKeys = [...this.#tried.values()].map(({ grant }) => grant.key_id);
      const unreadKeys = previous.failed.map(({ keyId }) => keyId);
      // "" stands for the other keys of the project, as in the failures of a list.
      const keyIds = new Set([...triedKeys, ...unreadKeys, this.#input.keyId ?? '']);
      const failed = [...keyIds].map((keyId): ListFailure => ({ keyId, grantId: '', error }));
      return { grants: previous.grants.filter((grant) => !this.#tried.has(idOf(grant))), failed };
    }
  }

  /**
   * Grants with create-grant go first: with them the principal could create further ones.
   * @returns false if cut short
   */
  async #revoke(grants: readonly Grant[], isPastDeadline: () => boolean): Promise<boolean> {
    const { authority } = this.#dependencies;
    const context = { ...this.#context, passedOn: this.#passedOn };
    const [delegating, others] = [true, false].map((mayDelegate) =>
      grants.filter(({ operations }) => operations.includes('create-grant') === mayDelegate),
    ) as [Grant[], Grant[]];
    const results = [
      ...(await revokeGrants(authority, context, delegating, isPastDeadline)),
      ...(await revokeGrants(authority, context, others, isPastDeadline)),
    ];
    const started = results.filter(({ result }) => result !== 'not-started');
    for (const result of started) this.#tried.set(idOf(result.grant), result);
    return started.length === results.length;
  }

  async #reply({ grants, failed }: FoundGrants): Promise<BulkRevokeReply> {
    const standing = new Set(grants.map(idOf));
    const tried = [...this.#tried.values()];
    const refused = tried.filter((one) => one.result === 'failed');
    // On a key that could not be read again, a grant whose revoke failed counts as not revoked.
    const unrevoked = refused.filter(({ grant }) => standing.has(idOf(grant)) || isKeyUnread(failed, grant.key_id));
    const ineffective = tried.filter(({ grant, result }) => result !== 'failed' && standing.has(idOf(grant)));
    await Promise.all(ineffective.map(({ grant }) => this.#appendFailure(grant)));
    const failures = [
      ...unrevoked.map(({ grant, error }) => failureOf(grant, error)),
      ...ineffective.map(({ grant }) => failureOf(grant, STILL_LISTED)),
      ...failed,
    ];
    const unlisted = unrevoked.filter(({ grant }) => !standing.has(idOf(grant)));
    return {
      revoked: tried.filter(({ grant, result }) => result === 'revoked' && !standing.has(idOf(grant))).length,
      failed: serializeFailures(failures),
      remaining: standing.size + unlisted.length + failed.length,
      passed_on: this.#passedOn,
    };
  }

  /** The revoke has written an event already; this one says that the grant still exists. */
  async #appendFailure(grant: GrantRef): Promise<void> {
    const { store, now } = this.#dependencies;
    const { caller } = this.#context;
    const known = 'operations' in grant ? grant : undefined;
    const subject = { keyId: grant.key_id, grantId: grant.grant_id, grant: known, failure: STILL_LISTED.publicCode };
    const event = newEvent({ ...this.#context, actor: caller.userId }, subject, now());
    await store.events.append(event, []).catch((error: unknown) => {
      logger.warn('revoke', { grant_id: grant.grant_id, cause: describeCause(error) });
    });
  }
}

const failureOf = ({ key_id: keyId, grant_id: grantId }: GrantRef, error: KmsError): ListFailure => ({
  keyId,
  grantId,
  error,
});

function previewOf({ grants, failed }: FoundGrants, passedOn: number | undefined): object {
  const byKey = Map.groupBy(grants, ({ key_id }) => key_id);
  return {
    dry_run: true,
    total: grants.length,
    keys: [...byKey].map(([key_id, { length }]) => ({ key_id, total: length })),
    digest: digestOf(grants),
    passed_on: passedOn,
    failed: failed.length > 0 ? serializeFailures(failed) : undefined,
  };
}
