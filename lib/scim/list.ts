/** Lists of users and groups, with filters and paging. Source: RFC 7644, section 3.4.2. */
import {
  comparedForm,
  type ProvisionedResource,
  type ResourceOf,
  type ResourceType,
  type UniqueAttribute,
} from '../domain/provisioned.ts';
import { ScimError } from '../http/scim-error.ts';
import type { ScimStore } from '../store/store.ts';
import { selectAttributes } from './attributes.ts';
import type { ScimContext } from './context.ts';
import { type Filter, matchesFilter, parseFilter, requiredValue } from './filter.ts';
import type { ListQuery } from './query.ts';
import { representationOf } from './representation.ts';

const LIST_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';

/** How many resources a filter without an index, such as one on e-mail addresses, may read. */
const SCANNED_MAX = 10_000;
const SCAN_PAGE = 500;

/** @throws ScimError invalidFilter, tooMany */
export async function listResources(
  { store, source, baseUrl }: ScimContext,
  types: readonly ResourceType[],
  { filter, startIndex, count, selection }: ListQuery,
): Promise<Record<string, unknown>> {
  const page = { offset: startIndex - 1, limit: count };
  const found =
    filter === undefined
      ? await pageOf(store.scim, source.name, types, page)
      : slice(await allMatches({ scim: store.scim, source: source.name, baseUrl }, types, filter), page);
  const resources = found.resources.map((one) => selectAttributes(one.type, representationOf(one, baseUrl), selection));
  return listResponse(resources, { totalResults: found.total, startIndex });
}

export const listResponse = (
  resources: readonly object[],
  { totalResults, startIndex }: { totalResults: number; startIndex: number },
): Record<string, unknown> => ({
  schemas: [LIST_SCHEMA],
  totalResults,
  startIndex,
  itemsPerPage: resources.length,
  Resources: resources,
});

interface Page {
  offset: number;
  limit: number;
}

interface Found {
  resources: readonly ProvisionedResource[];
  total: number;
}

/** Returns a page of the resources of all types, first those of the first type. */
async function pageOf(scim: ScimStore, source: string, types: readonly ResourceType[], page: Page): Promise<Found> {
  const resources: ProvisionedResource[] = [];
  let [total, { offset, limit }] = [0, page];
  for (const type of types) {
    const count = await scim.count(source, type);
    total += count;
    const found = offset < count && limit > 0 ? await scim.list(source, type, offset, limit) : [];
    resources.push(...found);
    limit -= found.length;
    offset = Math.max(0, offset - count);
  }
  return { resources, total };
}

const slice = (matches: readonly ProvisionedResource[], { offset, limit }: Page): Found => ({
  resources: matches.slice(offset, offset + limit),
  total: matches.length,
});

interface Scope {
  scim: ScimStore;
  source: string;
  baseUrl: string;
}

async function allMatches(scope: Scope, types: readonly ResourceType[], text: string): Promise<ProvisionedResource[]> {
  const matches: ProvisionedResource[] = [];
  for (const type of types) {
    const filter = parseFilter(type, text);
    const isMatch = (one: ProvisionedResource) => matchesFilter(representationOf(one, scope.baseUrl), filter);
    const candidates = await indexed(scope, type, filter);
    matches.push(...(candidates?.filter(isMatch) ?? (await scanned(scope, type, isMatch))));
  }
  return matches;
}

/** Returns a list with the only resource that can meet the filter, or an empty one; undefined if any resource could. */
async function indexed<T extends ResourceType>({ scim, source }: Scope, type: T, filter: Filter) {
  const id = requiredValue(filter, 'id');
  if (id !== undefined) return present(await scim.find(source, type, id));
  const attributes: [string, UniqueAttribute][] = [
    [type === 'User' ? 'userName' : 'displayName', 'name'],
    ['externalId', 'externalId'],
  ];
  for (const [name, attribute] of attributes) {
    const value = requiredValue(filter, name);
    if (value === undefined) continue;
    return present(await scim.findBy(source, type, attribute, comparedForm(attribute, value)));
  }
  return undefined;
}

const present = <T>(value: T | undefined): T[] => (value === undefined ? [] : [value]);

/** @throws ScimError tooMany */
async function scanned<T extends ResourceType>(
  { scim, source }: Scope,
  type: T,
  isMatch: (one: ResourceOf<T>) => boolean,
): Promise<ResourceOf<T>[]> {
  if ((await scim.count(source, type)) > SCANNED_MAX) {
    const detail = `Only id, externalId and the name can be searched among more than ${SCANNED_MAX} resources.`;
    throw new ScimError('tooMany', detail);
  }
  const matches: ResourceOf<T>[] = [];
  for (let after: string | undefined; ; ) {
    const page = await scim.listAfter(source, type, after, SCAN_PAGE);
    matches.push(...page.filter(isMatch));
    after = page.at(-1)?.id;
    if (page.length < SCAN_PAGE) return matches;
  }
}
