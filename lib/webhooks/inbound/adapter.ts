/** The one form in which the door hears of sources, each of which has a form of its own. */

import type { Task } from '../../domain/job.ts';
import type { SignableRequest } from '../../signing/signed-request.ts';

/** A hook as received: what was signed is the bytes of `body`. */
export type WebhookRequest = SignableRequest;

/** What a verified request tells. */
export interface WebhookEvents {
  /** Equal when the same delivery comes again; undefined where the source has no such mark. */
  deliveryId?: string | undefined;
  /** What its events ask for, one or more each. */
  tasks: readonly Task[];
}

/** A reply in a source's own form. */
export interface AdapterReply {
  status: number;
  /** None with a 204. */
  body?: object;
}

/** What is known of one kind of source: how it signs, and what its events mean. */
export interface Adapter {
  /** What is wrong with a secret of the settings, in words that do not repeat it. */
  secretProblem(secret: string): string | undefined;
  /**
   * Checks that the source has sent these bytes, now, under one of the secrets.
   * @param nowMs ms since 1970
   * @throws SignatureError in words of our own
   */
  verify(request: WebhookRequest, secrets: readonly string[], nowMs: number): void | Promise<void>;
  /**
   * Reads a verified request.
   * @throws KmsError KMS.0202, KMS.0204, KMS.0205, KMS.0308, KMS.2402, KMS.2501 for what cannot be understood
   */
  read(request: WebhookRequest): WebhookEvents;
  /** The answer to a verified request that only asks whether somebody is here; undefined for any other. */
  handshake?(request: WebhookRequest): object | undefined;
  /** What the source wants to be answered, where that is not our job's id. */
  reply?(request: WebhookRequest): AdapterReply;
}
