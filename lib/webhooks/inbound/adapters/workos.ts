/** WorkOS events, sent as webhooks. Source: WorkOS, "Events": `user.*` and `dsync.user.*`. */

import type { Task } from '../../../domain/job.ts';
import { KmsError } from '../../../errors.ts';
import { plainSecretProblem } from '../../../signing/plain-secret.ts';
import { verifyWorkos } from '../../../signing/workos.ts';
import { bodyParser } from '../../../validation/fields.ts';
import { parseBody } from '../../../validation/json-body.ts';
import type { Adapter } from '../adapter.ts';
import { emailsIn, identitiesIn, ignored, lowerCase, name, object, reasonOf, type } from '../event-fields.ts';

type Data = Record<string, unknown>;

/** Whether an event takes a user's access away. */
const EVENTS = new Map<string, (data: Data) => boolean>([
  ['user.deleted', () => true],
  ['dsync.user.deleted', () => true],
  // `inactive` since 2023-12-11; until then also `suspended`. What comes next is no more active than those.
  ['dsync.user.updated', ({ state }) => state !== undefined && state !== null && state !== 'active'],
]);

const envelope = bodyParser({ id: name('id'), event: type('event') });
const withData = bodyParser({ data: object('data') });

export const workos: Adapter = {
  secretProblem: plainSecretProblem,
  verify: verifyWorkos,
  read({ body }) {
    const input = parseBody(body);
    const { id, event } = envelope(input);
    const isEnding = EVENTS.get(event);
    if (!isEnding) return { deliveryId: id, tasks: [ignored(event)] };
    const { data } = withData(input);
    return { deliveryId: id, tasks: [isEnding(data) ? disabled(event, data) : ignored(event)] };
  },
};

function disabled(event: string, { id, external_id, idp_id, email, emails }: Data): Task {
  const identities = identitiesIn([id, external_id, idp_id, lowerCase(email), ...emailsIn(emails)]);
  if (identities.length === 0) throw new KmsError('KMS.0204', { detail: 'data.id is required.' });
  return { action: 'revoke-principal', type: 'principal.disabled', identities, reason: reasonOf(`workos ${event}`) };
}
