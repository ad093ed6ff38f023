import type { ServiceProcess } from '../support/process.ts';

/**
 * Replaces the output listeners of a process. Those of `startProcess` search all output again after each line, which is
 * too slow for thousands of lines; these only store it.
 * @returns everything printed so far
 */
export function keepLog(service: ServiceProcess): () => string {
  const chunks = [service.output()];
  for (const stream of [service.child.stdout, service.child.stderr]) {
    stream?.removeAllListeners('data');
    stream?.on('data', (chunk: Buffer) => void chunks.push(chunk.toString()));
  }
  return () => chunks.join('');
}
