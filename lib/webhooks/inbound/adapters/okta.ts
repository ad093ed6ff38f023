/**
 * Okta event hooks. They are not signed; the header Authorization carries a shared secret.
 * Source: Okta, "Event hooks", "Requests sent by Okta", and System Log API, "LogEvent".
 */

import { PRINTABLE_ASCII } from '../../../domain/characters.ts';
import type { Task } from '../../../domain/job.ts';
import { plainSecretProblem, verifyPlainSecret } from '../../../signing/plain-secret.ts';
import { bodyParser } from '../../../validation/body-parser.ts';
import { parseBody } from '../../../validation/json-body.ts';
import type { Adapter } from '../adapter.ts';
import {
  deliveryIdOf,
  eventType,
  identitiesIn,
  ignored,
  list,
  lowerCase,
  object,
  reasonOf,
  tasksOfEach,
  unreadable,
} from '../event-fields.ts';

/** Events that take a user's access away. Source: Okta, "Event Types". */
const DEACTIVATION_EVENTS: ReadonlySet<string> = new Set([
  'user.lifecycle.deactivate',
  'user.lifecycle.suspend',
  'user.lifecycle.delete.initiated',
  'user.lifecycle.delete.completed',
]);
const NO_USER = 'A target of type User with an id or alternateId is required.';

const CHALLENGE_PATTERN = new RegExp(`^[${PRINTABLE_ASCII}]{1,256}$`);

const parseEnvelope = bodyParser({ data: object('data') });
const parseData = bodyParser({ events: list('data.events') });
const parseEvent = bodyParser({ eventType: eventType('eventType') });

export const okta: Adapter = {
  secretProblem: plainSecretProblem,
  verify: ({ headers }, secrets) => verifyPlainSecret(headers['authorization'], secrets),
  read({ body }) {
    const input = parseBody(body);
    const { data } = parseEnvelope(input);
    const deliveryId = deliveryIdOf(input['eventId'], body);
    // The rest of the body has the time of each attempt. Source: Okta, "Event hooks", `eventTime`.
    return {
      deliveryId,
      content: JSON.stringify(data),
      tasks: tasksOfEach('data.events', parseData(data).events, tasksOf),
    };
  },
  /** Okta verifies the endpoint once, before the first event. Source: Okta, "One-time verification request". */
  handshake({ method, headers }) {
    const challenge = headers['x-okta-verification-challenge'] ?? '';
    return method === 'GET' && CHALLENGE_PATTERN.test(challenge) ? { verification: challenge } : undefined;
  },
};

function tasksOf(event: Record<string, unknown>): Task[] {
  const { eventType: type } = parseEvent(event);
  if (!DEACTIVATION_EVENTS.has(type) || hasFailed(event)) return [ignored(type)];
  const users = usersOf(event);
  if (users.length === 0) return [unreadable(type, NO_USER)];
  const reason = reasonOf(`okta ${type}`);
  return users.map((identities) =>
    identities.length === 0
      ? unreadable(type, NO_USER)
      : { action: 'revoke-principal', type: 'principal.disabled', identities, reason },
  );
}

/** Okta sends an event for a failed deactivation too, with the same type. */
function hasFailed({ outcome }: { outcome?: unknown }): boolean {
  return lowerCase((outcome as { result?: unknown } | null | undefined)?.result) === 'failure';
}

/** Returns the identities of each user among the event's targets. */
function usersOf({ target }: { target?: unknown }): string[][] {
  return [target]
    .flat()
    .map((entry) => (entry ?? {}) as { type?: unknown; id?: unknown; alternateId?: unknown })
    .filter(({ type }) => lowerCase(type) === 'user')
    .map(({ id, alternateId }) => identitiesIn([id, lowerCase(alternateId)]));
}
