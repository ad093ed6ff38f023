import { endpoint } from '../../lib/endpoint.ts';
import { digest, flag, operationsFilter, optionalKeyId, principal, reason, sequence } from '../../lib/fields.ts';
import { revokePrincipalGrants } from '../../lib/revocation.ts';

/** Takes away all that a grantee holds, whoever made the keys: an administrator's act. With `dry_run` it only looks. */
export const handler = endpoint({
  access: 'kms:grant:revoke-any',
  isOurs: true,
  isExact: true,
  fields: {
    grantee_principal: principal('grantee_principal'),
    key_id: optionalKeyId,
    operations: operationsFilter,
    reason,
    dry_run: flag('dry_run'),
    digest,
    sequence,
  },
  handle: ({ body, act, authority, store: { seen }, now, config }) =>
    revokePrincipalGrants(
      { authority, seen, now, isOneMachines: !config.dynamodb },
      { ...act, reason: body.reason },
      {
        grantee: body.grantee_principal,
        keyId: body.key_id,
        operations: body.operations,
        isDryRun: body.dry_run ?? false,
        digest: body.digest,
      },
    ),
});
