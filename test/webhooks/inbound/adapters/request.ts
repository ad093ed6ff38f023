/** Requests as a source sends them, and what an adapter does with them. */
import { expect } from '@jest/globals';
import { KmsError } from '../../../../lib/errors.ts';
import { SignatureError } from '../../../../lib/signing/signed-request.ts';
import type { Adapter, WebhookEvents, WebhookRequest } from '../../../../lib/webhooks/inbound/adapter.ts';

/** @param body JSON, or the text itself */
export function requestOf(body: unknown, change: Partial<WebhookRequest> = {}): WebhookRequest {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { method: 'POST', path: '/v1/hooks/source', query: '', headers: {}, body: Buffer.from(text), ...change };
}

/** What it reads, or the code and detail that it refuses with. Throws what is no KmsError. */
export function readBy(adapter: Adapter, request: WebhookRequest): WebhookEvents | string {
  try {
    return adapter.read(request);
  } catch (error) {
    if (!(error instanceof KmsError)) throw error;
    return `${error.code} ${error.detail}`;
  }
}

/** Why a request is not taken, undefined when it is. Throws what is no SignatureError. */
export async function refusalBy(adapter: Adapter, request: WebhookRequest, secrets: readonly string[], nowMs = 0) {
  try {
    return await adapter.verify(request, secrets, nowMs);
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    for (const secret of secrets) expect(String(error.stack)).not.toContain(secret);
    return error.message;
  }
}
