import { revokePrincipalGrants } from '../../lib/authority/revoke-principal-grants.ts';
import { httpHandler } from '../../lib/handlers/http.ts';
import {
  digest,
  flag,
  operationsFilter,
  optionalKeyId,
  principal,
  reason,
  sequence,
} from '../../lib/validation/fields.ts';

/**
 * Revokes all grants of a grantee on keys of any creator, for administrators. With `dry_run` it only counts them.
 */
export const handler = httpHandler({
  access: 'kms:grant:revoke-any',
  isExtension: true,
  rejectsUnknownFields: true,
  fields: {
    grantee_principal: principal('grantee_principal'),
    key_id: optionalKeyId,
    operations: operationsFilter,
    reason,
    dry_run: flag('dry_run'),
    digest,
    sequence,
  },
  handle: ({ body, context, authority, store, now, config }) =>
    revokePrincipalGrants(
      { authority, store, now, isSingleHost: !config.dynamodb },
      { ...context, reason: body.reason },
      {
        grantee: body.grantee_principal,
        keyId: body.key_id,
        operations: body.operations,
        isDryRun: body.dry_run ?? false,
        digest: body.digest,
      },
    ),
});
