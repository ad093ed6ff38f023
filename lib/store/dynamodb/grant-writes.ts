import { type Grant, KEY_STATE, type Operation, type Principal } from '../../domain/model.ts';
import { granteeOf, heldCounterNames, listCounterNames, listNamesOf } from '../../domain/principals.ts';
import type { Change, HeldOperation } from '../store.ts';
import { itemKey } from './schema.ts';
import type { Write } from './table.ts';

/** The writes of create-grant; the conditions are on the key and on what the delegation says is held. */
export function createGrantWrites(
  projectId: string,
  { grant, quota, delegation = [] }: Change & { kind: 'create-grant' },
): Write[] {
  const { key_id: keyId, grant_id: grantId, grantee_principal: grantee } = grant;
  const wire = JSON.stringify(grant);
  const held = holders(delegation);
  const ofGrantee = held.get(granteeOf(grant)) ?? [];
  held.delete(granteeOf(grant));
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
    ...countWrites(projectId, grant, 1, ofGrantee),
    ...[...held].map(([holder, operations]) => ({ check: itemKey.held(keyId, holder), ...isHeld(operations) })),
  ];
}

/** The writes of remove-grant; the condition is that the grant is there. */
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
    ...countWrites(projectId, grant, -1),
  ];
}

/** @param mustHold what the grantee must hold itself for the grant to be made: one item is in a transaction but once */
function countWrites(projectId: string, grant: Grant, by: 1 | -1, mustHold: Operation[] = []): Write[] {
  const counted = heldCounterNames(grant);
  const { condition, names } = isHeld(mustHold);
  return [
    {
      update: itemKey.held(grant.key_id, granteeOf(grant)),
      set: `ADD ${counted.map((_, place) => `#c${place} :by`).join(', ')}`,
      names: { ...names, ...Object.fromEntries(counted.map((name, place) => [`#c${place}`, name])) },
      values: { ':by': by, ...(mustHold.length > 0 && { ':none': 0 }) },
      ...(mustHold.length > 0 && { condition }),
    },
    ...listCounterNames(grant).map((name) => ({
      update: itemKey.retirableCount(projectId, name, grant.key_id),
      set: 'ADD n :by, revision :one',
      values: { ':by': by, ':one': 1 },
    })),
  ];
}

function isHeld(operations: readonly Operation[]) {
  return {
    condition: operations.map((_, place) => `#h${place} > :none`).join(' AND '),
    names: Object.fromEntries(operations.map((operation, place) => [`#h${place}`, operation])),
    values: { ':none': 0 },
  };
}

/** What each holder must hold, each operation once. */
function holders(delegation: readonly HeldOperation[]): Map<Principal, Operation[]> {
  const byHolder = new Map<Principal, Operation[]>();
  for (const { holder, operation } of delegation) {
    byHolder.set(holder, [...new Set([...(byHolder.get(holder) ?? []), operation])]);
  }
  return byHolder;
}
