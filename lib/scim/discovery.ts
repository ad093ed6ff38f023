/** What the server can do. Source: RFC 7644, section 4; RFC 7643, sections 5, 6 and 7. */
import type { ResourceType } from '../domain/provisioned.ts';
import { listResponse } from './list.ts';
import { PAGE_MAX } from './query.ts';
import { CORE_SCHEMA_OF, EXTENSIONS_OF, SCHEMAS } from './schema.ts';
import type { Wire } from './wire.ts';

const CORE = 'urn:ietf:params:scim:schemas:core:2.0';

export function serviceProviderConfig(baseUrl: string): Wire {
  return {
    schemas: [`${CORE}:ServiceProviderConfig`],
    patch: { supported: true },
    bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
    filter: { supported: true, maxResults: PAGE_MAX },
    changePassword: { supported: false },
    sort: { supported: false },
    etag: { supported: true },
    authenticationSchemes: [
      {
        type: 'oauthbearertoken',
        name: 'Bearer token',
        description: 'A secret of the source in the header Authorization.',
        specUri: 'https://www.rfc-editor.org/rfc/rfc6750',
        primary: true,
      },
    ],
    meta: { resourceType: 'ServiceProviderConfig', location: `${baseUrl}/ServiceProviderConfig` },
  };
}

const resourceType = (type: ResourceType, baseUrl: string): Wire => ({
  schemas: [`${CORE}:ResourceType`],
  id: type,
  name: type,
  endpoint: `/${type}s`,
  description: type === 'User' ? 'People whose grants are revoked when they leave.' : 'Groups of people.',
  schema: CORE_SCHEMA_OF[type],
  schemaExtensions: EXTENSIONS_OF[type].map((schema) => ({ schema, required: false })),
  meta: { resourceType: 'ResourceType', location: `${baseUrl}/ResourceTypes/${type}` },
});

const resourceTypesOf = (baseUrl: string) => (['User', 'Group'] as const).map((type) => resourceType(type, baseUrl));

const schemasOf = (baseUrl: string): Wire[] =>
  SCHEMAS.map((schema) => ({
    schemas: [`${CORE}:Schema`],
    ...schema,
    meta: { resourceType: 'Schema', location: `${baseUrl}/Schemas/${schema.id}` },
  }));

/** Returns the list of descriptions, or the one with the id; undefined if there is none. */
export function description(
  kind: 'ResourceTypes' | 'Schemas',
  id: string | undefined,
  baseUrl: string,
): Wire | undefined {
  const all: Wire[] = kind === 'Schemas' ? schemasOf(baseUrl) : resourceTypesOf(baseUrl);
  if (id === undefined) return listResponse(all, { totalResults: all.length, startIndex: 1 });
  return all.find((one) => String(one['id']).toLowerCase() === id.toLowerCase());
}
