import { ACTION, counterFaults, grantIn } from '../../audit.ts';
import { granteeOf, heldCounters } from '../../principals.ts';
import type { Grant, Principal } from '../../store.ts';
import type { Item } from '../item.ts';
import { at } from '../schema.ts';
import type { Table } from '../table.ts';
import { auditGrant } from './grant.ts';
import { count, counterName, countersIn, each, itemFaults } from './walk.ts';

const GRANTS_AT_ONCE = 8;

export interface KeyGrants {
  /** Audits the grants that these items of the key's partition name, and then the items by the grants. */
  meet(page: readonly Item[]): Promise<void>;
  /** How many are there. */
  total(): number;
  /** Those that somebody should have among what they may retire, and has not. */
  unlisted: { who: Principal; grant: Grant }[];
  faults(): string[];
}

/** The grants of a key, met page by page of its partition: events, then rows, then what is held. */
export function keyGrants(table: Table, projectId: string, keyId: string): KeyGrants {
  /** The grants that are there, each with its grantee. */
  const living = new Map<string, string>();
  const held = { found: [] as Item[], expected: new Map<string, number>() };
  const unlisted: KeyGrants['unlisted'] = [];
  const faults: string[] = [];

  async function audit(grantId: string, events: readonly Item[]): Promise<void> {
    const seen = await auditGrant(table, { projectId, keyId, grantId }, events);
    const { grant } = seen;
    faults.push(...seen.faults);
    if (!grant) return;
    unlisted.push(...seen.unlisted.map((who) => ({ who, grant })));
    living.set(grantId, grant.grantee_principal);
    for (const operation of heldCounters(grant)) {
      count(held.expected, counterName(at.held(keyId, granteeOf(grant)), operation));
    }
  }

  function isExpected({ sk }: Item): boolean {
    const grantId = lastOf(sk);
    const grantee = living.get(grantId);
    if (grantee === undefined) return false;
    return [at.grantOfKey(keyId, grantId), at.grantOfGrantee(keyId, grantee, grantId)].some((row) => row.sk === sk);
  }

  return {
    async meet(page) {
      const unmet = new Set(page.flatMap(grantIdIn).filter((grantId) => !living.has(grantId)));
      const events = Map.groupBy(page.filter(isEvent), ({ wire }) => grantIn(wire)?.grant_id);
      await each(unmet, GRANTS_AT_ONCE, (grantId) => audit(grantId, events.get(grantId) ?? []));
      for (const item of page) {
        if (item.sk.startsWith('held#')) held.found.push(item);
        else if (!isEvent(item) && !isExpected(item)) faults.push(...itemFaults(item, item, undefined));
      }
    },
    total: () => living.size,
    unlisted,
    faults: () => [...counterFaults(countersIn(held.found), held.expected), ...faults],
  };
}

/** The grant that an item tells of; of its events, only that of its coming. */
function grantIdIn({ sk, action, wire }: Item): string[] {
  if (sk.startsWith('grant#') || sk.startsWith('grantee#')) return [lastOf(sk)];
  const grant = action === ACTION.createGrant ? grantIn(wire) : undefined;
  return grant ? [grant.grant_id] : [];
}

const isEvent = ({ sk }: Item) => sk.startsWith('event#');

const lastOf = (sk: string) => sk.slice(sk.lastIndexOf('#') + 1);
