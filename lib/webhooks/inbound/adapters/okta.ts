/**
 * Okta event hooks. They are not signed; the header Authorization carries a shared secret.
 * Source: Okta, "Event hooks", "Requests sent by Okta", and System Log API, "LogEvent".
 */

import { PRINTABLE_ASCII } from '../../../domain/characters.ts';
import type { Task } from '../../../domain/job.ts';
import { plainSecretProblem, verifyPlainSecret } from '../../../signing/plain-secret.ts';
import { formatJson } from '../../../util/json.ts';
import { bodyParser } from '../../../validation/body-parser.ts';
import { parseBody } from '../../../validation/json-body.ts';
import type { Adapter } from '../adapter.ts';
import { deliveryIdOf, eventType, identitiesIn, list, lowerCase, object } from '../event-fields.ts';
import { ignored, personTask, tasksOfEach, unreadable } from '../event-tasks.ts';
import { acts, meaningOf, type Source } from '../source.ts';

/** Events that take a user's access away. Source: Okta, "Event Types". */
const EVENTS = {
  'user.lifecycle.deactivate': acts('principal.disabled'),
  'user.lifecycle.suspend': acts('principal.disabled'),
  'user.lifecycle.delete.initiated': acts('principal.disabled'),
  'user.lifecycle.delete.completed': acts('principal.disabled'),
};
const NO_USER = 'A target of type User with an id or alternateId is required.';

const CHALLENGE_PATTERN = new RegExp(`^[${PRINTABLE_ASCII}]{1,256}$`);

const parseEnvelope = bodyParser({ data: object('data') });
const parseData = bodyParser({ events: list('data.events') });
const parseEvent = bodyParser({ eventType: eventType('eventType') });

export const okta: Adapter = {
  events: EVENTS,
  otherEvents: ['principal.disabled'],
  secretProblem: plainSecretProblem,
  verify: ({ headers }, { secrets }) => verifyPlainSecret(headers['authorization'], secrets),
  read({ body }, source) {
    const input = parseBody(body);
    const { data } = parseEnvelope(input);
    const deliveryId = deliveryIdOf(input['eventId'], body);
    // The rest of the body has the time of each attempt. Source: Okta, "Event hooks", `eventTime`.
    return {
      deliveryId,
      content: formatJson(data) ?? body,
      tasks: tasksOfEach('data.events', parseData(data).events, (event) => tasksOf(source, event)),
    };
  },
  /** Okta verifies the endpoint once, before the first event. Source: Okta, "One-time verification request". */
  handshake({ method, headers }) {
    const challenge = headers['x-okta-verification-challenge'] ?? '';
    return method === 'GET' && CHALLENGE_PATTERN.test(challenge) ? { verification: challenge } : undefined;
  },
};

function tasksOf(source: Source, event: Record<string, unknown>): Task[] {
  const { eventType: type } = parseEvent(event);
  if (meaningOf(source, type) === 'ignore' || hasFailed(event)) return [ignored(type)];
  const users = usersOf(event);
  if (users.length === 0) return [unreadable(type, NO_USER)];
  return users.map((identities) =>
    identities.length === 0 ? unreadable(type, NO_USER) : personTask(source, type, { identities }, `okta ${type}`),
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
