/** Builds requests of a source, and runs an adapter on them. */
import { expect } from '@jest/globals';
import { KmsError } from '../../../../lib/errors.ts';
import { SignatureError } from '../../../../lib/signing/signed-request.ts';
import type { Adapter, WebhookEvents, WebhookRequest } from '../../../../lib/webhooks/inbound/adapter.ts';

/** @param body JSON, or the text itself */
export function requestOf(body: unknown, change: Partial<WebhookRequest> = {}): WebhookRequest {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { method: 'POST', path: '/v1/hooks/source', query: '', headers: {}, body: Buffer.from(text), ...change };
}

/** Returns what the adapter reads, or the code and detail of its KmsError. */
export function readBy(adapter: Adapter, request: WebhookRequest): WebhookEvents | string {
  try {
    return adapter.read(request);
  } catch (error) {
    if (!(error instanceof KmsError)) throw error;
    return `${error.code} ${error.detail}`;
  }
}

/** Returns the message of the adapter's SignatureError; undefined when the request is verified. */
export async function refusalBy(adapter: Adapter, request: WebhookRequest, secrets: readonly string[], nowMs = 0) {
  try {
    return await adapter.verify(request, secrets, nowMs);
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    for (const secret of secrets) expect(String(error.stack)).not.toContain(secret);
    return error.message;
  }
}
