/** What a kind of webhook source brings to the contract that every kind passes (`receive-contract.test.ts`). */
import type { RequestOptions } from '../service.ts';

export interface Delivery {
  /** The text that is sent, before anything that the kind wraps around it. */
  body: string;
  /** The vendor's id of the delivery. */
  id: string;
  atMs: number;
}

export interface WebhookSide {
  kind: string;
  /** The fields of the source's entry in HOOKS that are not the same for every kind. */
  entry: object;
  /** What follows `/hooks/<source>` in the path. Default: nothing. */
  path?: string;
  /** Signs as the vendor does, with code that is not the service's own. */
  sign(delivery: Delivery): RequestOptions | Promise<RequestOptions>;
  /** Requests that the vendor did not send, each with what is wrong with it. */
  forge(delivery: Delivery): (readonly [string, RequestOptions])[] | Promise<(readonly [string, RequestOptions])[]>;
  /** Returns a body that says that a person has left. @param person the id of a principal */
  departureOf(person: string): string;
  /** Returns a body of several people. Absent where a delivery has one event. */
  batchOf?(people: readonly string[]): string;
  /** Returns the body of `batchOf` with an event in it that cannot be read. */
  oddBatchOf?(people: readonly string[]): string;
  /** The identity to map. Default: the person. */
  identityOf?(person: string): string;
  /** The body of an event that the kind does not act on. Absent where every event is acted on. */
  unknownEvent?: string;
  /** Bodies that are no event of the kind: JSON of another form. */
  malformed: readonly string[];
  /** Whether webhooks of the kind name people by the id of their principal, so that no mapping is needed. */
  namesPrincipal?: boolean;
  /** Whether what cannot be read is kept as a job, because the vendor would not send it again. */
  isSentOnce?: boolean;
  /** Whether an event with the delivery id of another one is refused: its vendor sends it again with a new id. */
  refusesUsedIds?: boolean;
  /** The status of an accepted delivery. Default: 200. */
  acceptedStatus?: number;
  /** The status of a request that the source did not send. Default: 401. */
  refusedStatus?: number;
}

/** Replaces one header of a request. @param value undefined removes it */
export function withHeader(request: RequestOptions, name: string, value: string | undefined): RequestOptions {
  const { [name]: _, ...others } = request.headers ?? {};
  return { ...request, headers: value === undefined ? others : { ...others, [name]: value } };
}
