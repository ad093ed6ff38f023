/** Starts a bundle in a new process, as Lambda does, and calls its handler once. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

/** The measurements of one cold start. */
export interface ColdStart {
  /** Duration of `require()`. */
  importMs: number;
  /** Processor time of `require()`, which other load on the machine affects less. */
  importCpuMs: number;
  /** From before the process is started to the handler's reply. */
  replyMs: number;
  status: number | undefined;
  body: string | undefined;
}

const PROBE = join(import.meta.dirname, 'probe.cjs');
const TIMEOUT_MS = 30_000;

/** An error message quotes this much of the output, because a bundle is one very long line. */
const OUTPUT_CHARS_MAX = 1_000;

/**
 * @param env the complete environment of the process, so that no compile cache and no Node option is inherited
 * @throws Error when the handler does not reply
 */
export async function coldStart(file: string, event: object, env: Record<string, string>): Promise<ColdStart> {
  const startedAtMs = performance.timeOrigin + performance.now();
  const child = spawn(process.execPath, [PROBE, file, JSON.stringify(event)], {
    env,
    // Pipes, as on Lambda: which modules Node loads for its output depends on the kind of stream.
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    timeout: TIMEOUT_MS,
  });
  const [, stdout, stderr, results] = child.stdio as unknown as Readable[];
  const [output, errors, result] = await Promise.all(
    [stdout, stderr, results].map((stream) => text(stream as Readable)),
  );
  if (!result) throw new Error(`${file} did not reply:\n${output}${errors?.slice(-OUTPUT_CHARS_MAX)}`);
  const { repliedAtMs, ...measured } = JSON.parse(result) as Omit<ColdStart, 'replyMs'> & { repliedAtMs: number };
  return { ...measured, replyMs: repliedAtMs - startedAtMs };
}
