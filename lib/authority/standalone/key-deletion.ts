import { changeEvent, type EventOrigin } from '../../domain/events.ts';
import type { Grant, Key } from '../../domain/model.ts';
import type { GrantStore } from '../../store/store.ts';

/** Keys, and grants of a key, taken in one go. */
const AT_ONCE = 50;

/** Longer than any request takes: a cancellation decided just before the time must not meet a sweep under way. */
const GRACE_MS = 60_000;

/** Less than a function may run. */
const WORK_MS = 20_000;

/**
 * Deletes the keys whose time has come, grants first, each with its event. Until its last grant is gone a key is there
 * as before, waiting for deletion, so every list and count stays exact; cut short, it goes on at the next call.
 * @param workMs it begins nothing more after this time
 * @returns how many keys went
 */
export async function deleteDueKeys(grants: GrantStore, now: () => number, workMs = WORK_MS): Promise<number> {
  const endsAtMs = performance.now() + workMs;
  const due = await grants.keysDue(now() - GRACE_MS, AT_ONCE);
  // Side by side, so that a key with very many grants holds up no other; all are waited for, whatever one of them meets.
  const ends = await Promise.allSettled(due.map((key) => deleteKey(grants, key, now, endsAtMs)));
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed) throw failed.reason;
  return ends.filter((end) => end.status === 'fulfilled' && end.value).length;
}

/** @returns whether the key went */
async function deleteKey(grants: GrantStore, key: Key, now: () => number, endsAtMs: number): Promise<boolean> {
  if (!(await removeGrants(grants, key, now, endsAtMs))) return false;
  const change = { kind: 'remove-key', keyId: key.keyId, deletionAtMs: key.deletionAtMs } as const;
  const { type } = await grants.commit(change, changeEvent(change, originOf(key), now()));
  return type === 'done';
}

/** @returns false when time was up before the last one */
async function removeGrants(grants: GrantStore, key: Key, now: () => number, endsAtMs: number): Promise<boolean> {
  for (;;) {
    if (performance.now() > endsAtMs) return false;
    const { json } = await grants.listGrants(key, {}, { limit: AT_ONCE });
    const page = JSON.parse(json) as Grant[];
    if (page.length === 0) return true;
    await Promise.all(
      page.map((grant) => {
        const change = { kind: 'remove-grant', grant } as const;
        return grants.commit(change, changeEvent(change, originOf(key), now()));
      }),
    );
  }
}

const originOf = ({ projectId }: Key): EventOrigin => ({
  action: 'delete-key',
  projectId,
  actor: 'kms-grants',
  channel: 'deletion',
  requestId: '',
});
