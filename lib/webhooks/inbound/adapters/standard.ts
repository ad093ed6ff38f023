/** Our own events in the form of Standard Webhooks: `{"type", "timestamp", "data": {…}}`. */
import * as z from 'zod/mini';
import type { Task } from '../../../domain/job.ts';
import { KmsError } from '../../../errors.ts';
import { verifyWebhook, webhookSecretProblem } from '../../../signing/standard-webhooks.ts';
import {
  bodyParser,
  grantId,
  keyId,
  operationsFilter,
  optionalKeyId,
  optionalPrincipal,
  reason,
} from '../../../validation/fields.ts';
import { parseBody } from '../../../validation/json-body.ts';
import type { Adapter } from '../adapter.ts';
import { identitiesIn, ignored, lowerCase, name, names, object, type } from '../event-fields.ts';

const PROJECT_DETAIL = 'KMS.0308 project_id must be 1 to 64 letters, digits or - _';
const told = {
  project_id: z.optional(z.string(PROJECT_DETAIL).check(z.regex(/^[\w-]{1,64}$/, PROJECT_DETAIL))),
  reason,
};

const envelope = bodyParser({ type: type('type') });
const withData = bodyParser({ data: object('data') });
const EXACT = { isExact: true };
const disabled = bodyParser(
  {
    ...told,
    grantee_principal: optionalPrincipal('grantee_principal'),
    identity: z.optional(name('identity')),
    identities: z.optional(names('identities')),
    key_id: optionalKeyId,
    operations: operationsFilter,
  },
  EXACT,
);
const revoke = bodyParser({ ...told, key_id: keyId, grant_id: grantId }, EXACT);
const compromised = bodyParser({ ...told, key_id: keyId }, EXACT);

const EVENTS = new Map<string, (data: Record<string, unknown>) => Task>([
  ['principal.disabled', principalDisabled],
  [
    'grant.revoke',
    (data) => {
      const { key_id, grant_id, ...rest } = revoke(data);
      return { action: 'revoke-grant', type: 'grant.revoke', keyId: key_id, grantId: grant_id, ...toldOf(rest) };
    },
  ],
  [
    'key.compromised',
    (data) => {
      const { key_id, ...rest } = compromised(data);
      return { action: 'revoke-key', type: 'key.compromised', keyId: key_id, ...toldOf(rest) };
    },
  ],
]);

export const standard: Adapter = {
  secretProblem: webhookSecretProblem,
  verify: verifyWebhook,
  read({ headers, body }) {
    const input = parseBody(body);
    const { type } = envelope(input);
    const task = EVENTS.get(type)?.(withData(input).data) ?? ignored(type);
    return { deliveryId: headers['webhook-id'], tasks: [task] };
  },
};

function principalDisabled(data: Record<string, unknown>): Task {
  const { grantee_principal: grantee, identity, identities = [], key_id, operations, ...rest } = disabled(data);
  const people = [...(identity === undefined ? [] : [identity]), ...identities];
  // One of them would be passed over.
  if (grantee !== undefined && people.length > 0) {
    throw new KmsError('KMS.0308', { detail: 'Send data.grantee_principal or an identity, not both.' });
  }
  // Nobody named is never everybody.
  if (grantee === undefined && people.length === 0) {
    throw new KmsError('KMS.0204', { detail: 'data.grantee_principal, data.identity or data.identities is required.' });
  }
  return {
    action: 'revoke-principal',
    type: 'principal.disabled',
    grantee,
    // A sender need not know that addresses are mapped in lower case.
    identities: identitiesIn(people.flatMap((one) => [one, one.includes('@') ? lowerCase(one) : undefined])),
    keyId: key_id,
    operations,
    ...toldOf(rest),
  };
}

function toldOf({ project_id, reason }: { project_id: string | undefined; reason: string | undefined }) {
  return { projectId: project_id, reason };
}
