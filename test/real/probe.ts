import { setTimeout as pause } from 'node:timers/promises';

const POLL_MS = 50;

/**
 * Repeats a request until `isLast` is true for its answer.
 * @returns all answers, the last one included
 * @throws Error when `isLast` is not true for any answer within `limitMs`
 */
export async function probe<A>(send: () => Promise<A>, isLast: (answer: A) => boolean, limitMs: number): Promise<A[]> {
  const answers: A[] = [];
  const startMs = performance.now();
  while (performance.now() - startMs < limitMs) {
    const answer = await send();
    answers.push(answer);
    if (isLast(answer)) return answers;
    await pause(POLL_MS);
  }
  throw new Error(`no answer met the condition within ${limitMs} ms; the last one: ${JSON.stringify(answers.at(-1))}`);
}
