import { httpHandler } from '../../lib/handlers/http.ts';
import {
  grantName,
  keyId,
  operations,
  optionalPrincipal,
  principal,
  principalType,
  sequence,
} from '../../lib/validation/fields.ts';

/**
 * Lets a principal use a key. For the key's creator, and for grantees that delegate operations they hold themselves.
 */
export const handler = httpHandler({
  access: 'kms:grant:create',
  fields: {
    key_id: keyId,
    grantee_principal: principal('grantee_principal'),
    operations,
    name: grantName,
    grantee_principal_type: principalType,
    retiring_principal: optionalPrincipal('retiring_principal'),
    sequence,
  },
  handle: ({ body, context, authority }) =>
    authority.createGrant(context, {
      keyId: body.key_id,
      grantee: body.grantee_principal,
      granteeType: body.grantee_principal_type ?? 'user',
      operations: body.operations,
      name: body.name,
      retiringPrincipal: body.retiring_principal,
    }),
});
