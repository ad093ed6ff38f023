import { isDeepStrictEqual } from 'node:util';
import { type State, step } from './model.ts';
import type { Answer, Quotas, Request } from './request.ts';

/** A request that was answered, and when, by a clock that counts on: what ended before another began came before it. */
export interface Served {
  request: Request;
  answer: Answer;
  beganAt: number;
  endedAt: number;
}

/** What was done at once from `start`, by each client in its own order, and what was read when all of it was over. */
export interface AtOnceServed {
  start: State;
  clients: readonly Served[][];
  after: readonly Served[];
}

/**
 * Looks for an order, one request after the other, in which the model gives every answer that was given.
 * @returns the order of the clients' requests; undefined when there is none
 */
export function serialOrder({ start, clients, after }: AtOnceServed, quotas: Quotas): Served[] | undefined {
  const deadEnds = new Set<string>();

  /** The state after the request, if the model answers it so. */
  function stateAfter(state: State, { request, answer }: Served): State | undefined {
    const [next, expected] = step(state, request, quotas);
    return isAlike(request.ask.action, answer, expected) ? next : undefined;
  }

  function search(state: State, left: readonly Served[][]): Served[] | undefined {
    const heads = left.flatMap(([head]) => head ?? []);
    if (heads.length === 0) return after.every((read) => stateAfter(state, read)) ? [] : undefined;
    const mark = JSON.stringify([left.map((rest) => rest.length), state]);
    if (deadEnds.has(mark)) return undefined;
    const earliestEnd = Math.min(...heads.map(({ endedAt }) => endedAt));
    for (const head of heads.filter(({ beganAt }) => beganAt < earliestEnd)) {
      const next = stateAfter(state, head);
      if (!next) continue;
      const rest = left.map((served) => (served[0] === head ? served.slice(1) : served));
      const order = search(next, rest);
      if (order) return [head, ...order];
      // What changes nothing may as well come first: where no order goes on from it, none does without it.
      if (next === state) break;
    }
    deadEnds.add(mark);
    return undefined;
  }

  return search(start, clients);
}

function isAlike(action: string, given: Answer, expected: Answer): boolean {
  return isDeepStrictEqual(comparable(action, given), comparable(action, expected));
}

/** Events of one moment have no order; and how many grants a key has is counted by no API that tells of keys. */
function comparable(action: string, told: Answer): unknown {
  if (action === 'list-events' && 'answer' in told) {
    return (told.answer as object[]).map((event) => JSON.stringify(event, sorted)).sort();
  }
  return JSON.parse(JSON.stringify(told, (name, value) => (name === 'grantCount' ? undefined : value)));
}

/** Fields in one order, whoever wrote them. */
function sorted(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
