import type { ChangeEvent, Door, EventStore, Grant } from '../store.ts';
import type { Item, ItemKey } from './item.ts';
import { at, rangeOf } from './schema.ts';
import { onceItem } from './seen.ts';
import type { Range, Table, Write } from './table.ts';

export function dynamodbEvents(table: Table): EventStore {
  const newest = (range: Omit<Range, 'limit'>, limit: number) => table.query({ ...range, newestFirst: true, limit });

  async function select(projectId: string, keyId: string | undefined, grantId: string | undefined, limit: number) {
    if (grantId !== undefined) return newest(rangeOf.eventsOfGrant(grantId), limit);
    if (keyId !== undefined) return newest(rangeOf.eventsOfKey(keyId), limit);
    const parts = await Promise.all(rangeOf.eventsOfProject(projectId).map((part) => newest(part, limit)));
    return parts
      .flat()
      .sort((one, other) => (one.sk < other.sk ? 1 : -1))
      .slice(0, limit);
  }

  return {
    async list(projectId, { keyId, grantId }, limit) {
      const events = (await select(projectId, keyId, grantId, limit)).map(toEvent);
      return events.filter((event) => event.projectId === projectId && (keyId ?? event.keyId) === event.keyId);
    },
    async creatorOf(projectId, keyId) {
      const item = await table.get(at.creator(keyId));
      return item?.['projectId'] === projectId ? String(item['actor']) : undefined;
    },
    async append(event, remembered) {
      const { action, projectId, keyId, actor } = event;
      const others: Write[] = remembered.map((once) => ({ put: onceItem(once) }));
      if (action === 'create-key') others.push({ put: { ...at.creator(keyId), projectId, actor } });
      const done = await table.transact([...others, ...eventWrites(event)]);
      // Its id is new: an event that is there already is this one, written by a try whose answer was lost.
      if (!done.isDone && !done.failed.has(others.length)) throw new Error('an event was not written');
    },
  };
}

/** The event's items: of its project, of its key and, where it has one, of its grant. */
export function eventWrites(event: ChangeEvent): Write[] {
  const { eventId, atMs, action, projectId, keyId, actor, door, requestId, sequence, reason, grant } = event;
  const { upstreamRequestId, grantId = grant?.grant_id } = event;
  const wire = grant && JSON.stringify(grant);
  const told = { eventId, atMs, action, projectId, keyId, actor, door, requestId, sequence, reason, wire };
  const ofUpstream = { upstreamRequestId, ...(!grant && { grantId }) };
  const places: ItemKey[] = [at.eventOfProject(projectId, keyId, eventId), at.eventOfKey(keyId, eventId)];
  if (grantId) places.push(at.eventOfGrant(grantId, eventId));
  return places.map((place) => ({ put: { ...told, ...ofUpstream, ...place }, condition: 'attribute_not_exists(pk)' }));
}

function toEvent(item: Item): ChangeEvent {
  const text = (name: string) => (item[name] === undefined ? undefined : String(item[name]));
  const wire = text('wire');
  return {
    eventId: String(item['eventId']),
    atMs: Number(item['atMs']),
    action: String(item['action']),
    projectId: String(item['projectId']),
    keyId: String(item['keyId']),
    actor: String(item['actor']),
    door: String(item['door']) as Door,
    requestId: String(item['requestId']),
    sequence: text('sequence'),
    reason: text('reason'),
    grant: wire === undefined ? undefined : (JSON.parse(wire) as Grant),
    grantId: text('grantId'),
    upstreamRequestId: text('upstreamRequestId'),
  };
}
