/**
 * SCIM 2.0: an identity provider provisions its users here. Their requests have paths and a function of their own:
 * `lib/scim/`. This is what the kind has in common with the others: its settings, its events and its secret.
 */
import { KmsError } from '../../../errors.ts';
import { bearerTokenIn, plainSecretProblem, verifyPlainSecret } from '../../../signing/plain-secret.ts';
import { FIELDS } from '../../named-settings.ts';
import type { Adapter } from '../adapter.ts';
import { acts } from '../source.ts';

/** The settings that only sources of the kind scim have. */
export interface ScimSettings {
  /** The identity provider is trusted to state the principal of a user, by the attribute `granteePrincipal`. */
  principal_attribute?: boolean | undefined;
  /** E-mail addresses, also a user name that is one, identify a person in mappings. */
  trust_email?: boolean | undefined;
}

export const scim: Adapter<ScimSettings> = {
  settings: { principal_attribute: FIELDS.flag, trust_email: FIELDS.flag },
  events: { 'user.deactivated': acts('principal.disabled'), 'user.deleted': acts('principal.disabled') },
  secretProblem: (secret) =>
    plainSecretProblem(secret) ?? (secret.includes(' ') ? 'must not contain spaces' : undefined),
  verify: ({ headers }, { secrets }) => verifyPlainSecret(bearerTokenIn(headers['authorization']), secrets),
  read() {
    throw new KmsError('KMS.0215', { detail: 'Send SCIM requests to a path below the path of the source.' });
  },
};
