/** Replies of the APIs in operations/administration.ts. */
import { array, boolean, count, object, PAGE, principal, ref, string } from './common.ts';

const mapping = { source: string, identity: string, grantee_principal: principal };
/** Milliseconds since 1970. */
const digits = { type: 'string', pattern: '^[0-9]+$' };
const links = object({ self: string, next: { type: ['string', 'null'] }, previous: { type: ['string', 'null'] } });

export const ADMINISTRATION_SCHEMAS = {
  SourceList: object({
    sources: array({
      type: 'object',
      properties: {
        name: string,
        kind: string,
        purpose: { type: 'string', enum: ['webhook', 'chat'] },
        path: { type: 'string', pattern: '^/hooks/' },
        projects: array(string),
        open_jobs: count,
      },
      required: ['name', 'kind', 'purpose', 'path', 'projects', 'open_jobs'],
      // Each kind has a few harmless settings of its own.
      additionalProperties: true,
    }),
  }),
  NewMapping: object(mapping),
  MappingPage: object({
    mappings: array(object({ ...mapping, name: string }, ['name'])),
    next_marker: PAGE.next_marker,
    truncated: PAGE.truncated,
  }),
  ProvisionedUser: object(
    {
      source: string,
      user_id: string,
      user_name: string,
      external_id: string,
      display_name: string,
      active: boolean,
      grantee_principal: string,
      stated_principal: string,
      assigned_principal: string,
      created_at: digits,
      modified_at: digits,
    },
    ['external_id', 'display_name', 'grantee_principal', 'stated_principal', 'assigned_principal'],
  ),
  ProvisionedUserPage: object({
    users: array(ref('ProvisionedUser')),
    next_marker: PAGE.next_marker,
    truncated: PAGE.truncated,
  }),
  OneProvisionedUser: object({ user: ref('ProvisionedUser') }),
  User: {
    type: 'object',
    properties: { id: string, name: string, domain_id: string, enabled: boolean, links: object({ self: string }) },
    required: ['id', 'name', 'domain_id', 'enabled'],
  },
  UserList: object({ users: array(ref('User')), links }, ['links']),
  OneUser: object({ user: ref('User') }),
  AccessKey: object(
    {
      access: string,
      status: { type: 'string', enum: ['active', 'inactive'] },
      user_id: string,
      create_time: string,
      description: string,
    },
    ['create_time', 'description'],
  ),
  AccessKeyList: object({ credentials: array(ref('AccessKey')), links }),
  OneAccessKey: object({ credential: ref('AccessKey') }),
} as const;
