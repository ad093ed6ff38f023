/** The part of the table audit that is about provisioned users and groups. */
import { createHash } from 'node:crypto';
import type { Item } from './dynamodb-scan.ts';

type ItemsOf = (kind: string) => readonly Item[];

interface Resource {
  source: string;
  type: string;
  id: string;
  version: number;
  userName?: string;
  displayName: string;
  externalId?: string;
}

const resourceOf = (item: Item) => JSON.parse(String(item['resource'])) as Resource;
const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');
const folded = (text: string) => text.normalize('NFC').toLowerCase().normalize('NFC');

/** Every resource has a row in the list of its source and type, and one for its name and for its external id. */
export function rowsOfScim(of: ItemsOf): Item[] {
  return of('provisioned resource').flatMap((item) => {
    const { source, type, id, externalId, ...resource } = resourceOf(item);
    const name = type === 'User' ? String(resource.userName) : resource.displayName;
    const values = [['name', folded(name)], ...(externalId === undefined ? [] : [['externalId', externalId]])];
    return [
      { pk: `scim-list#${source}#${type}`, sk: id },
      ...values.map(([attribute, value = '']) => ({
        pk: `scim-value#${source}#${type}#${attribute}#${hashOf(value)}`,
        sk: 'value',
        id,
      })),
    ];
  });
}

/** Compares the attributes and keys of the items with their JSON, and the counters with the number of items. */
export function auditScimItems(of: ItemsOf): string[] {
  const counts = new Map<string, number>();
  const add = (name: string, n: number) => counts.set(name, (counts.get(name) ?? 0) + n);
  for (const { pk, n } of of('provisioned count')) add(pk.split('#').slice(1, 3).join(' '), Number(n));
  for (const item of of('provisioned resource')) add(`${resourceOf(item).source} ${resourceOf(item).type}`, -1);
  const wrong = [...counts].filter(([, difference]) => difference !== 0);
  return [
    ...wrong.map(([name, difference]) => `scim-n of ${name}: differs by ${difference} from the number of resources`),
    ...of('provisioned resource').flatMap(resourceFaults),
  ];
}

function resourceFaults(item: Item): string[] {
  const { source, type, id, version } = resourceOf(item);
  const isCorrect = item.pk === `scim#${source}#${type}#${id}` && item['version'] === version;
  return isCorrect ? [] : [`${item.pk}: contains ${source} ${type} ${id}, version ${version}`];
}
