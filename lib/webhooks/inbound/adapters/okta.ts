/**
 * Okta event hooks. Nothing is signed there: a secret comes in the header Authorization.
 * Source: Okta, "Event hooks", "Requests sent by Okta", and System Log API, "LogEvent".
 */

import type { Task } from '../../../domain/job.ts';
import { plainSecretProblem, verifyPlainSecret } from '../../../signing/plain-secret.ts';
import { bodyParser } from '../../../validation/fields.ts';
import { parseBody } from '../../../validation/json-body.ts';
import type { Adapter } from '../adapter.ts';
import { identitiesIn, ignored, lowerCase, name, object, objects, reasonOf, type } from '../event-fields.ts';

/** Events that take a user's access away. */
const ENDINGS: ReadonlySet<string> = new Set(['user.lifecycle.deactivate', 'user.lifecycle.suspend']);

const CHALLENGE = /^[\x20-\x7e]{1,256}$/;

const envelope = bodyParser({ eventId: name('eventId'), data: object('data') });
const eventsOf = bodyParser({ events: objects('data.events') });
const typeOf = bodyParser({ eventType: type('eventType') });

export const okta: Adapter = {
  secretProblem: plainSecretProblem,
  verify: ({ headers }, secrets) => verifyPlainSecret(headers['authorization'], secrets),
  read({ body }) {
    const { eventId, data } = envelope(parseBody(body));
    return { deliveryId: eventId, tasks: eventsOf(data).events.flatMap(taskOf) };
  },
  /** Okta asks once whether this is ours, before it sends anything. */
  handshake({ method, headers }) {
    const challenge = headers['x-okta-verification-challenge'] ?? '';
    return method === 'GET' && CHALLENGE.test(challenge) ? { verification: challenge } : undefined;
  },
};

function taskOf(event: Record<string, unknown>): Task[] {
  const { eventType } = typeOf(event);
  const people = ENDINGS.has(eventType) && !hasFailed(event) ? usersOf(event) : [];
  if (people.length === 0) return [ignored(eventType)];
  const reason = reasonOf(`okta ${eventType}`);
  return people.map((identities) => ({
    action: 'revoke-principal',
    type: 'principal.disabled',
    identities,
    reason,
  }));
}

/** An attempt that has failed is logged under the same name. */
function hasFailed({ outcome }: { outcome?: unknown }): boolean {
  return (outcome as { result?: unknown } | null | undefined)?.result === 'FAILURE';
}

/** The names of each user that the event is about. */
function usersOf({ target }: { target?: unknown }): string[][] {
  const targets: unknown[] = Array.isArray(target) ? target : [];
  return targets
    .map((one) => (one ?? {}) as { type?: unknown; id?: unknown; alternateId?: unknown })
    .filter(({ type }) => type === 'User')
    .map(({ id, alternateId }) => identitiesIn([id, lowerCase(alternateId)]))
    .filter((names) => names.length > 0);
}
