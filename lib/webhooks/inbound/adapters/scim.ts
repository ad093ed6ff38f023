/**
 * SCIM 2.0, as an identity provider sends it: a user who is deleted, or no longer active.
 * Source: RFC 7644, sections 3.5 and 3.6; names of attributes are without case, RFC 7643, section 2.1.
 */
import { KmsError } from '../../../errors.ts';
import { plainSecretProblem, verifyPlainSecret } from '../../../signing/plain-secret.ts';
import { bodyParser } from '../../../validation/fields.ts';
import { parseBody } from '../../../validation/json-body.ts';
import type { Adapter, WebhookRequest } from '../adapter.ts';
import { identitiesIn, ignored, lowerCase, objects } from '../event-fields.ts';

const BEARER = /^Bearer +([\x21-\x7e]+)$/i;
const USER_PATH = /\/Users\/([^/]+)\/?$/;
const SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:User';
const USER_SCHEMA = SCHEMA.toLowerCase();

type Attributes = Record<string, unknown>;

/** What a request tells of its user: who, besides the id of its path, and why. Undefined when nothing that matters. */
interface Deactivation {
  names: readonly unknown[];
  reason: string;
}

const METHODS = new Map<string, (body: Uint8Array) => Deactivation | undefined>([
  ['DELETE', () => ({ names: [], reason: 'scim DELETE' })],
  ['PUT', put],
  ['PATCH', patch],
]);

export const scim: Adapter = {
  secretProblem: (secret) =>
    plainSecretProblem(secret) ?? (secret.includes(' ') ? 'must be without spaces' : undefined),
  verify: ({ headers }, secrets) => verifyPlainSecret(BEARER.exec(headers['authorization'] ?? '')?.[1], secrets),
  /** Source: RFC 7644, sections 3.5.1 and 3.6: of PUT a user, of all else nothing. Only what is known of one here. */
  reply({ method, path, body }) {
    if (method !== 'PUT') return { status: 204 };
    const [, id = ''] = USER_PATH.exec(path) ?? [];
    const user = parseBody(body);
    const userName = valuesOf(user, 'username').find((name) => typeof name === 'string');
    return { status: 200, body: { schemas: [SCHEMA], id: decoded(id), userName, active: activeIn(user) } };
  },
  read(request) {
    const [, id] = USER_PATH.exec(request.path) ?? [];
    const ending = id === undefined ? undefined : METHODS.get(request.method)?.(request.body);
    if (id === undefined || !ending) return { tasks: [ignored(nameOf(request))] };
    const identities = [userIdOf(id), ...identitiesIn(ending.names)];
    return {
      tasks: [
        {
          action: 'revoke-principal',
          type: 'principal.disabled',
          identities: identitiesIn(identities),
          reason: ending.reason,
        },
      ],
    };
  },
};

const nameOf = ({ method }: WebhookRequest) => `scim ${method}`;

/** @param encoded the last segment of the path */
function userIdOf(encoded: string): string {
  const [id] = identitiesIn([decoded(encoded)]);
  if (id === undefined)
    throw new KmsError('KMS.0308', { detail: 'The id of the path must be 1 to 256 printable characters.' });
  return id;
}

function decoded(encoded: string): string | undefined {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}

function put(body: Uint8Array): Deactivation | undefined {
  const user = parseBody(body);
  if (activeIn(user) !== false) return undefined;
  // Not by `emails`: users may write there what they like, somebody else's address too.
  const [externalId, userName] = ['externalid', 'username'].map((name) => valuesOf(user, name)[0]);
  return { names: [externalId, userName, lowerCase(userName)], reason: 'scim PUT, active false' };
}

const operationsOf = bodyParser({ Operations: objects('Operations') });

/** Operations are applied in their order: the last that sets it decides. */
function patch(body: Uint8Array): Deactivation | undefined {
  const active = operationsOf(parseBody(body))
    .Operations.map(activeAfter)
    .findLast((value) => value !== undefined);
  return active === false ? { names: [], reason: 'scim PATCH, active false' } : undefined;
}

const OPS = ['add', 'replace', 'remove'];

/** What one operation sets `active` to; undefined when it does not touch it. */
function activeAfter({ op, path, value }: { op?: unknown; path?: unknown; value?: unknown }): boolean | undefined {
  const name = lowerCase(op) ?? '';
  if (!OPS.includes(name)) throw new KmsError('KMS.0308', { detail: `op must be one of: ${OPS.join(', ')}.` });
  if (name === 'remove') return undefined;
  if (path === undefined || path === null) {
    return typeof value === 'object' && value !== null ? activeIn(value as Attributes) : undefined;
  }
  return isActive(lowerCase(path) ?? '') ? booleanOf(value) : undefined;
}

/** By its name, or by its name in full. */
const isActive = (name: string) => name === 'active' || name === `${USER_SCHEMA}:active`;

function activeIn(attributes: Attributes): boolean | undefined {
  const values = [...valuesOf(attributes, 'active'), ...valuesOf(attributes, `${USER_SCHEMA}:active`)].map(booleanOf);
  return values.includes(false) ? false : values[0];
}

/** @param name in lower case */
function valuesOf(attributes: Attributes, name: string): unknown[] {
  return Object.entries(attributes)
    .filter(([key]) => key.toLowerCase() === name)
    .map(([, value]) => value);
}

/** Some providers send a text. What is neither is refused: taken for "nothing to do" it would be lost. */
function booleanOf(value: unknown): boolean {
  const word = String(value).toLowerCase();
  if (!['boolean', 'string'].includes(typeof value) || !['true', 'false'].includes(word)) {
    throw new KmsError('KMS.0308', { detail: 'active must be true or false.' });
  }
  return word === 'true';
}
