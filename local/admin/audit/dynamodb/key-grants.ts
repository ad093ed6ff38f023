import type { Grant } from '../../../../lib/domain/model.ts';
import type { Item } from '../../../../lib/store/dynamodb/item.ts';
import { itemKey } from '../../../../lib/store/dynamodb/schema.ts';
import type { Table } from '../../../../lib/store/dynamodb/table.ts';
import { mapWithConcurrency } from '../../../../lib/util/concurrency.ts';
import { ACTION, grantIn } from '../audit.ts';
import { auditGrant } from './grant.ts';
import { itemFaults } from './partitions.ts';

const GRANTS_AT_ONCE = 8;

export interface KeyGrants {
  /** Audits the grants that these items of the key's partition name, and then these items by the grants. */
  meet(page: readonly Item[]): Promise<void>;
  /** How many are there. */
  total(): number;
  /** Rows of the key's list that are not as a grant is, and grants that have none that is. */
  unexplained: ReadonlySet<string>;
  unlisted: readonly Grant[];
  /** Grants that somebody should have among what they may retire, and has not. */
  unretirable: readonly { who: string; grant: Grant }[];
  faults: readonly string[];
}

/** The grants of a key, met page by page of its partition: events come first, then the rows that they explain. */
export function keyGrants(table: Table, projectId: string, keyId: string): KeyGrants {
  /** The grants that are there, each with its grantee. */
  const living = new Map<string, string>();
  const unexplained = new Set<string>();
  const unlisted: Grant[] = [];
  const unretirable: { who: string; grant: Grant }[] = [];
  const faults: string[] = [];

  async function audit(grantId: string, events: readonly Item[]): Promise<void> {
    const seen = await auditGrant(table, { projectId, keyId, grantId }, events);
    const { grant } = seen;
    faults.push(...seen.faults);
    if (!grant) return;
    living.set(grantId, grant.grantee_principal);
    if (!seen.isListed) {
      unexplained.add(itemKey.grantOfKey(keyId, grantId).sk);
      unlisted.push(grant);
    }
    unretirable.push(...seen.missingRetirers.map((who) => ({ who, grant })));
  }

  function isExplained({ sk }: Item): boolean {
    const grantId = lastOf(sk);
    const grantee = living.get(grantId);
    if (grantee === undefined) return false;
    return [itemKey.grantOfKey(keyId, grantId), itemKey.grantOfGrantee(keyId, grantee, grantId)].some(
      (row) => row.sk === sk,
    );
  }

  return {
    async meet(page) {
      const unmet = new Set(page.flatMap(grantIdIn).filter((grantId) => !living.has(grantId)));
      const events = Map.groupBy(page.filter(isEvent), ({ wire }) => grantIn(wire)?.grant_id);
      await mapWithConcurrency([...unmet], GRANTS_AT_ONCE, (grantId) => audit(grantId, events.get(grantId) ?? []));
      for (const item of page) {
        if (isEvent(item) || item.sk.startsWith('held#') || isExplained(item)) continue;
        unexplained.add(item.sk);
        faults.push(...itemFaults(item, item, undefined));
      }
    },
    total: () => living.size,
    unexplained,
    unlisted,
    unretirable,
    faults,
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
