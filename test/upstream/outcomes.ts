/** Sends a list, a revoke and a create concurrently under a fault, and returns their answers and effects. */
import { expect } from '@jest/globals';
import type { Answer } from './client.ts';
import type { UpstreamFixture } from './fixture.ts';
import { type Fault, NONE } from './proxy.ts';
import { createGrantAtUpstream, createGrantBody, grantExists, grantsAtUpstream } from './upstream-state.ts';

export const ACTIONS = ['list-grants', 'revoke-grant', 'create-grant'] as const;
export type Action = (typeof ACTIONS)[number];

export interface Outcome {
  /** Status and code; for a revoke also `exists` or `removed`, for a create also the number of created grants. */
  result: string;
  /** Number of calls that reached the proxy. */
  attempts: number;
  answer: Answer;
}

export type Outcomes = Record<Action, Outcome>;

let runs = 0;

/** @param choose returns the fault of the n-th attempt of an action, counted from 1 */
export async function outcomesOf(fixture: UpstreamFixture, choose: (n: number) => Fault): Promise<Outcomes> {
  const { demo, creator, proxy } = fixture;
  const keyId = demo.keys[0]?.key_id ?? '';
  runs += 1;
  const name = `single-${runs}`;
  const grantId = await createGrantAtUpstream(fixture, keyId, 'to-be-revoked');
  const attempts = { 'list-grants': 0, 'revoke-grant': 0, 'create-grant': 0 };
  proxy.choose = ({ action }) => {
    attempts[action as Action] += 1;
    return choose(attempts[action as Action]);
  };
  const [list, revoke, create] = await Promise.all([
    fixture.callBackend(creator, 'list-grants', { key_id: keyId }),
    fixture.callBackend(creator, 'revoke-grant', { key_id: keyId, grant_id: grantId }),
    fixture.callBackend(creator, 'create-grant', createGrantBody(fixture, keyId, name)),
  ]);
  proxy.choose = () => NONE;
  const exists = await grantExists(fixture, keyId, grantId);
  const named = (await grantsAtUpstream(fixture, keyId)).filter((grant) => grant.name === name);
  const [first] = named;
  if (create.status === 200) expect(create.body).toEqual({ grant_id: first?.grant_id });
  return {
    'list-grants': { result: statusAndCode(list), attempts: attempts['list-grants'], answer: list },
    'revoke-grant': {
      result: `${statusAndCode(revoke)} ${exists ? 'exists' : 'removed'}`,
      attempts: attempts['revoke-grant'],
      answer: revoke,
    },
    'create-grant': {
      result: `${statusAndCode(create)} created ${named.length}`,
      attempts: attempts['create-grant'],
      answer: create,
    },
  };
}

export const resultsOf = (outcomes: Outcomes) => ACTIONS.map((action) => outcomes[action].result);
export const attemptsOf = (outcomes: Outcomes) => ACTIONS.map((action) => outcomes[action].attempts);

function statusAndCode({ status, body }: Answer): string {
  return status === 200 ? '200' : `${status} ${body.error_code}`;
}

/** Expects a request id in the headers and, for an error, the documented body with the same request id. */
export function expectForm({ status, headers, body }: Answer): void {
  const request_id = headers.get('x-request-id');
  expect([request_id, headers.get('content-type')]).toEqual([
    expect.stringMatching(/^[0-9a-f]{32}$/),
    'application/json',
  ]);
  if (status === 200) return;
  const { error_code, error_msg } = body.error ?? {};
  expect(body).toEqual({ error: { error_code, error_msg }, error_code, error_msg, request_id });
  expect([error_code, error_msg]).toEqual([expect.stringMatching(/^(?:KMS|APIGW)\.\d{4}$/), expect.any(String)]);
}
