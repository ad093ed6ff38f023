/** Builds requests of a source, and runs an adapter on them. */
import { expect } from '@jest/globals';
import { KmsError } from '../../../../lib/errors.ts';
import { SignatureError } from '../../../../lib/signing/signed-request.ts';
import { parseHooks } from '../../../../lib/webhooks/hooks.ts';
import type { Adapter, WebhookEvents, WebhookRequest } from '../../../../lib/webhooks/inbound/adapter.ts';
import { ACTIONS, type Source } from '../../../../lib/webhooks/inbound/source.ts';
import { sourceKinds } from '../../../../lib/webhooks/inbound/sources.ts';

/** @param body JSON, or the text itself */
export function requestOf(body: unknown, change: Partial<WebhookRequest> = {}): WebhookRequest {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { method: 'POST', path: '/v1/hooks/source', query: '', headers: {}, body: Buffer.from(text), ...change };
}

/**
 * Returns a source of the adapter's kind as HOOKS would describe it.
 * @param entry fields of its entry in HOOKS
 */
export function sourceFor(adapter: Adapter, { secrets, ...entry }: EntryFields = {}): Source {
  const settings = { kind: 'standard', projects: ['project'], actions: ACTIONS, ...entry };
  // Only the schema of the adapter matters here, not its name. The secrets may be invalid: they are what is tested.
  const kinds = sourceKinds({ standard: { ...adapter, hasOptionalSecrets: true } });
  const source = parseHooks(JSON.stringify({ source: settings }), [kinds.family]).get('source') as Source;
  return { ...source, secrets: secrets ?? [] };
}

interface EntryFields {
  secrets?: readonly string[];
  [field: string]: unknown;
}

/** Returns what the adapter reads, or the code and detail of its KmsError. */
export function readBy(adapter: Adapter, request: WebhookRequest, entry: EntryFields = {}): WebhookEvents | string {
  try {
    return adapter.read(request, sourceFor(adapter, entry));
  } catch (error) {
    if (!(error instanceof KmsError)) throw error;
    return `${error.code} ${error.detail}`;
  }
}

/**
 * Returns the message of the adapter's SignatureError; undefined when the request is verified.
 * @param entry fields of the source's entry in HOOKS besides its secrets
 */
export async function refusalBy(
  adapter: Adapter,
  request: WebhookRequest,
  secrets: readonly string[],
  nowMs = 0,
  entry: EntryFields = {},
) {
  try {
    return await adapter.verify(request, sourceFor(adapter, { ...entry, secrets }), nowMs);
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    for (const secret of secrets) expect(String(error.stack)).not.toContain(secret);
    return error.message;
  }
}
