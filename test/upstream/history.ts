/** What was asked of the backend and what it said, with all that the proxy and the cloud know of it. */
import type { ChangeEvent } from '../../lib/domain/events.ts';
import type { Grant } from '../../lib/domain/model.ts';
import type { DemoUser } from '../../local/demo.ts';
import type { Answer } from './client.ts';
import type { Passage } from './proxy.ts';

/** One operation: what one caller wants, asked until it is known what came of it. */
export interface Operation {
  n: number;
  user: DemoUser;
  action: string;
  keyId: string;
  /** Of a revoke and a retire. */
  grantId?: string;
  body: Record<string, unknown>;
  calls: Call[];
}

/** One time that it was asked. */
export interface Call {
  operation: Operation;
  startMs: number;
  endMs: number;
  answer: Answer;
  requestId: string;
  /** Whether the grant was found at the cloud right after a 200 to its removal. */
  isLeftBehind?: boolean;
}

export interface History {
  operations: Operation[];
  /** Grants that were made past the backend, by id. */
  givenIds: Set<string>;
  passages: readonly Passage[];
  cloudEvents: ChangeEvent[];
  receipts: ChangeEvent[];
  /** All grants at the cloud when all is over. */
  left: Grant[];
}

/** Whether the answer leaves open what was done. */
export function isOpen({ status }: Answer): boolean {
  return status >= 500 || status === 429;
}

export function isRemoval({ action }: Operation): boolean {
  return action === 'revoke-grant' || action === 'retire-grant';
}

/** The last word on an operation. */
export function lastCall(operation: Operation): Call {
  return operation.calls.at(-1) as Call;
}

export function describe({ operation, answer, requestId }: Call): string {
  const { n, user, action, grantId } = operation;
  const said = answer.status === 200 ? '200' : `${answer.status} ${answer.body.error_code}`;
  return `#${n} ${user.name} ${action} ${grantId?.slice(0, 16) ?? ''} -> ${said} (${requestId})`;
}
