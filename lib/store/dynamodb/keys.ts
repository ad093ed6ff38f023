import { KEY_STATE, type Key, type KeyState, type KeyStatus } from '../../domain/model.ts';
import type { Change } from '../store.ts';
import type { Item, ItemKey } from './item.ts';
import { itemKey } from './schema.ts';
import type { Table, Write } from './table.ts';

type KeyChange = Extract<Change, { kind: 'create-key' | 'update-key' | 'remove-key' }>;

/** Every key spec, or every state. */
const ANY = '*';

/** Returns the name of the list of keys with this spec and state; without either, of every spec or state. */
export const viewOf = (keySpec: string | undefined, state: string | undefined) => `${keySpec ?? ANY}#${state ?? ANY}`;

/** Returns the lists that contain a key. Each has a counter of the same name. */
const viewsOf = (keySpec: string, state: KeyState) =>
  [keySpec, undefined].flatMap((spec) => [viewOf(spec, state), viewOf(spec, undefined)]);

/** Returns the number of keys in a list, from the item that counts the project's keys. */
export const countOf = (counts: Item | undefined, view: string) => Number(counts?.[view] ?? 0);

/** Returns the index rows of a key in the given status, by name. */
function rowsOf({ projectId, keyId, keySpec }: Key, { state, deletionAtMs }: KeyStatus): Map<string, ItemKey> {
  const rows = viewsOf(keySpec, state).map((view) => itemKey.keyInList(projectId, view, keyId));
  if (deletionAtMs > 0) rows.push(itemKey.due(deletionAtMs, keyId));
  return new Map(rows.map((row) => [`${row.pk} ${row.sk}`, row]));
}

/** Returns the writes of a change to a key, with their conditions; undefined if the project has no such key. */
export async function keyWrites(table: Table, projectId: string, change: KeyChange): Promise<Write[] | undefined> {
  if (change.kind === 'create-key') return createWrites(change.key, change.quota);
  const item = await table.get(itemKey.key(change.keyId));
  const key = item && toKey(item);
  if (key?.projectId !== projectId) return undefined;
  if (change.kind === 'update-key') return updateWrites(key, change.from, change.to);
  return removeWrites(key, { state: KEY_STATE.pendingDeletion, deletionAtMs: change.deletionAtMs });
}

function createWrites(key: Key, quota: number): Write[] {
  const { projectId, keyId, alias } = key;
  return [
    { put: { ...key, ...itemKey.key(keyId) }, condition: 'attribute_not_exists(pk)' },
    { put: { keyId, ...itemKey.alias(projectId, alias) }, condition: 'attribute_not_exists(pk)' },
    counterWrite(key, { enters: viewsOf(key.keySpec, key.state) }, quota),
    ...[...rowsOf(key, key).values()].map((row) => ({ put: { keyId, ...row } })),
  ];
}

function updateWrites(key: Key, from: KeyStatus, to: KeyStatus): Write[] {
  const [oldRows, newRows] = [rowsOf(key, from), rowsOf(key, to)];
  const removed = [...oldRows].filter(([name]) => !newRows.has(name));
  const added = [...newRows].filter(([name]) => !oldRows.has(name));
  const views = { leaves: viewsOf(key.keySpec, from.state), enters: viewsOf(key.keySpec, to.state) };
  return [
    {
      update: itemKey.key(key.keyId),
      set: 'SET #state = :state, deletionAtMs = :deletionAtMs',
      ...isUnchanged(from, { ':state': to.state, ':deletionAtMs': to.deletionAtMs }),
    },
    counterWrite(key, views),
    ...removed.map(([, row]) => ({ delete: row })),
    ...added.map(([, row]) => ({ put: { keyId: key.keyId, ...row } })),
  ];
}

function removeWrites(key: Key, from: KeyStatus): Write[] {
  const { condition, values, names } = isUnchanged(from, { ':none': 0 });
  return [
    { delete: itemKey.key(key.keyId), condition: `${condition} AND grantCount = :none`, values, names },
    { delete: itemKey.alias(key.projectId, key.alias) },
    counterWrite(key, { leaves: viewsOf(key.keySpec, from.state) }),
    ...[...rowsOf(key, from).values()].map((row) => ({ delete: row })),
  ];
}

/** The condition that the key's status is still `from`. `values` are further values of the write. */
function isUnchanged(from: KeyStatus, values: Record<string, string | number>) {
  return {
    condition: '#state = :fromState AND deletionAtMs = :fromDeletionAtMs',
    names: { '#state': 'state' },
    values: { ':fromState': from.state, ':fromDeletionAtMs': from.deletionAtMs, ...values },
  };
}

/** Updates the counters of the lists that a key enters or leaves, and the revision, which shows reads the change. */
function counterWrite(
  key: Key,
  { enters = [], leaves = [] }: { enters?: string[]; leaves?: string[] },
  quota?: number,
): Write {
  const deltas = new Map<string, number>();
  for (const view of enters) deltas.set(view, (deltas.get(view) ?? 0) + 1);
  for (const view of leaves) deltas.set(view, (deltas.get(view) ?? 0) - 1);
  const changed = [...deltas].filter(([, delta]) => delta !== 0);
  const additions = changed.map((_, index) => `#v${index} :v${index}`);
  return {
    update: itemKey.keyCounts(key.projectId),
    set: `ADD ${['revision :one', ...additions].join(', ')}`,
    names: {
      ...Object.fromEntries(changed.map(([view], index) => [`#v${index}`, view])),
      ...(quota !== undefined && { '#all': viewOf(undefined, undefined) }),
    },
    values: {
      ':one': 1,
      ...Object.fromEntries(changed.map(([, delta], index) => [`:v${index}`, delta])),
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
