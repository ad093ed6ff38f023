/**
 * Reads the body of a response. It stops on the signal itself, because ky may not link the signal to the body.
 * @throws Error if the body is longer than `bytesMax`
 */
export async function readText(
  { body }: Response,
  { signal, bytesMax }: { signal: AbortSignal; bytesMax: number },
): Promise<string> {
  if (!body) return '';
  const reader = body.getReader();
  const cancel = () => void reader.cancel().catch(() => undefined);
  signal.addEventListener('abort', cancel, { once: true });
  try {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for (;;) {
      const { done, value } = await reader.read();
      signal.throwIfAborted();
      if (done) return Buffer.concat(chunks).toString();
      bytes += value.length;
      if (bytes > bytesMax) throw new Error('the response is too long');
      chunks.push(value);
    }
  } finally {
    signal.removeEventListener('abort', cancel);
    cancel();
  }
}
