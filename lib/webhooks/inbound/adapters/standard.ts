/**
 * Events that are written for this service, in the form of Standard Webhooks: `{"type", "timestamp", "data": {…}}`.
 * Source: Standard Webhooks, specification, "Payload structure".
 */
import { IAM_ID_PATTERN } from '../../../domain/ids.ts';
import type { Task } from '../../../domain/job.ts';
import { KmsError } from '../../../errors.ts';
import { verifyWebhook, webhookSecretProblem } from '../../../signing/standard-webhooks.ts';
import { bodyParser } from '../../../validation/body-parser.ts';
import { optional, text } from '../../../validation/field.ts';
import {
  grantId,
  keyId,
  operationsFilter,
  optionalKeyId,
  optionalPrincipal,
  reason,
} from '../../../validation/fields.ts';
import { parseBody } from '../../../validation/json-body.ts';
import type { Adapter } from '../adapter.ts';
import {
  eventType,
  identifier,
  identifiers,
  identitiesIn,
  ignored,
  lowerCase,
  object,
  splitByIdentities,
} from '../event-fields.ts';

const commonFields = {
  project_id: optional(text(IAM_ID_PATTERN, 'KMS.0308', 'project_id must be 1 to 64 letters, digits or - _')),
  reason,
};

const parseEnvelope = bodyParser({ type: eventType('type') });
const parseData = bodyParser({ data: object('data') });
const STRICT = { rejectsUnknownFields: true };
const parsePrincipalDisabled = bodyParser(
  {
    ...commonFields,
    grantee_principal: optionalPrincipal('grantee_principal'),
    identity: optional(identifier('identity')),
    identities: optional(identifiers('identities')),
    key_id: optionalKeyId,
    operations: operationsFilter,
  },
  STRICT,
);
const parseGrantRevoke = bodyParser({ ...commonFields, key_id: keyId, grant_id: grantId }, STRICT);
const parseKeyCompromised = bodyParser({ ...commonFields, key_id: keyId }, STRICT);

const EVENTS = new Map<string, (data: Record<string, unknown>) => Task[]>([
  ['principal.disabled', principalDisabled],
  ['grant.revoke', grantRevoke],
  ['key.compromised', keyCompromised],
]);

export const standard: Adapter = {
  secretProblem: webhookSecretProblem,
  verify: verifyWebhook,
  read({ headers, body }) {
    const input = parseBody(body);
    const { type } = parseEnvelope(input);
    // An event that takes access away must not be ignored for the spelling of its type.
    const name = type.trim().toLowerCase().replaceAll(/[-_ ]/g, '.');
    const tasks = EVENTS.get(name)?.(parseData(input).data) ?? [ignored(type)];
    return { deliveryId: headers['webhook-id'], tasks };
  },
};

function principalDisabled(data: Record<string, unknown>): Task[] {
  const event = parsePrincipalDisabled(data);
  const { grantee_principal: grantee, identity, identities = [] } = event;
  const people = [...(identity === undefined ? [] : [identity]), ...identities];
  if (grantee !== undefined && people.length > 0) {
    throw new KmsError('KMS.0308', { detail: 'Send data.grantee_principal or an identity, not both.' });
  }
  if (grantee === undefined && people.length === 0) {
    throw new KmsError('KMS.0204', { detail: 'data.grantee_principal, data.identity or data.identities is required.' });
  }
  return splitByIdentities({
    action: 'revoke-principal',
    type: 'principal.disabled',
    grantee,
    // Mappings hold e-mail addresses in lower case; senders need not know that.
    identities: identitiesIn(
      people.flatMap((person) => [person, person.includes('@') ? lowerCase(person) : undefined]),
    ),
    keyId: event.key_id,
    operations: event.operations,
    projectId: event.project_id,
    reason: event.reason,
  });
}

function grantRevoke(data: Record<string, unknown>): Task[] {
  const { key_id, grant_id, project_id, reason } = parseGrantRevoke(data);
  const type = 'grant.revoke';
  return [{ action: 'revoke-grant', type, keyId: key_id, grantId: grant_id, projectId: project_id, reason }];
}

function keyCompromised(data: Record<string, unknown>): Task[] {
  const { key_id, project_id, reason } = parseKeyCompromised(data);
  return [{ action: 'revoke-key', type: 'key.compromised', keyId: key_id, projectId: project_id, reason }];
}
