import type { ChangeEvent, Channel } from '../../domain/events.ts';
import type { Grant } from '../../domain/model.ts';
import type { Row } from './database.ts';

/** Reads an event from its row in the table `events`. */
export function toEvent(row: Row): ChangeEvent {
  const text = (column: string) => (row[column] === null ? undefined : String(row[column]));
  const grant = text('grant_wire');
  return {
    eventId: String(row['event_id']),
    atMs: Number(row['at_ms']),
    action: String(row['action']),
    projectId: String(row['project_id']),
    keyId: String(row['key_id']),
    actor: String(row['actor']),
    channel: String(row['channel']) as Channel,
    approvedBy: text('approved_by'),
    requestId: String(row['request_id']),
    sequence: text('sequence'),
    reason: text('reason'),
    grant: grant === undefined ? undefined : (JSON.parse(grant) as Grant),
    grantId: grant === undefined ? text('grant_id') : undefined,
    upstreamRequestId: text('upstream_request_id'),
    failure: text('failure'),
    isObserved: row['is_observed'] === 1 ? true : undefined,
    passedOn: row['passed_on'] === null ? undefined : Number(row['passed_on']),
  };
}
