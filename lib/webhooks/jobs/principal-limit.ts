/**
 * The limit `maxPrincipals` of a source: for how many principals its jobs may revoke within an hour. A source that is
 * wrong, or in the wrong hands, must not revoke everybody's grants before a person notices.
 */
import type { Job } from '../../domain/job.ts';
import { KmsError } from '../../errors.ts';
import { sha256Hex } from '../../signing/bytes.ts';
import type { Store } from '../../store/store.ts';
import type { ScopeItem } from './scope.ts';

const HOUR_MS = 60 * 60_000;

/** Jobs of one source that count at the same time are few: the worker runs at most four on one machine. */
const TRIES_MAX = 50;

interface LimitDependencies {
  store: Pick<Store, 'idempotency'>;
  /** ms since 1970 */
  now: () => number;
}

/** When a principal was first counted within the hour, by a digest of its name. */
type Counted = Readonly<Record<string, number>>;

/**
 * Counts the principals and the keys that the job is about, each once an hour.
 * @returns false, with nothing counted, if the source would then exceed its limit
 * @throws KmsError KMS.0104 if too many jobs count at the same time
 */
export async function isWithinPrincipalLimit(
  { store: { idempotency }, now }: LimitDependencies,
  { source, maxPrincipals, isApproved }: Job,
  items: readonly ScopeItem[],
): Promise<boolean> {
  if (maxPrincipals === undefined || isApproved) return true;
  const names = new Set(items.flatMap(namesOf));
  if (names.size === 0) return true;
  if (names.size > maxPrincipals) return false;
  const idempotencyKey = sha256Hex(`principals of the source\n${source}`);
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const nowMs = now();
    const stored = (await idempotency.find(idempotencyKey, nowMs))?.answer as Counted | undefined;
    const recent = Object.entries(stored ?? {}).filter(([, atMs]) => Math.abs(nowMs - atMs) < HOUR_MS);
    const counted = { ...Object.fromEntries([...names].map((name) => [name, nowMs])), ...Object.fromEntries(recent) };
    if (Object.keys(counted).length > maxPrincipals) return false;
    const record = { idempotencyKey, answer: counted, expiresAtMs: nowMs + HOUR_MS };
    if (await idempotency.compareAndSwap(record, stored, nowMs)) return true;
  }
  throw new KmsError('KMS.0104', { cause: `too many jobs of the source ${source} start at the same time` });
}

/** Digests, so that the record has a known size and can be compared as JSON. A single grant does not count. */
function namesOf({ task, projectId, grantees }: ScopeItem): string[] {
  const names =
    task.action === 'revoke-key'
      ? [`key ${projectId} ${task.keyId}`]
      : grantees.map((grantee) => `principal ${grantee}`);
  return names.map((name) => sha256Hex(name).slice(0, 16));
}
