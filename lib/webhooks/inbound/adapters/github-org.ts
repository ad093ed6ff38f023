/**
 * Webhooks of GitHub organisations and repositories: somebody leaves, or a secret is found.
 * Source: GitHub Docs, "Webhook events and payloads"; the types of `@octokit/openapi-webhooks-types` 12.1.0.
 */
import * as z from 'zod/mini';
import type { Task } from '../../../domain/job.ts';
import { KmsError } from '../../../errors.ts';
import { verifyHmacSha256 } from '../../../signing/hmac-sha256.ts';
import { plainSecretProblem } from '../../../signing/plain-secret.ts';
import { textOf } from '../../../util/json.ts';
import { isJsonObject, parseBody } from '../../../validation/json-body.ts';
import { FIELDS } from '../../named-settings.ts';
import type { Adapter, WebhookRequest } from '../adapter.ts';
import { lowerCase } from '../event-fields.ts';
import { ignored, isActedOn, needsPerson, personTask, unreadable } from '../event-tasks.ts';
import { firstDeliveryId, readSentOnce } from '../sent-once.ts';
import { acts, actsByChoice, type EventRule, meaningOf, needsPersonByDefault, type Source } from '../source.ts';
import { TRUST_EMAIL, TRUST_USERNAME, type TrustSettings, trustedIdentities } from '../trusted-identities.ts';

type Payload = Record<string, unknown>;

interface Settings extends TrustSettings {
  organizations?: readonly string[] | undefined;
}

interface OrganizationEvent {
  rule: EventRule;
  /** Whether a payload with the event's action has the fields of this event and of no other one. */
  isIn(payload: Payload): boolean;
  /** Returns the user whom the event is about. */
  userIn(payload: Payload): unknown;
  /** Whether the event may name nobody. A person must decide about it then. */
  mayNameNobody?: boolean;
}

const secretAlert = (rule: EventRule): OrganizationEvent => ({
  rule,
  // Alerts about code and dependencies have the same actions, and no type of a secret.
  isIn: ({ alert, repository, location }) =>
    isJsonObject(alert) && 'secret_type' in alert && isJsonObject(repository) && location === undefined,
  // The payload has neither the secret nor the author of the commit.
  userIn: ({ alert }) => valueIn(alert, 'push_protection_bypassed_by'),
  mayNameNobody: true,
});

/** By `X-GitHub-Event` and `action`. */
const EVENTS: Readonly<Record<string, OrganizationEvent>> = {
  'organization.member_removed': {
    rule: acts('principal.disabled'),
    isIn: ({ membership, organization }) => isJsonObject(membership) && isJsonObject(organization),
    userIn: ({ membership }) => valueIn(membership, 'user'),
  },
  'membership.removed': {
    rule: actsByChoice('principal.disabled'),
    isIn: ({ member, team, scope }) => isJsonObject(member) && isJsonObject(team) && scope === 'team',
    userIn: ({ member }) => member,
  },
  'member.removed': {
    rule: actsByChoice('principal.disabled'),
    isIn: ({ member, repository, team }) => isJsonObject(member) && isJsonObject(repository) && team === undefined,
    userIn: ({ member }) => member,
  },
  'secret_scanning_alert.created': secretAlert(needsPersonByDefault('principal.disabled')),
  'secret_scanning_alert.publicly_leaked': secretAlert(needsPersonByDefault('principal.disabled')),
  'secret_scanning_alert.reopened': secretAlert(actsByChoice('principal.disabled')),
  'secret_scanning_alert.validated': secretAlert(actsByChoice('principal.disabled')),
};

const FORM = 'The body is form-encoded. Set the content type of the webhook to application/json.';
const MISMATCH = 'The header X-GitHub-Event, which is not signed, does not fit the body.';

export const githubOrg: Adapter<Settings> = {
  settings: {
    ...TRUST_USERNAME,
    ...TRUST_EMAIL,
    organizations: z.optional(FIELDS.list(z.string('must be the name or id of an organisation'))),
  },
  events: Object.fromEntries(Object.entries(EVENTS).map(([event, { rule }]) => [event, rule])),
  // Source: GitHub Docs, "Handling failed webhook deliveries": GitHub does not redeliver by itself.
  isSentOnce: true,
  secretProblem: plainSecretProblem,
  verify: ({ headers, body }, { secrets }) => verifyHmacSha256(headers['x-hub-signature-256'], body, secrets),
  /** Refuses the ping of a webhook with the wrong content type, so that GitHub shows the mistake at once. */
  handshake(request) {
    if (request.headers['x-github-event'] === 'ping') assertJson(request);
    return undefined;
  },
  read(request, source) {
    const { headers, body } = request;
    // GitHub uses it again when it redelivers. A digest of the body is no id: a person may be removed twice.
    const deliveryId = firstDeliveryId(headers['x-github-delivery']);
    return readSentOnce(deliveryId, body, () => {
      assertJson(request);
      return [taskOf(source, headers['x-github-event'], parseBody(body))];
    });
  },
};

/** @throws KmsError KMS.0202 */
function assertJson({ body }: WebhookRequest): void {
  if (Buffer.from(body.subarray(0, 8)).toString() === 'payload=') throw new KmsError('KMS.0202', { detail: FORM });
}

/** @throws KmsError KMS.0204 */
function taskOf(source: Source<Settings>, header: string | undefined, payload: Payload): Task {
  if (!header) throw new KmsError('KMS.0204', { detail: 'The header X-GitHub-Event is required.' });
  const { action } = payload;
  const isText = typeof action === 'string';
  const named = isText ? `${header}.${action}` : header;
  const mayBeKnown = Object.keys(EVENTS).some((name) => name.startsWith(`${header}.`));
  if (!isText && mayBeKnown) return unreadable(named, 'action must be a string.');
  const [found, event] =
    Object.entries(EVENTS).find(([name, { isIn }]) => name.endsWith(`.${textOf(action)}`) && isIn(payload)) ?? [];
  // Whoever can change the header must not be able to change what a signed body means.
  if (found !== named && (found !== undefined || Object.hasOwn(EVENTS, named))) return unreadable(named, MISMATCH);
  return event ? eventTask(source, named, event, payload) : ignored(named);
}

function eventTask(source: Source<Settings>, name: string, event: OrganizationEvent, payload: Payload): Task {
  const user = event.userIn(payload);
  const person = trustedIdentities(source, {
    id: valueIn(user, 'id'),
    username: valueIn(user, 'login'),
    email: valueIn(user, 'email'),
  });
  const meaning = meaningOf(source, name);
  const reason = [`github-org ${name}`, ...alertTexts(payload)].join(' ');
  if (meaning !== 'ignore' && !isOfOwnOrganization(source, payload)) {
    return needsPerson(name, `${reason}: the organisation is not in organizations`, person.identities);
  }
  if (event.mayNameNobody && isActedOn(meaning) && person.identities.length === 0) return needsPerson(name, reason);
  return personTask(source, name, person, reason);
}

/** What a person needs to find the alert: the type of the secret, and the page of the alert. */
function alertTexts({ alert }: Payload): string[] {
  return [valueIn(alert, 'secret_type'), valueIn(alert, 'html_url')].filter((text) => typeof text === 'string');
}

/** Names of organisations ignore case. An id stays the same when the organisation is renamed. */
function isOfOwnOrganization({ settings: { organizations } }: Source<Settings>, { organization }: Payload): boolean {
  if (!organizations) return true;
  const own = organizations.map((name) => name.toLowerCase());
  const names = [lowerCase(valueIn(organization, 'login')), textOf(valueIn(organization, 'id'))];
  return names.some((name) => name !== undefined && own.includes(name));
}

/** Returns the value of the object's own key; undefined for anything but an object. */
function valueIn(object: unknown, key: string): unknown {
  return isJsonObject(object) && Object.hasOwn(object, key) ? object[key] : undefined;
}
