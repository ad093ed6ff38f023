/**
 * SCIM 2.0, as an identity provider sends it: a user who is deleted or no longer active.
 * Source: RFC 7644, sections 3.5 and 3.6; attribute names are case-insensitive, RFC 7643, section 2.1.
 */
import { KmsError } from '../../../errors.ts';
import { plainSecretProblem, verifyPlainSecret } from '../../../signing/plain-secret.ts';
import { bodyParser } from '../../../validation/body-parser.ts';
import { parseBody } from '../../../validation/json-body.ts';
import type { Adapter } from '../adapter.ts';
import { identitiesIn, ignored, lowerCase, objects } from '../event-fields.ts';

const BEARER_PATTERN = /^Bearer +([\x21-\x7e]+)$/i;
const USER_PATH_PATTERN = /\/Users\/([^/]+)\/?$/;
const USER_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:User';
/** The two spellings of the attribute `active`, in lower case. */
const ACTIVE_NAMES = ['active', `${USER_SCHEMA.toLowerCase()}:active`];

type Attributes = Record<string, unknown>;

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
  secretProblem: (secret) =>
    plainSecretProblem(secret) ?? (secret.includes(' ') ? 'must not contain spaces' : undefined),
  verify: ({ headers }, secrets) =>
    verifyPlainSecret(BEARER_PATTERN.exec(headers['authorization'] ?? '')?.[1], secrets),
  /** PUT requires the user in the reply, the other methods nothing. Source: RFC 7644, sections 3.5.1 and 3.6. */
  reply({ method, path, body }) {
    if (method !== 'PUT') return { status: 204 };
    const [, encodedId = ''] = USER_PATH_PATTERN.exec(path) ?? [];
    const user = parseBody(body);
    const userName = valuesOf(user, 'username').find((value) => typeof value === 'string');
    return { status: 200, body: { schemas: [USER_SCHEMA], id: decode(encodedId), userName, active: activeIn(user) } };
  },
  read({ method, path, body }) {
    const [, encodedId] = USER_PATH_PATTERN.exec(path) ?? [];
    const deactivation = encodedId === undefined ? undefined : METHODS.get(method)?.(body);
    if (encodedId === undefined || !deactivation) return { tasks: [ignored(`scim ${method}`)] };
    const identities = identitiesIn([parseUserId(encodedId), ...deactivation.identities]);
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

/** @throws KmsError KMS.0308 */
function parseUserId(encodedId: string): string {
  const [id] = identitiesIn([decode(encodedId)]);
  if (id !== undefined) return id;
  throw new KmsError('KMS.0308', { detail: 'The user id in the path must be 1 to 256 printable characters.' });
}

function decode(encoded: string): string | undefined {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}

function replacedUser(body: Uint8Array): Deactivation | undefined {
  const user = parseBody(body);
  if (activeIn(user) !== false) return undefined;
  // `emails` are not identities: users may enter any address there, including that of another person.
  const [externalId, userName] = ['externalid', 'username'].map((name) => valuesOf(user, name)[0]);
  const identities = [externalId, userName, lowerCase(userName)];
  // `caseExact` is false for userName and true for externalId. Source: RFC 7643, sections 3.1 and 8.7.1.
  const caseInsensitive = [userName, lowerCase(userName)].filter((name) => !String(name).includes('@'));
  return { identities, caseInsensitive, reason: 'scim PUT, active false' };
}

const parsePatch = bodyParser({ Operations: objects('Operations') });

/** Operations apply in order, so the last one that sets `active` decides. */
function patchedUser(body: Uint8Array): Deactivation | undefined {
  const active = parsePatch(parseBody(body))
    .Operations.map(activeSetBy)
    .findLast((value) => value !== undefined);
  return active === false ? { identities: [], reason: 'scim PATCH, active false' } : undefined;
}

const OPS = ['add', 'replace', 'remove'];

/** Returns the value that an operation gives `active`; undefined when it does not set it. */
function activeSetBy({ op, path, value }: { op?: unknown; path?: unknown; value?: unknown }): boolean | undefined {
  const opName = lowerCase(op) ?? '';
  if (!OPS.includes(opName)) throw new KmsError('KMS.0308', { detail: `op must be one of: ${OPS.join(', ')}.` });
  if (opName === 'remove') return undefined;
  if (path === undefined || path === null) {
    return typeof value === 'object' && value !== null ? activeIn(value as Attributes) : undefined;
  }
  return ACTIVE_NAMES.includes(lowerCase(path) ?? '') ? parseBoolean(value) : undefined;
}

function activeIn(attributes: Attributes): boolean | undefined {
  const values = ACTIVE_NAMES.flatMap((name) => valuesOf(attributes, name)).map(parseBoolean);
  return values.includes(false) ? false : values[0];
}

/** @param name in lower case */
function valuesOf(attributes: Attributes, name: string): unknown[] {
  return Object.entries(attributes)
    .filter(([key]) => key.toLowerCase() === name)
    .map(([, value]) => value);
}

/**
 * Accepts strings too, because some providers send them. Anything else is an error: to ignore it could miss a
 * deactivation.
 * @throws KmsError KMS.0308
 */
function parseBoolean(value: unknown): boolean {
  const text = String(value).toLowerCase();
  if (!['boolean', 'string'].includes(typeof value) || !['true', 'false'].includes(text)) {
    throw new KmsError('KMS.0308', { detail: 'active must be true or false.' });
  }
  return text === 'true';
}
