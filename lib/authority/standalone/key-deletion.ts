import { type EventOrigin, newEvent } from '../../domain/events.ts';
import type { Grant, Key } from '../../domain/model.ts';
import type { Change, GrantStore } from '../../store/store.ts';
import { subjectOf } from './commit-change.ts';

const KEYS_PER_RUN = 50;
const GRANTS_PER_BATCH = 50;

/** Longer than any request takes, so that a cancellation made just before the deletion date wins. */
const GRACE_MS = 60_000;

/** Less than a function may run. */
const WORK_MS = 20_000;

/**
 * Deletes the keys whose deletion date has passed, each after its grants, with an event for every grant and key. A key
 * stays listed as pending deletion until its last grant is gone; a run that ends early is continued by the next one.
 * @param workMs no deletion starts after this time
 * @returns the number of deleted keys
 */
export async function deleteDueKeys(grants: GrantStore, now: () => number, workMs = WORK_MS): Promise<number> {
  const deadlineMs = performance.now() + workMs;
  const due = await grants.keysDue(now() - GRACE_MS, KEYS_PER_RUN);
  // Concurrently, so that a key with very many grants does not delay the others.
  const results = await Promise.allSettled(due.map((key) => deleteKey(grants, key, now, deadlineMs)));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
  return results.filter((result) => result.status === 'fulfilled' && result.value).length;
}

/** @returns whether the key was deleted */
async function deleteKey(grants: GrantStore, key: Key, now: () => number, deadlineMs: number): Promise<boolean> {
  const commit = (change: Change) => grants.commit(change, newEvent(originOf(key), subjectOf(change), now()));
  for (;;) {
    if (performance.now() > deadlineMs) return false;
    const { json } = await grants.listGrants(key, {}, { limit: GRANTS_PER_BATCH });
    const batch = JSON.parse(json) as Grant[];
    if (batch.length === 0) break;
    await Promise.all(batch.map((grant) => commit({ kind: 'remove-grant', grant })));
  }
  const { type } = await commit({ kind: 'remove-key', keyId: key.keyId, deletionAtMs: key.deletionAtMs });
  return type === 'done';
}

const originOf = ({ projectId }: Key): EventOrigin => ({
  action: 'delete-key',
  projectId,
  actor: 'kms-grants',
  channel: 'deletion',
  requestId: '',
});
