/**
 * Events of AWS in the text of a message: as EventBridge sends them, or in the form of Standard Webhooks, which an
 * input transformer of EventBridge or a program can write.
 * Source: EventBridge Events Reference, "AWS IAM"; IAM Identity Center User Guide, "Logging with CloudTrail"; AWS
 * Health User Guide, "Monitoring events with EventBridge"; GuardDuty User Guide, "Finding format".
 */
import type { Task } from '../../domain/job.ts';
import { KmsError } from '../../errors.ts';
import { textOf } from '../../util/json.ts';
import { isJsonObject } from '../../validation/json-body.ts';
import { embeddedJson } from './embedded-json.ts';
import { identitiesIn } from './event-fields.ts';
import { ignored, type Person, personTask, unreadable } from './event-tasks.ts';
import { acts, actsByChoice, type EventRule, meaningOf, needsPersonByDefault, type Source } from './source.ts';
import { STANDARD_EVENTS, standardTasks } from './standard-events.ts';

type Fields = Readonly<Record<string, unknown>>;

const EXPOSED = 'health.AWS_RISK_CREDENTIALS_EXPOSED';
const FINDING = 'guardduty.AccessKey';
const KEY_CHANGED = 'iam.UpdateAccessKey';

/** Calls have the name of their service and of the call, as CloudTrail records them. */
export const AWS_EVENTS: Readonly<Record<string, EventRule>> = {
  'iam.DeleteUser': acts('principal.disabled'),
  'iam.DeleteAccessKey': actsByChoice('principal.disabled'),
  [KEY_CHANGED]: actsByChoice('principal.disabled'),
  'iam.DeleteLoginProfile': actsByChoice('principal.disabled'),
  'sso-directory.DisableUser': acts('principal.disabled'),
  'sso-directory.DeleteUser': acts('principal.disabled'),
  'identitystore.DisableUser': acts('principal.disabled'),
  'identitystore.DeleteUser': acts('principal.disabled'),
  [EXPOSED]: needsPersonByDefault('principal.disabled'),
  [FINDING]: needsPersonByDefault('principal.disabled'),
  ...STANDARD_EVENTS,
};

const NOT_AN_EVENT = 'The text of the message is neither an event of EventBridge nor {"type", "data"}, in JSON.';

/**
 * Returns the tasks of a message. A text that is not understood becomes an unreadable task that keeps it, because it
 * may be about a person who has left.
 */
export function awsTasks(source: Source, text: string): Task[] {
  const event = embeddedJson(text);
  try {
    if (isJsonObject(event) && 'detail-type' in event) return [eventTask(source, event)];
    if (isJsonObject(event) && 'type' in event) return standardTasks(source, event);
    throw new KmsError('KMS.0308', { detail: NOT_AN_EVENT });
  } catch (error) {
    if (!(error instanceof KmsError)) throw error;
    return [unreadable('unreadable', error.detail ?? error.message, text)];
  }
}

/** @throws KmsError KMS.0308 */
function eventTask(source: Source, event: Fields): Task {
  const { detail, source: service } = event;
  if (!isJsonObject(detail)) throw new KmsError('KMS.0308', { detail: 'detail must be an object.' });
  if (service === 'aws.health') return healthTask(source, detail);
  if (service === 'aws.guardduty') return findingTask(source, detail);
  return callTask(source, event, detail);
}

/** @throws KmsError KMS.0308 if the call has a meaning and does not name a person */
function callTask(source: Source, event: Fields, detail: Fields): Task {
  const { eventSource, eventName, errorCode } = detail;
  if (typeof eventSource !== 'string' || typeof eventName !== 'string') {
    const type = textOf(event['detail-type']);
    if (type.includes('CloudTrail'))
      throw new KmsError('KMS.0308', { detail: 'detail needs eventSource and eventName.' });
    // An event that is no call, such as one about the state of a machine.
    return ignored(`${textOf(event['source'])} ${type}`);
  }
  const name = `${eventSource.replace(/\.amazonaws\.com$/, '')}.${eventName}`;
  // CloudTrail records calls that failed too.
  if (!Object.hasOwn(AWS_EVENTS, name) || meaningOf(source, name) === 'ignore' || isGiven(errorCode))
    return ignored(name);
  const parameters = isJsonObject(detail['requestParameters']) ? detail['requestParameters'] : {};
  if (name === KEY_CHANGED && textOf(parameters['status']).toLowerCase() === 'active') return ignored(name);
  return personTask(source, name, personOf(name, parameters), `sns ${name}`);
}

const isGiven = (value: unknown) => value !== undefined && value !== null && value !== '';

/**
 * The person whom the call was about. `userIdentity` is the administrator who made it, and must never be used here.
 * @throws KmsError KMS.0308
 */
function personOf(name: string, { userName, userId }: Fields): Person {
  const isIam = name.startsWith('iam.');
  const identities = identitiesIn([isIam ? userName : userId]);
  if (identities.length === 0) {
    throw new KmsError('KMS.0308', { detail: `requestParameters.${isIam ? 'userName' : 'userId'} is required.` });
  }
  // Source: IAM User Guide, "IAM and AWS STS quotas": names of users are not distinguished by case.
  return { identities, ...(isIam && { caseInsensitiveIdentities: identities }) };
}

/** Returns the task of an AWS Health event, which may say that AWS has found an access key in public. */
function healthTask(source: Source, { eventTypeCode, affectedEntities }: Fields): Task {
  const name = `health.${textOf(eventTypeCode)}`;
  if (name !== EXPOSED) return ignored(name);
  const entities = Array.isArray(affectedEntities) ? affectedEntities : [];
  const identities = identitiesIn(entities.map((entity) => (isJsonObject(entity) ? entity['entityValue'] : undefined)));
  return personTask(source, EXPOSED, { identities }, `sns ${EXPOSED}`);
}

function findingTask(source: Source, { type, resource }: Fields): Task {
  const details = isJsonObject(resource) ? resource['accessKeyDetails'] : undefined;
  if (!isJsonObject(details)) return ignored(`guardduty.${textOf(type)}`);
  const identities = identitiesIn([details['userName']]);
  return personTask(source, FINDING, { identities }, `sns ${FINDING}: ${textOf(type)}`);
}
