/** The port of the kinds of webhook sources. Each kind implements it in `adapters/<kind>.ts`. */

import type { Task } from '../../domain/job.ts';
import type { SignableRequest } from '../../signing/signed-request.ts';

/** A webhook as received. Sources sign the bytes of `body`. */
export interface WebhookRequest extends SignableRequest {
  /** The value of `{id}` in a route that ends with `/Users/{id}`, decoded. */
  userId?: string | undefined;
}

/** The content of a verified webhook. */
export interface WebhookEvents {
  /** The source's id of the delivery, equal when the source repeats it; undefined where the source sends none. */
  deliveryId?: string | undefined;
  /** What a repeat of the delivery contains again, byte for byte. Default: the body. */
  content?: string | Uint8Array;
  /** One task or more for each event. */
  tasks: readonly Task[];
}

interface AdapterReply {
  status: number;
  /** Absent with status 204. */
  body?: object;
  /** Default: JSON. */
  contentType?: string;
}

export interface Adapter {
  /** Returns what is wrong with a configured secret, without repeating it; undefined for a valid one. */
  secretProblem(secret: string): string | undefined;
  /**
   * Verifies that the source sent the request with one of the secrets and, if it has a timestamp, recently.
   * @param nowMs ms since 1970
   * @throws SignatureError with a message that holds nothing of the request
   */
  verify(request: WebhookRequest, secrets: readonly string[], nowMs: number): void | Promise<void>;
  /**
   * Parses a verified request.
   * @throws KmsError KMS.0202, KMS.0204, KMS.0205, KMS.0215, KMS.0308, KMS.2402, KMS.2501
   */
  read(request: WebhookRequest): WebhookEvents;
  /** Returns the reply to a verified request that only tests the endpoint; undefined for any other request. */
  handshake?(request: WebhookRequest): object | undefined;
  /** Returns the reply that the source's protocol requires. Default: status 200 with the id and state of the job. */
  reply?(request: WebhookRequest): AdapterReply;
}
