/** WorkOS events, sent as webhooks. Source: WorkOS, "Events": `user.*` and `dsync.user.*`. */
import { KmsError } from '../../errors.ts';
import { bodyOf } from '../../fields.ts';
import { parseBody } from '../../json.ts';
import { plainSecretFault } from '../../signing/plain-secret.ts';
import { verifyWorkos } from '../../signing/workos.ts';
import type { Task } from '../../store/store.ts';
import type { Adapter } from '../adapter.ts';
import { emailsIn, ignored, lowerCase, name, namesIn, object, reasonOf, type } from './body.ts';

type Data = Record<string, unknown>;

/** Whether an event takes a user's access away. */
const EVENTS = new Map<string, (data: Data) => boolean>([
  ['user.deleted', () => true],
  ['dsync.user.deleted', () => true],
  // `inactive` since 2023-12-11; until then also `suspended`. What comes next is no more active than those.
  ['dsync.user.updated', ({ state }) => state !== undefined && state !== null && state !== 'active'],
]);

const envelope = bodyOf({ id: name('id'), event: type('event') });
const withData = bodyOf({ data: object('data') });

export const workos: Adapter = {
  secretFault: plainSecretFault,
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
  const identities = namesIn([id, external_id, idp_id, lowerCase(email), ...emailsIn(emails)]);
  if (identities.length === 0) throw new KmsError('KMS.0204', { detail: 'data.id is required.' });
  return { action: 'revoke-principal', type: 'principal.disabled', identities, reason: reasonOf(`workos ${event}`) };
}
