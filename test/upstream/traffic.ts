/** Sends random operations to the backend, several concurrently. */
import type { Random } from '../signing/random.ts';
import type { UpstreamFixture } from './fixture.ts';
import { type Call, isRemoval, isUncertain, lastCall, type Operation } from './history.ts';
import { changeKeyState } from './key-moves.ts';
import { type OperationInput, operationSource } from './random-operations.ts';
import { grantExists } from './upstream-state.ts';

export interface TrafficOptions {
  operations: number;
  concurrency: number;
  random: Random;
}

export interface Traffic {
  operations: Operation[];
  /** Ids of the grants that were created at the upstream directly. */
  directIds: Set<string>;
  /** Answers to changes of a key that disagree with its state at the upstream, one sentence each. */
  violations: string[];
  /** Repeats each removal whose result is uncertain once. */
  settle(): Promise<void>;
}

/** How often an operation with an uncertain result is repeated at most. */
const REPEATS_MAX = 8;

export async function run(
  fixture: UpstreamFixture,
  { operations: count, concurrency, random }: TrafficOptions,
): Promise<Traffic> {
  const keyIds = [...fixture.demo.keys.map(({ key_id }) => key_id), await createKey(fixture)];
  const changingKeyId = keyIds.at(-1) ?? '';
  const source = operationSource(fixture, keyIds, random);
  const operations: Operation[] = [];
  const violations: string[] = [];

  function begin(input: OperationInput): Operation {
    const operation = { ...input, n: operations.length, calls: [] };
    operations.push(operation);
    return operation;
  }

  async function work(): Promise<void> {
    while (operations.length < count) {
      const operation = begin(source.next(operations.length));
      const isRepeated = isRemoval(operation) && random.below(10) < 6;
      await callUntilKnown(fixture, operation, isRepeated ? REPEATS_MAX : 0);
      const { answer } = lastCall(operation);
      const isCreated = operation.action === 'create-grant' && answer.status === 200;
      if (isCreated) source.offer(operation.keyId, answer.body.grant_id);
      await source.refill();
    }
  }

  /** Changes the state of one key sequentially, so that its expected state is known. */
  async function workOnKey(): Promise<void> {
    while (operations.length < count) {
      violations.push(...(await changeKeyState(fixture, changingKeyId, random, (input) => send(begin(input)))));
    }
  }

  async function send(operation: Operation): Promise<Operation> {
    await callUntilKnown(fixture, operation, REPEATS_MAX);
    return operation;
  }

  await source.refill();
  await Promise.all([...Array.from({ length: concurrency - 1 }, work), workOnKey()]);
  return {
    operations,
    directIds: source.directIds,
    violations,
    async settle() {
      const open = operations.filter((operation) => isRemoval(operation) && isUncertain(lastCall(operation).answer));
      while (open.length > 0) {
        await Promise.all(open.splice(0, concurrency).map((operation) => callUntilKnown(fixture, operation, 0)));
      }
    },
  };
}

async function callUntilKnown(fixture: UpstreamFixture, operation: Operation, repeatsMax: number): Promise<void> {
  const { user, action, body, keyId, grantId } = operation;
  for (let repeats = 0; repeats <= repeatsMax; repeats += 1) {
    const startMs = Date.now();
    const answer = await fixture.callBackend(user, action, body);
    const requestId = answer.headers.get('x-request-id') ?? '';
    const call: Call = { operation, startMs, endMs: Date.now(), answer, requestId };
    operation.calls.push(call);
    if (grantId !== undefined && answer.status === 200) call.stillExists = await grantExists(fixture, keyId, grantId);
    if (!isUncertain(answer)) return;
  }
}

async function createKey({ callUpstream, creator }: UpstreamFixture): Promise<string> {
  const { body } = await callUpstream(creator, 'create-key', { key_alias: 'changing' });
  return body.key_info.key_id;
}
