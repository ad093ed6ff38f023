/** Random operations through the backend, several at a time. */
import type { Random } from '../signing/random.ts';
import { isThere } from './actual-state.ts';
import type { World } from './fixture.ts';
import { type Call, isOpen, isRemoval, lastCall, type Operation } from './history.ts';
import { moveKey } from './key-moves.ts';
import { type Wish, wishesOf } from './random-operations.ts';

export interface TrafficOptions {
  operations: number;
  atOnce: number;
  random: Random;
}

export interface Traffic {
  operations: Operation[];
  /** Made past the backend. */
  givenIds: Set<string>;
  /** What was answered about the state of a key and was not true. */
  untrue: string[];
  /** Asks once more for each removal of which it is not known what came of it. */
  settle(): Promise<void>;
}

/** How often one is asked again that does not leave it at an open answer. */
const REPEATS_MAX = 8;

export async function run(world: World, { operations: wanted, atOnce, random }: TrafficOptions): Promise<Traffic> {
  const keyIds = [...world.demo.keys.map(({ key_id }) => key_id), await makeKey(world)];
  const movingId = keyIds.at(-1) ?? '';
  const wishes = wishesOf(world, keyIds, random);
  const operations: Operation[] = [];
  const untrue: string[] = [];

  function begin(wish: Wish): Operation {
    const operation = { ...wish, n: operations.length, calls: [] };
    operations.push(operation);
    return operation;
  }

  async function work(): Promise<void> {
    while (operations.length < wanted) {
      const operation = begin(wishes.next(operations.length));
      const isInsisting = isRemoval(operation) && random.below(10) < 6;
      await askUntilKnown(world, operation, isInsisting ? REPEATS_MAX : 0);
      const { answer } = lastCall(operation);
      const isMade = operation.action === 'create-grant' && answer.status === 200;
      if (isMade) wishes.offer(operation.keyId, answer.body.grant_id);
      await wishes.refill();
    }
  }

  /** The moves of one key come one after the other, so that it is known what is true of each. */
  async function workOnKey(): Promise<void> {
    while (operations.length < wanted) {
      untrue.push(...(await moveKey(world, movingId, random, (wish) => ask(begin(wish)))));
    }
  }

  async function ask(operation: Operation): Promise<Operation> {
    await askUntilKnown(world, operation, REPEATS_MAX);
    return operation;
  }

  await wishes.refill();
  await Promise.all([...Array.from({ length: atOnce - 1 }, work), workOnKey()]);
  return {
    operations,
    givenIds: wishes.givenIds,
    untrue,
    async settle() {
      const open = operations.filter((operation) => isRemoval(operation) && isOpen(lastCall(operation).answer));
      while (open.length > 0) {
        await Promise.all(open.splice(0, atOnce).map((operation) => askUntilKnown(world, operation, 0)));
      }
    },
  };
}

async function askUntilKnown(world: World, operation: Operation, repeatsMax: number): Promise<void> {
  const { user, action, body, keyId, grantId } = operation;
  for (let repeats = 0; repeats <= repeatsMax; repeats += 1) {
    const startMs = Date.now();
    const answer = await world.ask(user, action, body);
    const requestId = answer.headers.get('x-request-id') ?? '';
    const call: Call = { operation, startMs, endMs: Date.now(), answer, requestId };
    operation.calls.push(call);
    if (grantId !== undefined && answer.status === 200) call.isLeftBehind = await isThere(world, keyId, grantId);
    if (!isOpen(answer)) return;
  }
}

async function makeKey({ askCloud, creator }: World): Promise<string> {
  const { body } = await askCloud(creator, 'create-key', { key_alias: 'moving' });
  return body.key_info.key_id;
}
