/**
 * The stored requests: what a person wants to revoke, and how far that has got. A button carries only the id of one;
 * everything else comes from here. The state changes by conditional writes, so that of two presses one takes effect.
 */
import { randomBytes } from 'node:crypto';
import { sha256Hex } from '../signing/bytes.ts';
import type { IdempotencyStore } from '../store/store.ts';
import type { Locale, Place } from './platform.ts';
import type { ChatKind } from './source.ts';

/** Who acts: a person of the platform, and the principal that an administrator mapped this person to. */
export interface Actor {
  /** `<kind>:<workspace>:<user id>` */
  identity: string;
  principal: string;
}

/**
 * - previewed: the requester has seen what would go, and has not confirmed it.
 * - asked: it waits for a second person.
 * - running: it was confirmed or approved, and its job does the work.
 * - ended: its job is over, or the grants were gone before it had one (then `jobId` is absent).
 * - cancelled, expired: nothing was done.
 */
export type RequestState = 'previewed' | 'asked' | 'running' | 'ended' | 'cancelled' | 'expired';

export interface ChatRequest {
  /** 32 random hexadecimal digits. */
  requestId: string;
  source: string;
  kind: ChatKind;
  locale: Locale;
  state: RequestState;
  /** What to revoke: the one grant of `grantId`, which one of `grantees` holds, or all grants that they hold. */
  target: {
    action: 'revoke' | 'revoke-all';
    projectIds: readonly string[];
    keyId?: string | undefined;
    grantId?: string | undefined;
    grantees?: readonly string[] | undefined;
    /** The person as shown. */
    person?: string | undefined;
  };
  reason?: string | undefined;
  /** SHA-256 of the ids of the grants that the preview showed, as hex. */
  digest: string;
  grantCount: number;
  /** How many people it takes: 1, or 2 for an approval. */
  people: 1 | 2;
  requester: Actor;
  /** Who confirmed, approved or cancelled it, and when. */
  decidedBy?: (Actor & { atMs: number }) | undefined;
  /** Where it was asked for; a press anywhere else is refused. */
  place: Place;
  /** Where the card is that everyone sees. */
  card?: Place | undefined;
  createdAtMs: number;
  /** When the requester asked a second person: from then on, the channel sees its card. */
  askedAtMs?: number | undefined;
  expiresAtMs: number;
  jobId?: string | undefined;
  /** Of an expired request: whether a newer one has taken its place. */
  isReplaced?: boolean | undefined;
  /** Whether the outcome has been shown, or nobody needs to be shown one. */
  isTold?: boolean | undefined;
  /** Somebody is showing the outcome, and nobody else does so until then. */
  tellingUntilMs?: number | undefined;
  /** Random, so that two equal writes at the same time differ and only one of them succeeds. */
  writeId?: string | undefined;
  /** Rises with each write. */
  revision: number;
}

/** A request that nobody has confirmed or approved by then expires. */
export const REQUEST_LIFETIME_MS = 15 * 60 * 1000;

/** A press on an old card gets to know who decided, and when, for this long. */
const RETENTION_MS = 24 * 60 * 60 * 1000;

/** Each write by another one costs one attempt, and few write at the same time. */
const UPDATES_MAX = 10;

export const newRequestId = () => randomBytes(16).toString('hex');

export const hasExpiredUrl = ({ replyUrl, replyUrlExpiresAtMs = 0 }: Place, nowMs: number): boolean =>
  replyUrl !== undefined && replyUrlExpiresAtMs <= nowMs;

/** The URL is a secret, so it is stored only while somebody may still need it. */
function withoutUrl(place: Place, isTold: boolean, nowMs: number): Place {
  if (!isTold && !hasExpiredUrl(place, nowMs)) return place;
  const { replyUrl: _, replyUrlExpiresAtMs: __, ...rest } = place;
  return rest;
}

/** A request for the grants as they are now, in place of one that a second person was asked about. */
export function askedAgain(
  request: ChatRequest,
  { digest, grants }: { digest: string; grants: readonly unknown[] },
  place: Place,
  nowMs: number,
): ChatRequest {
  return {
    ...request,
    requestId: newRequestId(),
    digest,
    grantCount: grants.length,
    place,
    createdAtMs: nowMs,
    askedAtMs: nowMs,
    expiresAtMs: nowMs + REQUEST_LIFETIME_MS,
    revision: 0,
  };
}

export function chatRequests(records: IdempotencyStore, now: () => number) {
  const recordKeyOf = (requestId: string) => sha256Hex(`chat request\n${requestId}`);
  const recordOf = (request: ChatRequest) => ({
    idempotencyKey: recordKeyOf(request.requestId),
    answer: request,
    expiresAtMs: request.createdAtMs + RETENTION_MS,
  });
  const find = async (requestId: string) =>
    (await records.find(recordKeyOf(requestId), now()))?.answer as ChatRequest | undefined;

  /** @returns the request as stored, or undefined if it has changed since `request` was read */
  async function update(request: ChatRequest, changes: Partial<ChatRequest>): Promise<ChatRequest | undefined> {
    const changed = { ...request, ...changes };
    const nowMs = now();
    const updated: ChatRequest = {
      ...changed,
      place: withoutUrl(changed.place, changed.isTold === true, nowMs),
      card: changed.card && withoutUrl(changed.card, changed.isTold === true, nowMs),
      revision: request.revision + 1,
      writeId: randomBytes(8).toString('hex'),
    };
    return (await records.compareAndSwap(recordOf(updated), request, nowMs)) ? updated : undefined;
  }

  return {
    find,
    update,
    async add(request: ChatRequest): Promise<void> {
      await records.save(recordOf(request), now());
    },

    /**
     * Moves the request to another state. Writes that leave the state as it is, such as that of where the card is, do
     * not get in its way.
     * @returns the request as stored, or undefined if it has left the state of `request`
     */
    async move(request: ChatRequest, changes: Partial<ChatRequest>): Promise<ChatRequest | undefined> {
      let current: ChatRequest | undefined = request;
      for (let attempt = 0; attempt < UPDATES_MAX && current?.state === request.state; attempt += 1) {
        const moved = await update(current, changes);
        if (moved) return moved;
        current = await find(request.requestId);
      }
      return undefined;
    },
  };
}
