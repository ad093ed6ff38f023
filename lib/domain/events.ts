import type { Change } from '../store/store.ts';
import { newEventId } from './ids.ts';
import type { Grant } from './model.ts';

/** Through which door a change came. */
export type Channel = 'http' | 'webhook' | 'admin' | 'deletion';

/** The record of one change: receipt, tombstone and audit trail. Written in the change's transaction, never altered. */
export interface ChangeEvent {
  /** 32 lower-case hex, sorts by time. */
  eventId: string;
  atMs: number;
  action: string;
  projectId: string;
  keyId: string;
  actor: string;
  channel: Channel;
  requestId: string;
  /** The grant as it was; of a change made by another KMS, as far as this service knew it. */
  grant?: Grant | undefined;
  /** Which grant, where that is all that is known of it. */
  grantId?: string | undefined;
  /** Of a change made by another KMS: its X-Request-Id, empty where it told none. That is the receipt there. */
  upstreamRequestId?: string | undefined;
  sequence?: string | undefined;
  /** Why, as whoever asked for it has told. */
  reason?: string | undefined;
  /** The code of what was given up after the last try: the grant is still there. */
  failure?: string | undefined;
}

/** Who and how, as an event tells it. */
export interface EventOrigin {
  action: string;
  projectId: string;
  actor: string;
  channel: Channel;
  requestId: string;
  sequence?: string | undefined;
  reason?: string | undefined;
}

/** The event of a change. */
export function changeEvent(change: Change, origin: EventOrigin, atMs: number): ChangeEvent {
  const { action, projectId, actor, channel, requestId, sequence, reason } = origin;
  const grant = 'grant' in change ? change.grant : undefined;
  const keyId = keyIdOf(change);
  return {
    eventId: newEventId(atMs),
    atMs,
    action,
    projectId,
    keyId,
    actor,
    channel,
    requestId,
    sequence,
    reason,
    grant,
  };
}

function keyIdOf(change: Change): string {
  if ('grant' in change) return change.grant.key_id;
  return 'key' in change ? change.key.keyId : change.keyId;
}
