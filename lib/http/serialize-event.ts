import type { ChangeEvent } from '../domain/events.ts';

/** An event as list-grant-events, outbound webhooks and the admin command show it. JSON leaves out undefined fields. */
export function serializeEvent(event: ChangeEvent) {
  return {
    event_id: event.eventId,
    event_time: String(event.atMs),
    action: event.action,
    project_id: event.projectId,
    key_id: event.keyId,
    grant_id: event.grant?.grant_id ?? event.grantId,
    actor: event.actor,
    channel: event.channel,
    approved_by: event.approvedBy,
    reason: event.reason,
    request_id: event.requestId,
    sequence: event.sequence,
    upstream_request_id: event.upstreamRequestId,
    error_code: event.failure,
    observed: event.isObserved,
    passed_on: event.passedOn,
    grant: event.grant,
  };
}
