import { type Grant, KEY_STATE, type Operation, type Principal } from '../../domain/model.ts';
import { granteeOf, heldCounterNames, listCounterNames, listNamesOf } from '../../domain/principals.ts';
import type { Change, HeldOperation } from '../store.ts';
import { itemKey } from './schema.ts';
import type { Write } from './table.ts';

/** Returns the writes of create-grant, with conditions on the key and on the operations that `delegation` names. */
export function createGrantWrites(
  projectId: string,
  { grant, quota, delegation = [] }: Change & { kind: 'create-grant' },
): Write[] {
  const { key_id: keyId, grant_id: grantId, grantee_principal: grantee } = grant;
  const wire = JSON.stringify(grant);
  const requiredByHolder = operationsByHolder(delegation);
  const requiredOfGrantee = requiredByHolder.get(granteeOf(grant)) ?? [];
  requiredByHolder.delete(granteeOf(grant));
  return [
    {
      update: itemKey.key(keyId),
      set: 'ADD grantCount :one, revision :one',
      condition: '#state = :enabled AND projectId = :project AND grantCount < :quota',
      names: { '#state': 'state' },
      values: { ':one': 1, ':enabled': KEY_STATE.enabled, ':project': projectId, ':quota': quota },
    },
    { put: { ...itemKey.grant(grantId), projectId, wire }, condition: 'attribute_not_exists(pk)' },
    { put: { ...itemKey.grantOfKey(keyId, grantId), wire } },
    { put: { ...itemKey.grantOfGrantee(keyId, grantee, grantId), wire } },
    ...listNamesOf(grant).map((name) => ({ put: { ...itemKey.retirable(projectId, name, grantId), wire } })),
    ...counterWrites(projectId, grant, 1, requiredOfGrantee),
    ...[...requiredByHolder].map(([holder, operations]) => ({
      check: itemKey.held(keyId, holder),
      ...areHeld(operations),
    })),
  ];
}

/** Returns the writes of remove-grant, with the condition that the grant exists. */
export function removeGrantWrites(projectId: string, grant: Grant): Write[] {
  const { key_id: keyId, grant_id: grantId, grantee_principal: grantee } = grant;
  return [
    {
      update: itemKey.key(keyId),
      set: 'ADD grantCount :one, revision :up',
      condition: 'attribute_exists(pk)',
      values: { ':one': -1, ':up': 1 },
    },
    {
      delete: itemKey.grant(grantId),
      condition: 'projectId = :project',
      values: { ':project': projectId },
    },
    { delete: itemKey.grantOfKey(keyId, grantId), condition: 'attribute_exists(pk)' },
    { delete: itemKey.grantOfGrantee(keyId, grantee, grantId) },
    ...listNamesOf(grant).map((name) => ({ delete: itemKey.retirable(projectId, name, grantId) })),
    ...counterWrites(projectId, grant, -1),
  ];
}

/**
 * @param required operations that the grantee must already hold. The condition is part of the update of the counters,
 *   because a transaction may contain each item only once
 */
function counterWrites(projectId: string, grant: Grant, by: 1 | -1, required: Operation[] = []): Write[] {
  const counters = heldCounterNames(grant);
  const { condition, names } = areHeld(required);
  return [
    {
      update: itemKey.held(grant.key_id, granteeOf(grant)),
      set: `ADD ${counters.map((_, index) => `#c${index} :by`).join(', ')}`,
      names: { ...names, ...Object.fromEntries(counters.map((name, index) => [`#c${index}`, name])) },
      values: { ':by': by, ...(required.length > 0 && { ':none': 0 }) },
      ...(required.length > 0 && { condition }),
    },
    ...listCounterNames(grant).map((name) => ({
      update: itemKey.retirableCount(projectId, name, grant.key_id),
      set: 'ADD n :by, revision :one',
      values: { ':by': by, ':one': 1 },
    })),
  ];
}

/** The condition that the holder has a grant for each of the operations: their counters are above 0. */
function areHeld(operations: readonly Operation[]) {
  return {
    condition: operations.map((_, index) => `#h${index} > :none`).join(' AND '),
    names: Object.fromEntries(operations.map((operation, index) => [`#h${index}`, operation])),
    values: { ':none': 0 },
  };
}

/** Returns the operations that each holder must hold, without repeats. */
function operationsByHolder(delegation: readonly HeldOperation[]): Map<Principal, Operation[]> {
  const byHolder = new Map<Principal, Operation[]>();
  for (const { holder, operation } of delegation) {
    byHolder.set(holder, [...new Set([...(byHolder.get(holder) ?? []), operation])]);
  }
  return byHolder;
}
