/**
 * Events that are written for this service, in the form of Standard Webhooks.
 * Source: Standard Webhooks, specification, "Payload structure".
 */
import { verifyWebhook, webhookSecretProblem } from '../../../signing/standard-webhooks.ts';
import { parseBody } from '../../../validation/json-body.ts';
import type { Adapter } from '../adapter.ts';
import { ACTIONS } from '../source.ts';
import { STANDARD_EVENTS, standardTasks } from '../standard-events.ts';

export const standard: Adapter = {
  events: STANDARD_EVENTS,
  otherEvents: ACTIONS,
  secretProblem: webhookSecretProblem,
  verify: (request, { secrets }, nowMs) => verifyWebhook(request, secrets, nowMs),
  read: ({ headers, body }, source) => ({
    deliveryId: headers['webhook-id'],
    tasks: standardTasks(source, parseBody(body)),
  }),
};
