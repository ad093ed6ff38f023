/** Replies of the token API. Source: OpenStack Identity API v3; IAM API reference. */
import { array, boolean, object, ref, string } from './common.ts';

const named = object({ id: string, name: string });
const scoped = object({ id: string, name: string, domain: named });
const time = { type: 'string', format: 'date-time' };
const self = object({ self: string });
const links = object({ self: string, next: { type: 'null' }, previous: { type: 'null' } });

export const IDENTITY_SCHEMAS = {
  Token: object({
    token: object(
      {
        expires_at: time,
        issued_at: time,
        methods: array({ type: 'string', enum: ['password', 'token'] }),
        user: object({ id: string, name: string, domain: named, password_expires_at: { type: 'string', const: '' } }),
        project: scoped,
        domain: named,
        roles: array(named),
        catalog: ref('Catalog'),
      },
      ['project', 'domain', 'catalog'],
    ),
  }),
  Catalog: array(
    object({
      id: string,
      type: { type: 'string', enum: ['identity', 'kms', 'kmsv1'] },
      name: string,
      endpoints: array(object({ id: string, interface: string, region: string, region_id: string, url: string })),
    }),
  ),
  CatalogReply: object({ catalog: ref('Catalog'), links }),
  Project: object({
    id: string,
    name: string,
    domain_id: string,
    parent_id: string,
    is_domain: boolean,
    enabled: boolean,
    description: string,
    links: self,
  }),
  ProjectList: object({ projects: array(ref('Project')), links }),
  OneProject: object({ project: ref('Project') }),
  Domain: object({ id: string, name: string, enabled: boolean, description: string, links: self }),
  DomainList: object({ domains: array(ref('Domain')), links }),
  OneDomain: object({ domain: ref('Domain') }),
  RegionList: object({
    regions: array(
      object({ id: string, type: string, description: string, parent_region_id: { type: 'null' }, links: self }),
    ),
    links,
  }),
  Version: object(
    {
      id: string,
      status: string,
      updated: time,
      links: array(object({ rel: string, href: string })),
      'media-types': array(object({ base: string, type: string })),
      version: string,
      min_version: string,
    },
    ['media-types', 'version', 'min_version'],
  ),
  OneVersion: object({ version: ref('Version') }),
  VersionList: object({ versions: object({ values: array(ref('Version'), { minItems: 1 }) }) }),
} as const;
