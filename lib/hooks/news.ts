/** What sources tell, each in its own form, in the one form that the door understands. */
import type { SignableRequest } from '../signing/sdk-hmac.ts';
import type { Identity, Operation } from '../store/store.ts';

/** A hook as received: what was signed is the bytes of `body`. */
export type HookRequest = SignableRequest;

/** One event of a delivery. `type` of what is ignored is as the source calls it. */
export type News =
  | { action: 'ignore'; type: string }
  | (Told & {
      action: 'revoke-principal';
      type: 'principal.disabled';
      /** The principal itself, where the source knows it. */
      grantee?: string | undefined;
      /** Or who it is outside, the surest name first. */
      identities?: readonly Identity[] | undefined;
      keyId?: string | undefined;
      operations?: readonly Operation[] | undefined;
    })
  | (Told & { action: 'revoke-grant'; type: 'grant.revoke'; keyId: string; grantId: string })
  | (Told & { action: 'revoke-key'; type: 'key.compromised'; keyId: string });

interface Told {
  /** The one project that is meant; all that the source may act on when left out. */
  projectId?: string | undefined;
  /** Why, for the receipts: 1 to 255 characters. */
  reason?: string | undefined;
}

/** What a verified request tells. */
export interface Delivery {
  /** Equal when the same delivery comes again; undefined where the source has no such mark. */
  deliveryId?: string | undefined;
  news: readonly News[];
}

/** A reply in a source's own form. */
export interface Answer {
  status: number;
  /** None with a 204. */
  body?: object;
}

/** What is known of one kind of source: how it signs, and what its events mean. */
export interface Adapter {
  /** What is wrong with a secret of the settings, in words that do not repeat it. */
  secretFault(secret: string): string | undefined;
  /**
   * Checks that the source has sent these bytes, now, under one of the secrets.
   * @param nowMs ms since 1970
   * @throws SignatureError in words of our own
   */
  verify(request: HookRequest, secrets: readonly string[], nowMs: number): void | Promise<void>;
  /**
   * Reads a verified request.
   * @throws KmsError KMS.0202, KMS.0204, KMS.0205, KMS.0308, KMS.2402, KMS.2501 for what cannot be understood
   */
  read(request: HookRequest): Delivery;
  /** The answer to a verified request that only asks whether somebody is here; undefined for any other. */
  greeting?(request: HookRequest): object | undefined;
  /** What the source wants to be answered, where that is not our job's id. */
  answer?(request: HookRequest): Answer;
}
