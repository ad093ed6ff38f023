import { endpoint } from '../../lib/endpoint.ts';
import {
  grantName,
  keyId,
  operations,
  optionalPrincipal,
  principal,
  principalType,
  sequence,
} from '../../lib/fields.ts';

/** Lets a principal use a key. The key's creator may, and a grantee that passes on what it holds itself. */
export const handler = endpoint({
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
  handle: ({ body, act, authority }) =>
    authority.createGrant(act, {
      keyId: body.key_id,
      grantee: body.grantee_principal,
      granteeType: body.grantee_principal_type ?? 'user',
      operations: body.operations,
      name: body.name,
      retiringPrincipal: body.retiring_principal,
    }),
});
