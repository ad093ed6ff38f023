import { KEY_STATE, type Key, type KeyState, type KeyStatus } from '../../domain/model.ts';
import type { Change } from '../store.ts';
import type { Item, ItemKey } from './item.ts';
import { itemKey } from './schema.ts';
import type { Table, Write } from './table.ts';

type KeyChange = Extract<Change, { kind: 'create-key' | 'update-key' | 'remove-key' }>;

/** Stands for every spec or every state. */
const ANY = '*';

/** The list that a filter asks for. */
export const viewOf = (keySpec: string | undefined, state: string | undefined) => `${keySpec ?? ANY}#${state ?? ANY}`;

/** The lists that a key is in, and the counts that count it. */
const viewsOf = (keySpec: string, state: KeyState) =>
  [keySpec, undefined].flatMap((spec) => [viewOf(spec, state), viewOf(spec, undefined)]);

/** How many keys of the project a view has, as its counts item tells. */
export const countOf = (counts: Item | undefined, view: string) => Number(counts?.[view] ?? 0);

/** The rows that a key's state puts somewhere. */
function rowsOf({ projectId, keyId, keySpec }: Key, { state, deletionAtMs }: KeyStatus): Map<string, ItemKey> {
  const rows = viewsOf(keySpec, state).map((view) => itemKey.keyInList(projectId, view, keyId));
  if (deletionAtMs > 0) rows.push(itemKey.due(deletionAtMs, keyId));
  return new Map(rows.map((row) => [`${row.pk} ${row.sk}`, row]));
}

/** The writes of a change to a key, each with its condition; undefined where it is plain that one does not hold. */
export async function keyWrites(table: Table, projectId: string, change: KeyChange): Promise<Write[] | undefined> {
  if (change.kind === 'create-key') return createWrites(change.key, change.quota);
  const item = await table.get(itemKey.key(change.keyId));
  const key = item && toKey(item);
  if (key?.projectId !== projectId) return undefined;
  if (change.kind === 'update-key') return moveWrites(key, change.from, change.to);
  return dropWrites(key, { state: KEY_STATE.pendingDeletion, deletionAtMs: change.deletionAtMs });
}

function createWrites(key: Key, quota: number): Write[] {
  const { projectId, keyId, alias } = key;
  return [
    { put: { ...key, ...itemKey.key(keyId) }, condition: 'attribute_not_exists(pk)' },
    { put: { keyId, ...itemKey.alias(projectId, alias) }, condition: 'attribute_not_exists(pk)' },
    countWrite(key, { up: viewsOf(key.keySpec, key.state) }, quota),
    ...[...rowsOf(key, key).values()].map((row) => ({ put: { keyId, ...row } })),
  ];
}

function moveWrites(key: Key, from: KeyStatus, to: KeyStatus): Write[] {
  const [before, after] = [rowsOf(key, from), rowsOf(key, to)];
  const gone = [...before].filter(([name]) => !after.has(name));
  const come = [...after].filter(([name]) => !before.has(name));
  const views = { down: viewsOf(key.keySpec, from.state), up: viewsOf(key.keySpec, to.state) };
  return [
    {
      update: itemKey.key(key.keyId),
      set: 'SET #state = :state, deletionAtMs = :deletionAtMs',
      ...stillAs(from, { ':state': to.state, ':deletionAtMs': to.deletionAtMs }),
    },
    countWrite(key, views),
    ...gone.map(([, row]) => ({ delete: row })),
    ...come.map(([, row]) => ({ put: { keyId: key.keyId, ...row } })),
  ];
}

function dropWrites(key: Key, from: KeyStatus): Write[] {
  const { condition, values, names } = stillAs(from, { ':none': 0 });
  return [
    { delete: itemKey.key(key.keyId), condition: `${condition} AND grantCount = :none`, values, names },
    { delete: itemKey.alias(key.projectId, key.alias) },
    countWrite(key, { down: viewsOf(key.keySpec, from.state) }),
    ...[...rowsOf(key, from).values()].map((row) => ({ delete: row })),
  ];
}

function stillAs(from: KeyStatus, values: Record<string, string | number>) {
  return {
    condition: '#state = :fromState AND deletionAtMs = :fromDeletionAtMs',
    names: { '#state': 'state' },
    values: { ':fromState': from.state, ':fromDeletionAtMs': from.deletionAtMs, ...values },
  };
}

/** Counts a key in and out of views; `revision` goes up, so that a list can tell whether anything came between. */
function countWrite(key: Key, { up = [], down = [] }: { up?: string[]; down?: string[] }, quota?: number): Write {
  const by = new Map<string, number>();
  for (const view of up) by.set(view, (by.get(view) ?? 0) + 1);
  for (const view of down) by.set(view, (by.get(view) ?? 0) - 1);
  const steps = [...by].filter(([, step]) => step !== 0);
  const sums = steps.map((_, place) => `#v${place} :v${place}`);
  return {
    update: itemKey.keyCounts(key.projectId),
    set: `ADD ${['revision :one', ...sums].join(', ')}`,
    names: {
      ...Object.fromEntries(steps.map(([view], place) => [`#v${place}`, view])),
      ...(quota !== undefined && { '#all': viewOf(undefined, undefined) }),
    },
    values: {
      ':one': 1,
      ...Object.fromEntries(steps.map(([, step], place) => [`:v${place}`, step])),
      ...(quota !== undefined && { ':quota': quota }),
    },
    ...(quota !== undefined && { condition: 'attribute_not_exists(#all) OR #all < :quota' }),
  };
}

export function toKey(item: Item): Key {
  return {
    keyId: String(item['keyId']),
    projectId: String(item['projectId']),
    domainId: String(item['domainId']),
    creator: String(item['creator']),
    alias: String(item['alias']),
    description: String(item['description']),
    keySpec: String(item['keySpec']),
    keyUsage: String(item['keyUsage']),
    state: String(item['state']) as KeyState,
    createdAtMs: Number(item['createdAtMs']),
    deletionAtMs: Number(item['deletionAtMs']),
    grantCount: Number(item['grantCount']),
    revision: Number(item['revision']),
  };
}
