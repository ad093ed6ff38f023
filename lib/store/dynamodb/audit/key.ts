import { ACTION, difference, storyFaults } from '../../audit.ts';
import type { Item } from '../item.ts';
import { at } from '../schema.ts';
import type { Table } from '../table.ts';
import { isOfKey, missingEvents } from './events.ts';
import { type KeyGrants, keyGrants } from './key-grants.ts';
import { settled } from './settled.ts';
import { nameOf, walk } from './walk.ts';

export interface KeyAudit {
  grants: number;
  unlisted: KeyGrants['unlisted'];
  faults: string[];
}

/**
 * Compares a key, there or gone, with all that is in its partition: grants, index rows, what is held, events.
 * @param told events of its own coming and going, as the project has them
 */
export function auditKey(table: Table, projectId: string, keyId: string, told: readonly Item[]): Promise<KeyAudit> {
  const own = at.key(keyId);
  const revision = async () => String((await table.get(own))?.['revision']);
  return settled(revision, async () => {
    const grants = keyGrants(table, projectId, keyId);
    const story = new Map(told.map((event) => [event.sk, event]));
    const faults: string[] = [];
    let key: Item | undefined;
    for await (const page of walk(table, own.pk)) {
      const events = page.filter(({ sk }) => sk.startsWith('event#'));
      faults.push(...(await missingEvents(table, projectId, keyId, events)));
      for (const event of events.filter(isOfKey)) story.set(event.sk, event);
      key ??= page.find(({ sk }) => sk === own.sk);
      await grants.meet(page.filter((item) => item !== key));
    }
    return {
      grants: grants.total(),
      unlisted: grants.unlisted,
      faults: [
        ...storyOf([...story.values()], own, key),
        ...keyFaults(key, { keyId, projectId, grantCount: grants.total() }),
        ...grants.faults(),
        ...faults,
      ],
    };
  });
}

function storyOf(events: readonly Item[], own: ReturnType<typeof at.key>, key: Item | undefined): string[] {
  const made = events.filter(({ action }) => action === ACTION.createKey).length;
  return storyFaults(nameOf(own), key !== undefined, made, events.length - made);
}

function keyFaults(
  key: Item | undefined,
  expected: { keyId: string; projectId: string; grantCount: number },
): string[] {
  const { keyId, grantCount } = expected;
  const name = nameOf(at.key(keyId));
  if (!key) return grantCount === 0 ? [] : difference(name, undefined, `there for its grants: ${grantCount}`);
  return Object.entries(expected).flatMap(([attribute, value]) =>
    difference(`${attribute} of ${name}`, key[attribute], value),
  );
}
