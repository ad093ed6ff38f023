/** Replies of the APIs in operations/people.ts. */
import { array, boolean, count, id32, keyId, milliseconds, object, PAGE, principal, ref, string } from './common.ts';

const literal = (value: string) => ({ type: 'string', const: value });

const MATCHES = [
  object({ type: literal('principal'), principal_id: principal, name: string, identity: string, grants: count }, [
    'name',
    'identity',
  ]),
  object({ type: literal('key'), key_id: keyId, key_alias: string, key_state: string }, ['key_alias', 'key_state']),
  object({ type: literal('grant'), key_id: keyId, grant_id: string, exists: boolean, grantee_principal: principal }, [
    'grantee_principal',
  ]),
  object({ type: literal('job'), job_id: id32, state: string }),
];

export const PEOPLE_SCHEMAS = {
  CallerReply: object(
    {
      user_id: string,
      user_name: string,
      domain_id: string,
      domain_name: string,
      project_id: string,
      project_name: string,
      roles: array(string),
      permissions: array(string),
      permissions_decided_by: { type: 'string', enum: ['roles', 'upstream'] },
      authority: { type: 'string', enum: ['standalone', 'upstream'] },
      identity: { type: 'string', enum: ['directory', 'keystone'] },
      grants_per_key: count,
      keys_per_project: count,
      jobs: boolean,
      region: string,
    },
    ['user_name', 'domain_name', 'project_id', 'project_name', 'grants_per_key', 'keys_per_project'],
  ),
  SearchReply: object({ matches: array({ oneOf: MATCHES }, { maxItems: 20 }), failed: array(ref('ListFailure')) }, [
    'failed',
  ]),
  PrincipalsReply: object({
    principals: array(
      object(
        {
          principal_id: principal,
          type: { type: 'string', enum: ['user', 'domain', 'unknown'] },
          name: string,
          enabled: boolean,
          identities: array(string),
        },
        ['name', 'enabled', 'identities'],
      ),
      { maxItems: 100 },
    ),
  }),
  KeyUsagePage: object(
    {
      keys: array(
        object(
          {
            key_id: keyId,
            key_alias: string,
            key_state: string,
            grants: count,
            created_by: string,
            creation_date: milliseconds,
          },
          ['key_alias', 'key_state', 'grants', 'created_by', 'creation_date'],
        ),
        { maxItems: 50 },
      ),
      grants_per_key: count,
      ...PAGE,
    },
    ['grants_per_key', 'total', 'failed'],
  ),
} as const;
