import { KmsError } from '../../errors.ts';
import type { JobStore, Store } from '../../store/store.ts';
import { memoizeByStore } from '../../util/memoize.ts';

/** Queued, running and waiting jobs of one source. A source that sends without end must not fill the store. */
const OPEN_JOBS_MAX = 5_000;

/** Counting reads a row for each open job, so it is not done for each webhook. */
const COUNT_MAX_AGE_MS = 5_000;

interface QuotaDependencies {
  store: Pick<Store, 'jobs'>;
  now: () => number;
}

/**
 * Refuses another job of a source that has too many open ones. The count may be a few seconds old. The status is 503
 * because many senders do not send a webhook again after a 4xx status, and its deactivation would be lost.
 * @throws KmsError KMS.0104
 */
export async function assertQuota(dependencies: QuotaDependencies, source: string): Promise<void> {
  if ((await openJobsOf(dependencies)(source)) < OPEN_JOBS_MAX) return;
  throw new KmsError('KMS.0104', {
    detail: 'The source has too many jobs that have not ended. Send the webhook again later.',
    cause: `the source ${source} has ${OPEN_JOBS_MAX} jobs that have not ended`,
    retryAfterSeconds: 60,
  });
}

const openJobsOf = memoizeByStore(({ store, now }: QuotaDependencies) => cachedCounts(store.jobs, now));

function cachedCounts(jobs: JobStore, now: () => number): (source: string) => Promise<number> {
  // At most one entry for each source in HOOKS.
  const counts = new Map<string, { count: Promise<number>; readAtMs: number }>();
  return async (source) => {
    const cached = counts.get(source);
    if (cached && Math.abs(now() - cached.readAtMs) < COUNT_MAX_AGE_MS) return cached.count;
    const count = jobs.countOpen(source, OPEN_JOBS_MAX);
    counts.set(source, { count, readAtMs: now() });
    count.catch(() => counts.delete(source));
    return count;
  };
}
