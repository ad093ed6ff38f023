import { isDeepStrictEqual } from 'node:util';
import { type State, step } from './model.ts';
import type { Answer, Quotas, Request } from './request.ts';

/** An answered request, with its start and end on a logical clock: if it ended before another began, it came first. */
export interface Served {
  request: Request;
  answer: Answer;
  beganAt: number;
  endedAt: number;
}

/** The requests of concurrent clients, in the order of each client, and the reads after all of them had ended. */
interface ConcurrentRun {
  start: State;
  clients: readonly Served[][];
  after: readonly Served[];
}

/**
 * Searches for a serial order of the requests in which the model gives every answer that the system gave.
 * @returns the clients' requests in that order; undefined if there is none
 */
export function serialOrder({ start, clients, after }: ConcurrentRun, quotas: Quotas): Served[] | undefined {
  const deadEnds = new Set<string>();

  /** Returns the state after the request, if the model gives the same answer. */
  function stateAfter(state: State, { request, answer }: Served): State | undefined {
    const [next, expected] = step(state, request, quotas);
    return isAlike(request.call.action, answer, expected) ? next : undefined;
  }

  function search(state: State, left: readonly Served[][]): Served[] | undefined {
    const heads = left.flatMap(([head]) => head ?? []);
    if (heads.length === 0) return after.every((read) => stateAfter(state, read)) ? [] : undefined;
    const position = JSON.stringify([left.map((rest) => rest.length), state]);
    if (deadEnds.has(position)) return undefined;
    const earliestEnd = Math.min(...heads.map(({ endedAt }) => endedAt));
    for (const head of heads.filter(({ beganAt }) => beganAt < earliestEnd)) {
      const next = stateAfter(state, head);
      if (!next) continue;
      const rest = left.map((served) => (served[0] === head ? served.slice(1) : served));
      const order = search(next, rest);
      if (order) return [head, ...order];
      // A request that changes nothing can come first in any order, so no other choice can succeed here.
      if (next === state) break;
    }
    deadEnds.add(position);
    return undefined;
  }

  return search(start, clients);
}

function isAlike(action: string, given: Answer, expected: Answer): boolean {
  return isDeepStrictEqual(comparable(action, given), comparable(action, expected));
}

/** Leaves out what the API does not define: the order of events of one moment, and the grant count in key details. */
function comparable(action: string, answer: Answer): unknown {
  if (action === 'list-events' && 'answer' in answer) {
    return (answer.answer as object[]).map((event) => JSON.stringify(event, withSortedFields)).sort();
  }
  return JSON.parse(JSON.stringify(answer, (name, value) => (name === 'grantCount' ? undefined : value)));
}

/** A replacer for JSON.stringify that sorts the fields of objects. */
function withSortedFields(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
