/**
 * Okta event hooks. Nothing is signed there: a secret comes in the header Authorization.
 * Source: Okta, "Event hooks", "Requests sent by Okta", and System Log API, "LogEvent".
 */
import { bodyOf } from '../../fields.ts';
import { parseBody } from '../../json.ts';
import { plainSecretFault, verifyPlainSecret } from '../../signing/plain-secret.ts';
import type { Task } from '../../store/store.ts';
import type { Adapter } from '../adapter.ts';
import { ignored, lowerCase, name, namesIn, object, objects, reasonOf, type } from './body.ts';

/** Events that take a user's access away. */
const ENDINGS: ReadonlySet<string> = new Set(['user.lifecycle.deactivate', 'user.lifecycle.suspend']);

const CHALLENGE = /^[\x20-\x7e]{1,256}$/;

const envelope = bodyOf({ eventId: name('eventId'), data: object('data') });
const eventsOf = bodyOf({ events: objects('data.events') });
const typeOf = bodyOf({ eventType: type('eventType') });

export const okta: Adapter = {
  secretFault: plainSecretFault,
  verify: ({ headers }, secrets) => verifyPlainSecret(headers['authorization'], secrets),
  read({ body }) {
    const { eventId, data } = envelope(parseBody(body));
    return { deliveryId: eventId, tasks: eventsOf(data).events.flatMap(taskOf) };
  },
  /** Okta asks once whether this is ours, before it sends anything. */
  greeting({ method, headers }) {
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
    .map(({ id, alternateId }) => namesIn([id, lowerCase(alternateId)]))
    .filter((names) => names.length > 0);
}
