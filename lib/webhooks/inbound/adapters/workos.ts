/** WorkOS events, sent as webhooks. Source: WorkOS, "Events": `user.*` and `dsync.user.*`. */

import type { Task } from '../../../domain/job.ts';
import { KmsError } from '../../../errors.ts';
import { plainSecretProblem } from '../../../signing/plain-secret.ts';
import { verifyWorkos } from '../../../signing/workos.ts';
import { bodyParser } from '../../../validation/body-parser.ts';
import { parseBody } from '../../../validation/json-body.ts';
import type { Adapter } from '../adapter.ts';
import { deliveryIdOf, eventType, identitiesIn, lowerCase, object } from '../event-fields.ts';
import { ignored, personTask } from '../event-tasks.ts';
import { acts, type Source } from '../source.ts';

type UserData = Record<string, unknown>;

/** The events that may take a user's access away, and whether one with this data does. */
const DEACTIVATIONS = new Map<string, (data: UserData) => boolean>([
  ['user.deleted', () => true],
  ['dsync.user.deleted', () => true],
  ['dsync.user.updated', ({ state }) => isNotActive(state)],
]);

/** `inactive`; before 2023-12-11 also `suspended`. Any other text counts as not active. @throws KmsError KMS.0308 */
function isNotActive(state: unknown): boolean {
  if (state === undefined || state === null) return false;
  if (typeof state !== 'string') throw new KmsError('KMS.0308', { detail: 'data.state must be a string.' });
  return state.toLowerCase() !== 'active';
}

const parseEnvelope = bodyParser({ event: eventType('event') });
const parseData = bodyParser({ data: object('data') });

export const workos: Adapter = {
  events: Object.fromEntries([...DEACTIVATIONS.keys()].map((event) => [event, acts('principal.disabled')])),
  secretProblem: plainSecretProblem,
  verify: (request, { secrets }, nowMs) => verifyWorkos(request, secrets, nowMs),
  read({ body }, source) {
    const input = parseBody(body);
    const { event } = parseEnvelope(input);
    const deliveryId = deliveryIdOf(input['id'], body);
    const isDeactivation = DEACTIVATIONS.get(event);
    if (!isDeactivation) return { deliveryId, tasks: [ignored(event)] };
    const { data } = parseData(input);
    return { deliveryId, tasks: [isDeactivation(data) ? principalDisabled(source, event, data) : ignored(event)] };
  },
};

function principalDisabled(source: Source, event: string, { id, external_id, idp_id, email, emails }: UserData): Task {
  const identities = identitiesIn([id, external_id, idp_id, lowerCase(email), ...primaryAddresses(emails)]);
  if (identities.length === 0) throw new KmsError('KMS.0204', { detail: 'data.id is required.' });
  return personTask(source, event, { identities }, `workos ${event}`);
}

/** Beside the primary address, users may enter any other, even that of a person whose access must not end. */
function primaryAddresses(emails: unknown): (string | undefined)[] {
  if (!Array.isArray(emails)) return [];
  const primary = emails.filter((email: { primary?: unknown } | null) => email?.primary === true);
  return primary.map(({ value }: { value?: unknown }) => lowerCase(value));
}
