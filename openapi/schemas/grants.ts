/** Replies of the grant APIs. */
import {
  array,
  count,
  errorCode,
  grantId,
  id32,
  keyId,
  milliseconds,
  object,
  operationList,
  PAGE,
  principal,
  ref,
  string,
} from './common.ts';

const { total: _, ...EVENT_PAGE } = PAGE;

export const GRANT_SCHEMAS = {
  Grant: {
    ...object(
      {
        key_id: keyId,
        grant_id: grantId,
        name: { type: 'string', minLength: 1 },
        grantee_principal: principal,
        grantee_principal_type: string,
        operations: operationList,
        issuing_principal: principal,
        retiring_principal: principal,
        creation_date: milliseconds,
      },
      ['name', 'issuing_principal', 'retiring_principal', 'creation_date'],
    ),
    description:
      'A grant. `creation_date` has 13 digits: milliseconds since 1970-01-01 UTC. `issuing_principal` and `creation_date` are missing only if an upstream leaves them out.',
  },
  GrantPage: {
    ...object({ grants: array(ref('Grant'), { maxItems: 1000 }), ...PAGE }, ['failed']),
    description:
      'A page of grants. `truncated` is a string, `total` is an integer: the number of grants in the whole list. `next_marker` is "" on the last page. `failed` and a missing `total` occur only with an upstream.',
  },
  CreatedGrant: object({ grant_id: grantId }),
  Empty: { ...object({}), description: 'An object without fields.' },
  DryRun: object(
    {
      dry_run: { type: 'boolean', const: true },
      total: count,
      keys: array(object({ key_id: keyId, total: count })),
      digest: { type: 'string', pattern: '^[0-9a-f]{64}$' },
      passed_on: count,
      failed: array(ref('ListFailure')),
    },
    ['passed_on', 'failed'],
  ),
  RevokeResult: object({ revoked: count, failed: array(ref('ListFailure')), remaining: count, passed_on: count }, [
    'passed_on',
  ]),
  GrantEvent: {
    ...object(
      {
        event_id: id32,
        event_time: milliseconds,
        action: string,
        project_id: string,
        key_id: keyId,
        grant_id: grantId,
        actor: string,
        channel: {
          type: 'string',
          enum: ['http', 'webhook', 'admin', 'deletion', 'slack', 'feishu', 'mattermost', 'bot'],
        },
        approved_by: string,
        reason: { type: 'string', maxLength: 255 },
        request_id: string,
        sequence: string,
        upstream_request_id: string,
        error_code: errorCode,
        observed: { type: 'boolean', const: true },
        passed_on: count,
        grant: ref('Grant'),
      },
      [
        'grant_id',
        'approved_by',
        'reason',
        'sequence',
        'upstream_request_id',
        'error_code',
        'observed',
        'passed_on',
        'grant',
      ],
    ),
    description:
      'The receipt of one change. `error_code` is present only if the grant still exists: the revocation was given up, or the upstream still lists the grant. `observed` is present only if the source of the job just observes: nothing was revoked.',
  },
  EventPage: object({ events: array(ref('GrantEvent'), { maxItems: 1000 }), ...EVENT_PAGE }, ['failed']),
} as const;
