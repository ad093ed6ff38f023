/**
 * Events that are written for this service, from a sender that can sign nothing: a header carries a shared secret.
 * The body is that of the kind `standard`, or the same as a CloudEvent.
 * Source: RFC 6750, section 2.1; CloudEvents 1.0, "JSON Event Format".
 */
import * as z from 'zod/mini';
import { bearerTokenIn, plainSecretProblem, verifyPlainSecret } from '../../../signing/plain-secret.ts';
import { parseJson, textOf } from '../../../util/json.ts';
import { isJsonObject, parseBody } from '../../../validation/json-body.ts';
import type { Adapter } from '../adapter.ts';
import { firstDeliveryId, readSentOnce } from '../sent-once.ts';
import { ACTIONS } from '../source.ts';
import { STANDARD_EVENTS, standardTasks } from '../standard-events.ts';

interface Settings {
  header?: string | undefined;
}

const DEFAULT_HEADER = 'authorization';
const HEADER_PROBLEM = 'must be the name of a header: 1 to 64 letters, digits and -';

export const bearer: Adapter<Settings> = {
  settings: { header: z.optional(z.string(HEADER_PROBLEM).check(z.regex(/^[A-Za-z0-9-]{1,64}$/, HEADER_PROBLEM))) },
  events: STANDARD_EVENTS,
  otherEvents: ACTIONS,
  // Most of these senders give up after a 4xx: event buses, automations, log streams.
  isSentOnce: true,
  secretProblem: (secret) =>
    plainSecretProblem(secret) ??
    (bearerTokenIn(secret) === undefined ? undefined : 'must not begin with Bearer: it is the token alone'),
  verify({ headers }, { secrets, settings }) {
    const name = (settings.header ?? DEFAULT_HEADER).toLowerCase();
    const value = headers[name];
    const token = name === DEFAULT_HEADER ? bearerTokenIn(value) : undefined;
    verifyPlainSecret(token ?? value, secrets);
  },
  read({ headers, body }, source) {
    const deliveryId = firstDeliveryId(headers['webhook-id'], idInBody(body));
    return readSentOnce(deliveryId, body, () => standardTasks(source, parseBody(body)));
  },
};

/**
 * Returns the id in the body. Without one, each delivery is a new one: a digest of the body would take the second
 * departure of a person for a repeat of the first.
 */
function idInBody(body: Uint8Array): string | undefined {
  const input = parseJson(Buffer.from(body).toString());
  if (!isJsonObject(input)) return undefined;
  const { id, specversion, source } = input;
  // The id of a CloudEvent is unique only within its source. Source: CloudEvents 1.0, "id".
  return specversion !== undefined && firstDeliveryId(id)
    ? firstDeliveryId(`${textOf(source)} ${id}`)
    : firstDeliveryId(id);
}
