/** The port of the kinds of webhook sources. Each kind implements it in `adapters/<kind>.ts`. */
import type * as z from 'zod/mini';
import type { Task } from '../../domain/job.ts';
import type { SignableRequest } from '../../signing/signed-request.ts';
import type { Action, EventRule, Source } from './source.ts';

/** A webhook as received. Most sources sign the bytes of `body`. */
export type WebhookRequest = SignableRequest;

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
  /** Absent where the reply has no body, as with status 204. */
  body?: object;
  /** Default: JSON. */
  contentType?: string;
}

/** @template S the settings that only this kind has, as `settings` parses them */
export interface Adapter<S extends object = object> {
  /** The fields of an entry in HOOKS that only this kind has. */
  settings?: z.core.$ZodShape;
  /** Whether an entry may leave `secrets` out. Default: it may not. */
  hasOptionalSecrets?: boolean;
  /** Returns what is wrong with a source whose fields are each valid, each problem with its field. */
  settingsProblems?(source: Source<S>): readonly string[];
  /**
   * The events that this kind knows, by the name that `events` in the settings uses for them. An adapter asks
   * `meaningOf` what an event means for its source.
   */
  events: Readonly<Record<string, EventRule>>;
  /** What events that are not in the table may be made to mean in the settings. Default: nothing. */
  otherEvents?: readonly Action[];
  /**
   * Whether the sender does not repeat what it gets a 4xx status for. Then a verified delivery that cannot be read is
   * kept as a job in the state `unreadable`, and an event that `actions` does not allow is ignored. Default: such a
   * delivery is refused with 4xx.
   */
  isSentOnce?: boolean;
  /** Returns what is wrong with a configured secret, without repeating it; undefined for a valid one. */
  secretProblem(secret: string): string | undefined;
  /**
   * Verifies that the source sent the request with one of its secrets and, if it has a timestamp, recently.
   * @param nowMs ms since 1970
   * @throws SignatureError with a message that holds nothing of the request
   */
  verify(request: WebhookRequest, source: Source<S>, nowMs: number): void | Promise<void>;
  /**
   * Parses a verified request.
   * @throws KmsError KMS.0202, KMS.0204, KMS.0205, KMS.0215, KMS.0308, KMS.2402, KMS.2501
   */
  read(request: WebhookRequest, source: Source<S>): WebhookEvents;
  /**
   * Returns the reply to a verified request that only tests or confirms the endpoint; undefined for any other request.
   * It must throw, and not return, if what the reply says was not done.
   */
  handshake?(request: WebhookRequest, source: Source<S>): object | undefined | Promise<object | undefined>;
  /** Returns the reply that the source's protocol requires. Default: status 200 with the id and state of the job. */
  reply?(request: WebhookRequest): AdapterReply;
}
