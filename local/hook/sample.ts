/** What `npm run hook` needs to know about a kind of source: how its sender makes and signs a webhook. */
import type { KeyObject } from 'node:crypto';
import type { Source } from '../../lib/webhooks/inbound/source.ts';

/** A webhook to send to `/hooks/<source>`. */
export interface SampleRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** What follows `/hooks/<source>` in the path; "" for most kinds. */
  path: string;
  headers: Readonly<Record<string, string>>;
  body: string;
}

export interface SampleOptions {
  /** The first of the source's secrets; for kinds that sign with a private key, that key as PEM. */
  secret: string;
  /** Whom the event is about, in the form in which the kind names people: a principal, an id or an e-mail address. */
  person: string;
  /** The event's name in the table of its kind. */
  event: string;
  /** The id of the delivery. */
  id: string;
  source: Source;
  nowMs: number;
}

/** A kind of source has one in `samples/<kind>.ts`, under the name `sample`. */
export interface SampleSender {
  /** Whether the sender signs with a private key, whose public part the source has in `secrets`. */
  signsWithPrivateKey: boolean;
  /** The type of a new private key. Default: RSA. Only with `signsWithPrivateKey`. */
  keyType?: 'RSA' | 'P-256';
  /** Returns the public key in the form in which `secrets` holds it. Default: PEM. Only with `signsWithPrivateKey`. */
  publicPart?(key: KeyObject): string;
  /** The event that is sent unless another one is named. */
  defaultEvent: string;
  /** @throws Error with a message for the user if the event or the person cannot be sent by this kind */
  request(options: SampleOptions): SampleRequest | Promise<SampleRequest>;
}

/**
 * Returns what a table has for the event.
 * @throws Error with a message for the user, which lists the events of the table
 */
export function forEvent<T>(table: Readonly<Record<string, T>>, event: string): T {
  if (!Object.hasOwn(table, event)) throw new Error(`this kind can send: ${Object.keys(table).join(', ')}`);
  return table[event] as T;
}
