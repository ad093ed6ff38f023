/** One fault, met by a list, a revoke and a create at once: what each is answered, and what became of it. */
import { expect } from '@jest/globals';
import { createAt, grantAsk, grantsAt, isThere } from './actual-state.ts';
import type { Answer } from './client.ts';
import type { World } from './fixture.ts';
import { type Fault, NONE } from './proxy.ts';

export const ACTIONS = ['list-grants', 'revoke-grant', 'create-grant'] as const;
export type Action = (typeof ACTIONS)[number];

export interface Outcome {
  /** Status and code; for a revoke also whether the grant is there; for a create how many are. */
  said: string;
  /** How often the proxy was called. */
  tries: number;
  answer: Answer;
}

export type Outcomes = Record<Action, Outcome>;

let made = 0;

/** @param choose what happens to the n-th try of an action, from 1 */
export async function outcomesOf(world: World, choose: (n: number) => Fault): Promise<Outcomes> {
  const { demo, creator, proxy } = world;
  const keyId = demo.keys[0]?.key_id ?? '';
  made += 1;
  const name = `single-${made}`;
  const grantId = await createAt(world, keyId, 'to-be-revoked');
  const tries = { 'list-grants': 0, 'revoke-grant': 0, 'create-grant': 0 };
  proxy.choose = ({ action }) => {
    tries[action as Action] += 1;
    return choose(tries[action as Action]);
  };
  const [list, revoke, create] = await Promise.all([
    world.ask(creator, 'list-grants', { key_id: keyId }),
    world.ask(creator, 'revoke-grant', { key_id: keyId, grant_id: grantId }),
    world.ask(creator, 'create-grant', grantAsk(world, keyId, name)),
  ]);
  proxy.choose = () => NONE;
  const isLeft = await isThere(world, keyId, grantId);
  const named = (await grantsAt(world, keyId)).filter((grant) => grant.name === name);
  const [first] = named;
  if (create.status === 200) expect(create.body).toEqual({ grant_id: first?.grant_id });
  return {
    'list-grants': { said: wordOf(list), tries: tries['list-grants'], answer: list },
    'revoke-grant': {
      said: `${wordOf(revoke)} ${isLeft ? 'there' : 'gone'}`,
      tries: tries['revoke-grant'],
      answer: revoke,
    },
    'create-grant': { said: `${wordOf(create)} made ${named.length}`, tries: tries['create-grant'], answer: create },
  };
}

export const saidOf = (outcomes: Outcomes) => ACTIONS.map((action) => outcomes[action].said);
export const triesOf = (outcomes: Outcomes) => ACTIONS.map((action) => outcomes[action].tries);

function wordOf({ status, body }: Answer): string {
  return status === 200 ? '200' : `${status} ${body.error_code}`;
}

/** Every answer has our request id; one that is no 200 has the documented form with it. */
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
