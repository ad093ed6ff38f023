/**
 * Okta event hooks. They are not signed; the header Authorization carries a shared secret.
 * Source: Okta, "Event hooks", "Requests sent by Okta", and System Log API, "LogEvent".
 */

import type { Task } from '../../../domain/job.ts';
import { plainSecretProblem, verifyPlainSecret } from '../../../signing/plain-secret.ts';
import { bodyParser } from '../../../validation/body-parser.ts';
import { parseBody } from '../../../validation/json-body.ts';
import type { Adapter } from '../adapter.ts';
import { eventType, identifier, identitiesIn, ignored, lowerCase, object, objects, reasonOf } from '../event-fields.ts';

/** Events that take a user's access away. */
const DEACTIVATION_EVENTS: ReadonlySet<string> = new Set(['user.lifecycle.deactivate', 'user.lifecycle.suspend']);

const CHALLENGE_PATTERN = /^[\x20-\x7e]{1,256}$/;

const parseEnvelope = bodyParser({ eventId: identifier('eventId'), data: object('data') });
const parseData = bodyParser({ events: objects('data.events') });
const parseEvent = bodyParser({ eventType: eventType('eventType') });

export const okta: Adapter = {
  secretProblem: plainSecretProblem,
  verify: ({ headers }, secrets) => verifyPlainSecret(headers['authorization'], secrets),
  read({ body }) {
    const { eventId, data } = parseEnvelope(parseBody(body));
    return { deliveryId: eventId, tasks: parseData(data).events.flatMap(tasksOf) };
  },
  /** Okta verifies the endpoint once, before the first event. Source: Okta, "One-time verification request". */
  handshake({ method, headers }) {
    const challenge = headers['x-okta-verification-challenge'] ?? '';
    return method === 'GET' && CHALLENGE_PATTERN.test(challenge) ? { verification: challenge } : undefined;
  },
};

function tasksOf(event: Record<string, unknown>): Task[] {
  const { eventType: type } = parseEvent(event);
  const users = DEACTIVATION_EVENTS.has(type) && !hasFailed(event) ? usersOf(event) : [];
  if (users.length === 0) return [ignored(type)];
  const reason = reasonOf(`okta ${type}`);
  return users.map((identities) => ({ action: 'revoke-principal', type: 'principal.disabled', identities, reason }));
}

/** Okta sends an event for a failed deactivation too, with the same type. */
function hasFailed({ outcome }: { outcome?: unknown }): boolean {
  return (outcome as { result?: unknown } | null | undefined)?.result === 'FAILURE';
}

/** Returns the identities of each user among the event's targets. */
function usersOf({ target }: { target?: unknown }): string[][] {
  const targets: unknown[] = Array.isArray(target) ? target : [];
  return targets
    .map((entry) => (entry ?? {}) as { type?: unknown; id?: unknown; alternateId?: unknown })
    .filter(({ type }) => type === 'User')
    .map(({ id, alternateId }) => identitiesIn([id, lowerCase(alternateId)]))
    .filter((identities) => identities.length > 0);
}
