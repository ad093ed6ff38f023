import type { Grant } from '../../../../lib/domain/model.ts';
import type { Item } from '../../../../lib/store/dynamodb/item.ts';
import { itemKey } from '../../../../lib/store/dynamodb/schema.ts';
import type { Table } from '../../../../lib/store/dynamodb/table.ts';
import { mapWithConcurrency } from '../../../../lib/util/concurrency.ts';
import { ACTION, parseStoredGrant } from '../audit.ts';
import { auditGrant } from './grant.ts';
import { itemFaults } from './partitions.ts';

const CONCURRENT_GRANTS_MAX = 8;

export interface KeyGrants {
  /** Audits the grants that these items of the key's partition name, and then these items against the grants. */
  auditPage(page: readonly Item[]): Promise<void>;
  /** Returns the number of grants that exist. */
  total(): number;
  /** Sort keys of rows in the key's list that match no grant, and of the missing rows of `unlisted`. */
  faultyRows: ReadonlySet<string>;
  /** Existing grants without a right row in the key's list. */
  unlisted: readonly Grant[];
  /** Existing grants that are missing from a list across keys. */
  missingRetirable: readonly { listName: string; grant: Grant }[];
  faults: readonly string[];
}

/** Audits a key's grants page by page of the key's partition, where events sort before the index rows. */
export function keyGrants(table: Table, projectId: string, keyId: string): KeyGrants {
  const granteeByGrantId = new Map<string, string>();
  const faultyRows = new Set<string>();
  const unlisted: Grant[] = [];
  const missingRetirable: { listName: string; grant: Grant }[] = [];
  const faults: string[] = [];

  async function audit(grantId: string, events: readonly Item[]): Promise<void> {
    const result = await auditGrant(table, { projectId, keyId, grantId }, events);
    const { grant } = result;
    faults.push(...result.faults);
    if (!grant) return;
    granteeByGrantId.set(grantId, grant.grantee_principal);
    if (!result.isListed) {
      faultyRows.add(itemKey.grantOfKey(keyId, grantId).sk);
      unlisted.push(grant);
    }
    missingRetirable.push(...result.missingLists.map((listName) => ({ listName, grant })));
  }

  function isRowOfExistingGrant({ sk }: Item): boolean {
    const grantId = lastPartOf(sk);
    const grantee = granteeByGrantId.get(grantId);
    if (grantee === undefined) return false;
    return [itemKey.grantOfKey(keyId, grantId), itemKey.grantOfGrantee(keyId, grantee, grantId)].some(
      (row) => row.sk === sk,
    );
  }

  return {
    async auditPage(page) {
      const newIds = new Set(page.flatMap(grantIdIn).filter((grantId) => !granteeByGrantId.has(grantId)));
      const events = Map.groupBy(page.filter(isEvent), ({ wire }) => parseStoredGrant(wire)?.grant_id);
      await mapWithConcurrency([...newIds], CONCURRENT_GRANTS_MAX, (grantId) =>
        audit(grantId, events.get(grantId) ?? []),
      );
      for (const item of page) {
        if (isEvent(item) || item.sk.startsWith('held#') || isRowOfExistingGrant(item)) continue;
        faultyRows.add(item.sk);
        faults.push(...itemFaults(item, item, undefined));
      }
    },
    total: () => granteeByGrantId.size,
    faultyRows,
    unlisted,
    missingRetirable,
    faults,
  };
}

/** The id of the grant that a row or a creation event names, as a list of one; otherwise an empty list. */
function grantIdIn({ sk, action, wire }: Item): string[] {
  if (sk.startsWith('grant#') || sk.startsWith('grantee#')) return [lastPartOf(sk)];
  const grant = action === ACTION.createGrant ? parseStoredGrant(wire) : undefined;
  return grant ? [grant.grant_id] : [];
}

const isEvent = ({ sk }: Item) => sk.startsWith('event#');

const lastPartOf = (sk: string) => sk.slice(sk.lastIndexOf('#') + 1);
