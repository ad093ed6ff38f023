import type { ChangeEvent, Grant, GrantStore, Key } from '../store/store.ts';
import { newEventId } from './ids.ts';

const AT_ONCE = 500;

/** Longer than any request takes: a cancellation decided just before the time must not meet a sweep under way. */
const GRACE_MS = 60_000;

/**
 * Deletes the keys whose time has come, grants first, each with its event. Until its last grant is gone a key is there
 * as before, waiting for deletion, so every list and count stays exact; cut short, it goes on at the next call.
 * @returns how many keys went
 */
export async function deleteDueKeys(grants: GrantStore, now: () => number): Promise<number> {
  let deleted = 0;
  for (const key of await grants.keysDue(now() - GRACE_MS, AT_ONCE)) {
    await removeGrants(grants, key, now);
    const { type } = await grants.commit({ kind: 'remove-key', key }, eventOf('delete-key', key, now()));
    if (type === 'done') deleted += 1;
  }
  return deleted;
}

async function removeGrants(grants: GrantStore, key: Key, now: () => number): Promise<void> {
  for (;;) {
    const { json } = await grants.listGrants(key, {}, { limit: AT_ONCE });
    const page = JSON.parse(json) as Grant[];
    if (page.length === 0) return;
    await Promise.all(
      page.map((grant) => grants.commit({ kind: 'remove-grant', grant }, eventOf('delete-key', key, now(), grant))),
    );
  }
}

function eventOf(action: string, key: Key, atMs: number, grant?: Grant): ChangeEvent {
  return {
    eventId: newEventId(atMs),
    atMs,
    action,
    projectId: key.projectId,
    keyId: key.keyId,
    actor: 'kms-grants',
    door: 'deletion',
    requestId: '',
    grant,
  };
}
