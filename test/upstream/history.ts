/**
 * The records of a random run: the calls of the backend, the calls that the proxy saw, and the events of both sides.
 */
import type { ChangeEvent } from '../../lib/domain/events.ts';
import type { Grant } from '../../lib/domain/model.ts';
import type { DemoUser } from '../../local/demo.ts';
import type { Answer } from './client.ts';
import type { ProxiedCall } from './proxy.ts';

/** One operation of a caller, with all calls that were needed to learn its result. */
export interface Operation {
  n: number;
  user: DemoUser;
  action: string;
  keyId: string;
  /** Present for revokes and retires. */
  grantId?: string;
  body: Record<string, unknown>;
  calls: Call[];
}

/** One call of the backend. */
export interface Call {
  operation: Operation;
  startMs: number;
  endMs: number;
  answer: Answer;
  requestId: string;
  /** Whether the grant still existed at the upstream after its removal was answered with 200. */
  stillExists?: boolean;
}

export interface History {
  operations: Operation[];
  /** Ids of the grants that were created at the upstream directly. */
  directIds: Set<string>;
  proxiedCalls: readonly ProxiedCall[];
  upstreamEvents: ChangeEvent[];
  backendEvents: ChangeEvent[];
  /** All grants at the upstream after the run. */
  remaining: Grant[];
}

/** Returns whether the change may or may not have been applied, judging by the answer. */
export function isUncertain({ status }: Answer): boolean {
  return status >= 500 || status === 429;
}

export function isRemoval({ action }: Operation): boolean {
  return action === 'revoke-grant' || action === 'retire-grant';
}

/** Returns the last call of an operation. */
export function lastCall(operation: Operation): Call {
  return operation.calls.at(-1) as Call;
}

export function describe({ operation, answer, requestId }: Call): string {
  const { n, user, action, grantId } = operation;
  const result = answer.status === 200 ? '200' : `${answer.status} ${answer.body.error_code}`;
  return `#${n} ${user.name} ${action} ${grantId?.slice(0, 16) ?? ''} -> ${result} (${requestId})`;
}
