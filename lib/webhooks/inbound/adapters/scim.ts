/**
 * SCIM 2.0, as an identity provider sends it: a user who is deleted or no longer active.
 * Source: RFC 7644, sections 3.5 and 3.6.
 */
import { VISIBLE_ASCII } from '../../../domain/characters.ts';
import { KmsError } from '../../../errors.ts';
import { SCIM_CONTENT_TYPE } from '../../../http/scim-error.ts';
import { plainSecretProblem, verifyPlainSecret } from '../../../signing/plain-secret.ts';
import { parseBody } from '../../../validation/json-body.ts';
import type { Adapter } from '../adapter.ts';
import { identitiesIn, lowerCase } from '../event-fields.ts';
import { ignored } from '../event-tasks.ts';
import { activeAfterPatch, activeInUser, USER_SCHEMA, valuesOfAttribute } from '../scim-active.ts';

const BEARER_PATTERN = new RegExp(`^Bearer +([${VISIBLE_ASCII}]+)$`, 'i');

/** A request that deactivates its user. `identities` are those in the body; the id in the path comes in addition. */
interface Deactivation {
  identities: readonly unknown[];
  /** Those of `identities` that are compared without regard to case. */
  caseInsensitive?: readonly unknown[];
  reason: string;
}

/** By HTTP method; each function returns undefined for a request that leaves the user active. */
const METHODS = new Map<string, (body: Uint8Array) => Deactivation | undefined>([
  ['DELETE', () => ({ identities: [], reason: 'scim DELETE' })],
  ['PUT', replacedUser],
  ['PATCH', patchedUser],
]);

export const scim: Adapter = {
  events: {},
  secretProblem: (secret) =>
    plainSecretProblem(secret) ?? (secret.includes(' ') ? 'must not contain spaces' : undefined),
  verify: ({ headers }, { secrets }) =>
    verifyPlainSecret(BEARER_PATTERN.exec(headers['authorization'] ?? '')?.[1], secrets),
  /** PUT requires the user in the reply, the other methods nothing. Source: RFC 7644, sections 3.5.1 and 3.6. */
  reply({ method, userId: id, body }) {
    if (method !== 'PUT') return { status: 204 };
    const user = parseBody(body);
    const userName = valuesOfAttribute(user, 'username').find((value) => typeof value === 'string');
    return {
      status: 200,
      body: { schemas: [USER_SCHEMA], id, userName, active: activeInUser(user) },
      contentType: SCIM_CONTENT_TYPE,
    };
  },
  read({ method, userId, body }) {
    const deactivationIn = METHODS.get(method);
    if (userId === undefined || !deactivationIn) {
      throw new KmsError('KMS.0215', { detail: 'Send PATCH, PUT or DELETE of /Users/{id}.' });
    }
    const [id] = identitiesIn([userId]);
    if (id === undefined) {
      throw new KmsError('KMS.0308', { detail: 'The user id in the path must be 1 to 256 printable characters.' });
    }
    const deactivation = deactivationIn(body);
    if (!deactivation) return { tasks: [ignored(`scim ${method}`)] };
    const identities = identitiesIn([id, ...deactivation.identities]);
    const { reason, caseInsensitive = [] } = deactivation;
    const caseInsensitiveIdentities = identitiesIn(caseInsensitive);
    return {
      tasks: [
        {
          action: 'revoke-principal',
          type: 'principal.disabled',
          identities,
          ...(caseInsensitiveIdentities.length > 0 && { caseInsensitiveIdentities }),
          reason,
        },
      ],
    };
  },
};

/** A PUT without `active` leaves it as it is. Source: RFC 7644, section 3.5.1: omitted attributes are not asserted. */
function replacedUser(body: Uint8Array): Deactivation | undefined {
  const user = parseBody(body);
  if (activeInUser(user) !== false) return undefined;
  // `emails` are not identities: users may enter any address there, including that of another person.
  const [externalId, userName] = ['externalid', 'username'].map((name) => valuesOfAttribute(user, name)[0]);
  const identities = [externalId, userName, lowerCase(userName)];
  // `caseExact` is false for userName and true for externalId. Source: RFC 7643, sections 3.1 and 8.7.1.
  const caseInsensitive = [userName, lowerCase(userName)].filter((name) => !String(name).includes('@'));
  return { identities, caseInsensitive, reason: 'scim PUT, active false' };
}

function patchedUser(body: Uint8Array): Deactivation | undefined {
  const isDeactivated = activeAfterPatch(parseBody(body)) === false;
  return isDeactivated ? { identities: [], reason: 'scim PATCH, active false' } : undefined;
}
