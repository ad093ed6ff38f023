/**
 * Webhooks of GitLab groups, and system hooks of a GitLab instance: a user is deleted, or leaves a group or project.
 * Source: GitLab Docs, "System hooks"; "Webhook events", "Group member events"; "Webhooks", "Delivery headers".
 */
import * as z from 'zod/mini';
import type { Task } from '../../../domain/job.ts';
import { KmsError } from '../../../errors.ts';
import { sha256Hex } from '../../../signing/bytes.ts';
import { plainSecretProblem, verifyPlainSecret } from '../../../signing/plain-secret.ts';
import { verifyWebhook, webhookSecretProblem } from '../../../signing/standard-webhooks.ts';
import { parseBody } from '../../../validation/json-body.ts';
import { FIELDS } from '../../named-settings.ts';
import type { Adapter, WebhookRequest } from '../adapter.ts';
import { ignored, personTask, unreadable } from '../event-tasks.ts';
import { firstDeliveryId, readSentOnce } from '../sent-once.ts';
import { acts, actsByChoice, meaningOf, needsPersonByDefault, type Source } from '../source.ts';
import { TRUST_EMAIL, TRUST_USERNAME, type TrustSettings, trustedIdentities } from '../trusted-identities.ts';

interface Settings extends TrustSettings {
  groups?: readonly number[] | undefined;
}

const LEFT_GROUP = 'user_remove_from_group';

/** GitLab sends no event when a user is blocked. It sends `user_failed_login` when a blocked user tries to log in. */
const EVENTS = {
  user_destroy: acts('principal.disabled'),
  // The payload does not say whether the group is the whole organisation or a small part of it.
  [LEFT_GROUP]: needsPersonByDefault('principal.disabled'),
  user_remove_from_team: actsByChoice('principal.disabled'),
  user_failed_login: actsByChoice('principal.disabled'),
};

const GROUP_PROBLEM = 'must be the number of a group';
const isGroup = (id: number) => Number.isSafeInteger(id) && id >= 1;

export const gitlab: Adapter<Settings> = {
  settings: {
    ...TRUST_USERNAME,
    ...TRUST_EMAIL,
    groups: z.optional(FIELDS.list(z.number(GROUP_PROBLEM).check(z.refine(isGroup, GROUP_PROBLEM)))),
  },
  events: EVENTS,
  // GitLab sends no delivery again by itself, and disables a webhook after four errors in a row.
  isSentOnce: true,
  secretProblem: (secret) => (isSigningToken(secret) ? webhookSecretProblem(secret) : plainSecretProblem(secret)),
  verify(request, { secrets }, nowMs) {
    const signing = secrets.filter(isSigningToken);
    // A request with a signature never falls back to the token, which the same request may carry in plain text.
    if (signing.length > 0 && request.headers['webhook-signature']) return verifyWebhook(request, signing, nowMs);
    verifyPlainSecret(
      request.headers['x-gitlab-token'],
      secrets.filter((secret) => !isSigningToken(secret)),
    );
  },
  read(request, source) {
    const { body } = request;
    return readSentOnce(deliveryIdOf(request), body, () => [taskOf(source, parseBody(body))]);
  },
};

/** GitLab shows signing tokens (since 19.0) with the prefix of Standard Webhooks. */
const isSigningToken = (secret: string) => secret.startsWith('whsec_');

/** Webhooks that another webhook caused share the event's UUID, so that it identifies a delivery only with the body. */
function deliveryIdOf({ headers, body }: WebhookRequest): string | undefined {
  const uuid = firstDeliveryId(headers['x-gitlab-event-uuid']);
  const fallback = uuid && firstDeliveryId(`${uuid} ${sha256Hex(body)}`);
  return firstDeliveryId(headers['webhook-id'], headers['idempotency-key'], fallback);
}

/** @throws KmsError KMS.0204 */
function taskOf(source: Source<Settings>, payload: Record<string, unknown>): Task {
  // Events about code have `object_kind` instead.
  const event = [payload['event_name'], payload['object_kind']].find((name) => typeof name === 'string');
  if (!event) throw new KmsError('KMS.0204', { detail: 'event_name is required.' });
  if (!Object.hasOwn(EVENTS, event)) return ignored(event);
  if (event === LEFT_GROUP && meaningOf(source, event) !== 'ignore') {
    const { groups } = source.settings;
    const { group_id: groupId } = payload;
    if (groups && typeof groupId !== 'number') return unreadable(event, 'group_id must be a number.');
    if (groups && !groups.includes(groupId as number)) return ignored(event);
  }
  const person = trustedIdentities(source, {
    id: payload['user_id'],
    // Events about a membership have the prefix, events about a user do not.
    username: payload['user_username'] ?? payload['username'],
    email: payload['user_email'] ?? payload['email'],
  });
  return personTask(source, event, person, `gitlab ${event}`);
}
