import type { Mapping } from '../../lib/domain/job.ts';
import { httpHandler } from '../../lib/handlers/http.ts';
import { pageFields } from '../../lib/http/serialize-grants.ts';
import type { Services } from '../../lib/services.ts';
import { mapWithConcurrency } from '../../lib/util/concurrency.ts';
import { optionalText } from '../../lib/validation/field.ts';
import { optionalPrincipal, sequence } from '../../lib/validation/fields.ts';
import { LIMIT_MAX, limit } from '../../lib/validation/page-fields.ts';
import { administeredSourcesOf, assertMappable } from '../../lib/webhooks/administered-sources.ts';
import { identity, mappingMarker, markerOf, source } from '../../lib/webhooks/mapping-fields.ts';
import { listMappings } from '../../lib/webhooks/mappings.ts';

const CONCURRENT_READS = 32;

/** Lists the mappings of the sources that the caller administers, by identity. */
export const handler = httpHandler({
  access: 'iam:directory:manage',
  isExtension: true,
  fields: {
    source: optionalText(source),
    identity: optionalText(identity),
    grantee_principal: optionalPrincipal('grantee_principal'),
    limit,
    marker: mappingMarker,
    sequence,
  },
  async handle({ body, config, context, store }) {
    const administered = await administeredSourcesOf({ config, store }, context.projectId);
    if (body.source !== undefined) assertMappable(administered, body.source);
    const sources = body.source === undefined ? administered.mappable : new Set([body.source]);
    const filter = { sources, identity: body.identity, grantee: body.grantee_principal };
    const { limit = LIMIT_MAX, marker: after } = body;
    const { page, next } = await listMappings(store.mappings, filter, { limit, after });
    const names = config.keystone ? new Map() : await namesOf(store.directory, context.projectId, page);
    const mappings = page.map(({ source, identity, grantee }) => ({
      source,
      identity,
      grantee_principal: grantee,
      name: names.get(grantee),
    }));
    return { mappings, ...pageFields({ next: next && markerOf(next) }) };
  },
});

/** The names of the principals that are users of the project's domain. Names of other domains are not revealed. */
async function namesOf(
  directory: Services['store']['directory'],
  projectId: string,
  mappings: readonly Mapping[],
): Promise<ReadonlyMap<string, string>> {
  const domainId = (await directory.project(projectId))?.domainId;
  const ids = [...new Set(mappings.map(({ grantee }) => grantee))];
  const users = await mapWithConcurrency(ids, CONCURRENT_READS, (id) => directory.user(id));
  return new Map(users.flatMap((user) => (user && user.domainId === domainId ? [[user.userId, user.name]] : [])));
}
