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
 * - running: its job is stored.
 * - ended: the job is over; `outcome` says how.
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
  /** What to revoke: the one grant of `grantId`, or the grants that any of `grantees` holds. */
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
  expiresAtMs: number;
  jobId?: string | undefined;
  /** Whether the outcome has been shown. */
  isTold?: boolean | undefined;
  /** Rises with each write. */
  revision: number;
}

/** A request that nobody has confirmed or approved by then expires. */
export const REQUEST_LIFETIME_MS = 15 * 60 * 1000;

/** A press on an old card gets to know who decided, and when, for this long. */
const RETENTION_MS = 24 * 60 * 60 * 1000;

export const newRequestId = () => randomBytes(16).toString('hex');

export function chatRequests(records: IdempotencyStore, now: () => number) {
  const nameOf = (requestId: string) => sha256Hex(`chat request\n${requestId}`);
  const recordOf = (request: ChatRequest) => ({
    idempotencyKey: nameOf(request.requestId),
    answer: request,
    expiresAtMs: request.createdAtMs + RETENTION_MS,
  });
  return {
    async add(request: ChatRequest): Promise<void> {
      await records.save(recordOf(request), now());
    },

    async find(requestId: string): Promise<ChatRequest | undefined> {
      return (await records.find(nameOf(requestId), now()))?.answer as ChatRequest | undefined;
    },

    /** @returns the request as stored, or undefined if it has changed since `request` was read */
    async update(request: ChatRequest, changes: Partial<ChatRequest>): Promise<ChatRequest | undefined> {
      const updated = { ...request, ...changes, revision: request.revision + 1 };
      return (await records.compareAndSwap(recordOf(updated), request, now())) ? updated : undefined;
    },
  };
}
