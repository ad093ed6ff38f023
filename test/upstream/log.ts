import type { ServiceProcess } from '../support/process.ts';

/**
 * Takes over what a process prints: thousands of lines, which are only kept here, while until it listens each is
 * searched with all before it.
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
