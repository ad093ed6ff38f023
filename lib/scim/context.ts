/** The types of the SCIM server's input and output. */
import type { Task } from '../domain/job.ts';
import type { Store } from '../store/store.ts';
import type { ScimSettings } from '../webhooks/inbound/adapters/scim.ts';
import type { Source } from '../webhooks/inbound/source.ts';

export interface ScimContext {
  source: Source<ScimSettings>;
  store: Pick<Store, 'scim' | 'mappings'>;
  /** ms since 1970 */
  now: () => number;
  /** The address of the source, without a slash at the end. */
  baseUrl: string;
  /** Stores the job of a deactivation durably, and queues it. @returns the id of the job */
  startJob(tasks: readonly Task[]): Promise<string>;
}

/** A SCIM request whose path does not contain the address of the source. */
export interface ScimRequest {
  method: string;
  /** What follows the address of the source, decoded, such as `Users/2819c223`. */
  path: string;
  /** The query of the URL as sent, without the question mark. */
  query: string;
  /** The headers, with their names in lower case. */
  headers: Readonly<Record<string, string | undefined>>;
  body: Uint8Array;
}

export interface ScimReply {
  status: number;
  /** Absent if the status is 204 or 304. */
  body?: Record<string, unknown>;
  headers?: Record<string, string>;
  /** The job that the request started. */
  jobId?: string | undefined;
}
