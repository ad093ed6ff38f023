/** The request of an administrator that previews a revocation, and then has a job carry it out. */
import { randomBytes } from 'node:crypto';
import type { Authority } from '../../authority/authority.ts';
import { digestOf } from '../../authority/bulk-revoke.ts';
import type { Config } from '../../config.ts';
import { type Job, newJob, type Task } from '../../domain/job.ts';
import type { Grant } from '../../domain/model.ts';
import type { RequestContext } from '../../domain/request-context.ts';
import { KmsError } from '../../errors.ts';
import { idempotencyKeyOf, signatureKeyOf } from '../../idempotency/key.ts';
import { runOnce, saveRecords } from '../../idempotency/run-once.ts';
import type { Queue } from '../../queue/queue.ts';
import { sha256Hex } from '../../signing/bytes.ts';
import type { Store } from '../../store/store.ts';
import { enqueueJob } from './enqueue-job.ts';
import { findSelected, type GrantSelection, previewOf } from './selection.ts';

interface RevocationInput extends GrantSelection {
  isDryRun: boolean;
  /** The digest of a dry run; required without `isDryRun`. */
  digest?: string | undefined;
}

interface Dependencies {
  config: Pick<Config, 'upstream'>;
  authority: Authority;
  store: Pick<Store, 'jobs' | 'idempotency'>;
  queue: Queue;
  now: () => number;
}

interface Created {
  job_id: string;
  total: number;
}

/** With its leftovers, a job must fit into one item of the store, which is 400 KB in DynamoDB. */
const GRANT_TASKS_MAX = 500;

/** Queued, running and waiting jobs of one project that this API created. */
const OPEN_JOBS_MAX = 1_000;

/** The `action` of the events: the name of the API. */
const TYPE = 'create-revocation-job';

/**
 * Previews the selected grants, or stores a job that revokes them. A repeat of the request gets the same job.
 * @returns the preview, or the id of the job and the number of selected grants
 * @throws KmsError KMS.0308 when the grants differ from those of the digest, when there are none, and when they are too
 *   many for one job; APIGW.0101 where no job can be created; KMS.0104 for too many open jobs; KMS.0204; KMS.0207.
 *   No job is stored then
 */
export async function createRevocationJob(
  dependencies: Dependencies,
  context: RequestContext,
  input: RevocationInput,
): Promise<{ isCreated: boolean; body: object }> {
  const { config, authority, store, now } = dependencies;
  if (config.upstream?.credentials === 'caller') {
    throw new KmsError('APIGW.0101', {
      detail: 'With KMS_CREDENTIALS=caller, this service has no credentials with which a job could revoke grants.',
    });
  }
  if (input.grantee === undefined && input.keyId === undefined) throw missing('grantee_principal or key_id');
  if (input.isDryRun) return { isCreated: false, body: await previewOf(authority, context, input) };
  if (input.digest === undefined) throw missing('digest');
  if (context.reason === undefined) throw missing('reason');
  const key = idempotencyKeyOf(context) ?? signatureKeyOf(context);
  // A request with a key has the same job id at each repeat, so that even a crash before its record leaves one job.
  const jobId = key === undefined ? randomBytes(16).toString('hex') : sha256Hex(`${TYPE}\n${key}`).slice(0, 32);
  const request = new RevocationRequest(dependencies, context, input, jobId);
  const body = await runOnce<Created>({ idempotency: store.idempotency, now }, context, {
    isStillTrue: async ({ job_id: id }) => (await store.jobs.job(id)) !== undefined,
    assertAllowed: () => request.newJob(),
    async work(recordsOf) {
      const answer = await request.storeJob();
      await saveRecords({ idempotency: store.idempotency, now }, recordsOf(answer));
      return answer;
    },
  });
  if (context.trace) context.trace.jobId = body.job_id;
  return { isCreated: true, body };
}

const missing = (names: string) => new KmsError('KMS.0204', { detail: `${names} is required.` });

class RevocationRequest {
  readonly #dependencies: Dependencies;
  readonly #context: RequestContext;
  readonly #input: RevocationInput;
  readonly #jobId: string;

  constructor(dependencies: Dependencies, context: RequestContext, input: RevocationInput, jobId: string) {
    this.#dependencies = dependencies;
    this.#context = context;
    this.#input = input;
    this.#jobId = jobId;
  }

  /** Stores the job durably, and then sends its message. A job that an equal request has stored is kept. */
  async storeJob(): Promise<Created> {
    const { store, queue } = this.#dependencies;
    let job = await store.jobs.job(this.#jobId);
    if (!job) {
      const created = await this.newJob();
      job = (await store.jobs.add(created)) ?? created;
    }
    // For a repeat too: the process may have died after it stored the job and before it sent the message.
    if (job.state === 'queued') await enqueueJob(queue, job);
    return { job_id: job.jobId, total: job.total ?? 0 };
  }

  /** Changes nothing. @throws KmsError */
  async newJob(): Promise<Job> {
    const { authority, store, now } = this.#dependencies;
    const { projectId, requestId, caller, channel, reason } = this.#context;
    const { digest } = this.#input;
    // Not a name that a source can have, so each has open jobs and a share of the worker of its own.
    const source = `http:${projectId}`;
    if ((await store.jobs.countOpen(source, OPEN_JOBS_MAX)) >= OPEN_JOBS_MAX) {
      const detail = 'The project has too many jobs that have not ended. Wait until they end, or stop some of them.';
      throw new KmsError('KMS.0104', { detail, retryAfterSeconds: 60 });
    }
    const { grants, failed } = await findSelected(authority, this.#context, this.#input);
    if (digest !== digestOf(grants)) {
      throw new KmsError('KMS.0308', {
        detail:
          'The grants have changed since the dry run that returned the digest. Nothing was revoked. Repeat the dry run.',
      });
    }
    if (grants.length === 0) {
      // An unread key may hide grants.
      throw (
        failed[0]?.error ?? new KmsError('KMS.0308', { detail: 'No grant is selected, so there is nothing to do.' })
      );
    }
    return newJob(
      {
        jobId: this.#jobId,
        source,
        deliveryId: requestId,
        contentDigest: digest,
        projectIds: [projectId],
        tasks: tasksOf(this.#input, grants),
        reason,
        total: grants.length,
        origin: { channel, actor: caller.userId },
      },
      now(),
    );
  }
}

/** Without `grantIds`, also what is granted in the meantime is revoked, if the tasks can describe it. */
function tasksOf({ grantee, keyId, operations, grantIds }: GrantSelection, grants: readonly Grant[]): Task[] {
  const isScope = grantIds === undefined;
  if (isScope && grantee !== undefined) {
    return [{ action: 'revoke-principal', type: TYPE, grantee, keyId, operations }];
  }
  if (isScope && keyId !== undefined && operations === undefined) return [{ action: 'revoke-key', type: TYPE, keyId }];
  if (grants.length > GRANT_TASKS_MAX) {
    throw new KmsError('KMS.0308', {
      detail: `The request selects more than ${GRANT_TASKS_MAX} grants. Narrow it: add grantee_principal or grant_ids, or leave operations out.`,
    });
  }
  // Grants with create-grant go first: with them, a principal could create further ones.
  const rank = (grant: Grant) => Number(!grant.operations.includes('create-grant'));
  return grants
    .toSorted((a, b) => rank(a) - rank(b))
    .map(({ key_id, grant_id }) => ({ action: 'revoke-grant', type: TYPE, keyId: key_id, grantId: grant_id }));
}
