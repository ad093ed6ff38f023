import { newEventId } from './ids.ts';
import type { Grant } from './model.ts';

/** How a change was requested. `deletion` is the scheduled deletion of keys. */
export type Channel = 'http' | 'webhook' | 'admin' | 'deletion' | (typeof CHAT_CHANNELS)[number];

/** The kinds of chat sources: a person in chat made the change. */
export const CHAT_CHANNELS = ['slack', 'feishu', 'mattermost', 'bot'] as const;

/**
 * The record of one change: part of the audit trail, and what targets receive. It is written in the transaction of the
 * change and never altered.
 */
export interface ChangeEvent {
  /** 32 lower-case hex digits that sort by time. */
  eventId: string;
  atMs: number;
  /** The API's name, such as `revoke-grant`; for webhooks the type of the event, such as `principal.disabled`. */
  action: string;
  projectId: string;
  keyId: string;
  /** The user's id, or `hook:<source>` for a webhook. */
  actor: string;
  channel: Channel;
  /** The principal of the second person, where a change needed an approval. `actor` is who asked for it. */
  approvedBy?: string | undefined;
  requestId: string;
  /** The grant as it was. For a change at the upstream: as far as this service knew it. */
  grant?: Grant | undefined;
  /** The grant's id, where the grant itself is unknown. */
  grantId?: string | undefined;
  /** The X-Request-Id of the upstream's response; empty when the response had none. Absent for changes made here. */
  upstreamRequestId?: string | undefined;
  sequence?: string | undefined;
  /** The reason that the caller gave. */
  reason?: string | undefined;
  /** In a bulk revoke or a job: how many grants that the person's principals issued existed when it started. */
  passedOn?: number | undefined;
  /** The error code of a revocation that was given up: the grant still exists. */
  failure?: string | undefined;
  /** Whether the source of the job only observes: the grant would have been revoked, and still exists. */
  isObserved?: boolean | undefined;
}

/** The part of an event that the request determines. */
export type EventOrigin = Pick<
  ChangeEvent,
  'action' | 'projectId' | 'actor' | 'channel' | 'approvedBy' | 'requestId' | 'sequence' | 'reason' | 'passedOn'
>;

/** The part of an event that the change determines. */
export type EventSubject = Pick<
  ChangeEvent,
  'keyId' | 'grant' | 'grantId' | 'upstreamRequestId' | 'failure' | 'isObserved'
>;

/** Builds an event with a new id. Only the fields of an event are taken from `origin`, which may hold more. */
export function newEvent(origin: EventOrigin, subject: EventSubject, atMs: number): ChangeEvent {
  const { action, projectId, actor, channel, approvedBy, requestId, sequence, reason, passedOn } = origin;
  return {
    eventId: newEventId(atMs),
    atMs,
    action,
    projectId,
    actor,
    channel,
    approvedBy,
    requestId,
    sequence,
    reason,
    passedOn,
    ...subject,
  };
}
