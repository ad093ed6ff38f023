/** Starts a bundle in a fresh process, as Lambda would, and asks it once. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

/** What one cold start took. */
export interface Start {
  /** Of `require()` alone. */
  importMs: number;
  /** Processor time of the same: what is left when others on the machine do not disturb. */
  importCpuMs: number;
  /** From before the process is made to the handler's answer. */
  answerMs: number;
  status: number | undefined;
  body: string | undefined;
}

const PROBE = join(import.meta.dirname, 'probe.cjs');
const TIMEOUT_MS = 30_000;

/** Of what it printed, this much is told: a bundle's one line would drown it. */
const OUTPUT_CHARS_MAX = 1_000;

/**
 * @param env the whole environment of the process: nothing of ours, so no compile cache and no options of Node
 * @throws when it does not answer
 */
export async function coldStart(file: string, event: object, env: Record<string, string>): Promise<Start> {
  const startedAtMs = performance.timeOrigin + performance.now();
  const child = spawn(process.execPath, [PROBE, file, JSON.stringify(event)], {
    env,
    // A pipe, as on Lambda: what a bundle loads for its output depends on what that is.
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    timeout: TIMEOUT_MS,
  });
  const [, output, errors, told] = child.stdio as unknown as Readable[];
  const [printed, warned, answer] = await Promise.all([output, errors, told].map((stream) => text(stream as Readable)));
  if (!answer) throw new Error(`${file} gave no answer:\n${printed}${warned?.slice(-OUTPUT_CHARS_MAX)}`);
  const { answeredAtMs, ...measured } = JSON.parse(answer) as Omit<Start, 'answerMs'> & { answeredAtMs: number };
  return { ...measured, answerMs: answeredAtMs - startedAtMs };
}
