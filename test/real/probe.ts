import { setTimeout as pause } from 'node:timers/promises';

const ASK_EVERY_MS = 50;

/**
 * Asks again and again.
 * @returns every answer, up to the first that is the last one
 * @throws when none was the last one in `limitMs`
 */
export async function probe<A>(ask: () => Promise<A>, isLast: (answer: A) => boolean, limitMs: number): Promise<A[]> {
  const answers: A[] = [];
  const startMs = performance.now();
  while (performance.now() - startMs < limitMs) {
    const answer = await ask();
    answers.push(answer);
    if (isLast(answer)) return answers;
    await pause(ASK_EVERY_MS);
  }
  throw new Error(`not so after ${limitMs} ms; the last answer: ${JSON.stringify(answers.at(-1))}`);
}
