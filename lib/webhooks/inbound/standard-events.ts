/** The events of Standard Webhooks as this service reads them: `{"type", "timestamp", "data": {…}}`. */
import { IAM_ID_PATTERN } from '../../domain/ids.ts';
import type { Task } from '../../domain/job.ts';
import { KmsError } from '../../errors.ts';
import { bodyParser } from '../../validation/body-parser.ts';
import { optional, text } from '../../validation/field.ts';
import { grantId, keyId, operationsFilter, optionalKeyId, optionalPrincipal, reason } from '../../validation/fields.ts';
import { eventType, identifier, identifiers, identitiesIn, lowerCase, object } from './event-fields.ts';
import { ignored, needsPerson, splitByIdentities } from './event-tasks.ts';
import { type Action, acts, meaningOf, type Source } from './source.ts';

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

/** The events of the kinds that send Standard Webhooks. The settings may give further types one of these meanings. */
export const STANDARD_EVENTS = {
  'principal.disabled': acts('principal.disabled'),
  'grant.revoke': acts('grant.revoke'),
  'key.compromised': acts('key.compromised'),
};

const TASKS: Readonly<Record<Action, (data: Record<string, unknown>) => Task[]>> = {
  'principal.disabled': principalDisabled,
  'grant.revoke': grantRevoke,
  'key.compromised': keyCompromised,
};

/**
 * Returns the tasks of one event.
 * @throws KmsError KMS.0204, KMS.0205, KMS.0308, KMS.2402, KMS.2501
 */
export function standardTasks(source: Source, input: Record<string, unknown>): Task[] {
  const { type } = parseEnvelope(input);
  // An event that takes access away must not be ignored for the spelling of its type.
  const name = type.trim().toLowerCase().replaceAll(/[-_ ]/g, '.');
  const meaning = source.events.get(type) ?? meaningOf(source, name);
  if (meaning === 'ignore') return [ignored(type)];
  if (meaning === 'needs-person') return [needsPerson(type, `${source.kind} ${type}`)];
  const tasks = TASKS[meaning](parseData(input).data);
  return name === meaning ? tasks : tasks.map((task) => ({ ...task, event: ignored(type).type }));
}

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
