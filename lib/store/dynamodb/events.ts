import type { ChangeEvent, Channel } from '../../domain/events.ts';
import type { Grant } from '../../domain/model.ts';
import type { EventFilter, EventStore } from '../store.ts';
import { recordItem } from './idempotency.ts';
import type { Item, ItemKey } from './item.ts';
import { itemKey, rangeOf } from './schema.ts';
import type { Range, Table, Write } from './table.ts';

/** @param hasOutbox whether events are to be told to others; see `OutboxStore` */
export function dynamodbEvents(table: Table, hasOutbox: boolean): EventStore {
  const newest = (range: Omit<Range, 'limit'>, limit: number) => table.query({ ...range, newestFirst: true, limit });

  async function select(projectId: string, filter: EventFilter, limit: number): Promise<ChangeEvent[]> {
    const ranges = rangesOf(projectId, filter);
    const parts = await Promise.all(ranges.map((range) => newest(range, limit)));
    return parts
      .flat()
      .sort((one, other) => (one.sk < other.sk ? 1 : -1))
      .slice(0, limit)
      .map(toEvent);
  }

  return {
    async list(projectId, filter, limit) {
      const events: ChangeEvent[] = [];
      // What the partition does not tell apart is left out here, and read on for.
      for (let { before } = filter; ; ) {
        const read = await select(projectId, { ...filter, before }, limit);
        events.push(...read.filter((event) => isAskedFor(event, projectId, filter)));
        if (read.length < limit || events.length >= limit) return events.slice(0, limit);
        before = read.at(-1)?.eventId;
      }
    },
    async creatorOf(projectId, keyId) {
      const item = await table.get(itemKey.creator(keyId));
      return item?.['projectId'] === projectId ? String(item['actor']) : undefined;
    },
    async append(event, remembered) {
      const { action, projectId, keyId, actor } = event;
      const others: Write[] = remembered.map((record) => ({ put: recordItem(record) }));
      if (action === 'create-key') others.push({ put: { ...itemKey.creator(keyId), projectId, actor } });
      const done = await table.transact([...others, ...eventWrites(event, hasOutbox)]);
      // Its id is new: an event that is there already is this one, written by a try whose answer was lost.
      if (!done.isDone && !done.failed.has(others.length)) throw new Error('an event was not written');
    },
  };
}

/** Where the fewest of them are that hold all that is asked for. */
function rangesOf(projectId: string, { keyId, grantId, grantee, before }: EventFilter) {
  if (grantId !== undefined) return [rangeOf.eventsOfGrant(grantId, before)];
  if (grantee !== undefined) return [rangeOf.eventsOfGrantee(projectId, grantee, before)];
  if (keyId !== undefined) return [rangeOf.eventsOfKey(keyId, before)];
  return rangeOf.eventsOfProject(projectId, before);
}

function isAskedFor(event: ChangeEvent, projectId: string, { keyId, grantee }: EventFilter): boolean {
  if (event.projectId !== projectId || (keyId ?? event.keyId) !== event.keyId) return false;
  return grantee === undefined || event.grant?.grantee_principal === grantee;
}

/**
 * The event's items: of its project, which is the first, of its key and, where it has them, of its grant and the grantee;
 * and the one in the outbox.
 */
export function eventWrites(event: ChangeEvent, hasOutbox: boolean): Write[] {
  const { eventId, atMs, action, projectId, keyId, actor, channel, requestId, sequence, reason, grant } = event;
  const { upstreamRequestId, failure, grantId = grant?.grant_id } = event;
  const wire = grant && JSON.stringify(grant);
  const told = { eventId, atMs, action, projectId, keyId, actor, channel, requestId, sequence, reason, wire };
  const ofUpstream = { upstreamRequestId, failure, ...(!grant && { grantId }) };
  const places: ItemKey[] = [itemKey.eventOfProject(projectId, keyId, eventId), itemKey.eventOfKey(keyId, eventId)];
  if (grantId) places.push(itemKey.eventOfGrant(grantId, eventId));
  if (grant) places.push(itemKey.eventOfGrantee(projectId, grant.grantee_principal, eventId));
  if (hasOutbox) places.push(itemKey.outbox(keyId, eventId));
  return places.map((place) => ({ put: { ...told, ...ofUpstream, ...place }, condition: 'attribute_not_exists(pk)' }));
}

export function toEvent(item: Item): ChangeEvent {
  const text = (name: string) => (item[name] === undefined ? undefined : String(item[name]));
  const wire = text('wire');
  return {
    eventId: String(item['eventId']),
    atMs: Number(item['atMs']),
    action: String(item['action']),
    projectId: String(item['projectId']),
    keyId: String(item['keyId']),
    actor: String(item['actor']),
    channel: String(item['channel'] ?? item['door']) as Channel,
    requestId: String(item['requestId']),
    sequence: text('sequence'),
    reason: text('reason'),
    grant: wire === undefined ? undefined : (JSON.parse(wire) as Grant),
    grantId: text('grantId'),
    upstreamRequestId: text('upstreamRequestId'),
    failure: text('failure'),
  };
}
