/** A TCP proxy that captures the bytes that clients send, for replay tests. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface CaptureProxy {
  /** The proxy's URL, which clients use instead of the service's. */
  url: string;
  /** The bytes that clients have sent since the last call. */
  take(): Buffer;
  close(): Promise<void>;
}

/** Starts a proxy that forwards all bytes to and from `url`. */
export async function startCaptureProxy(url: string): Promise<CaptureProxy> {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  let captured: Buffer[] = [];
  const server = createServer((client) => {
    const service = connect(Number(port), hostname);
    for (const [from, to] of [
      [client, service],
      [service, client],
    ] as const) {
      sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => sockets.delete(from));
      from.pipe(to);
    }
    client.on('data', (chunk: Buffer) => captured.push(chunk));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    take() {
      const bytes = Buffer.concat(captured);
      captured = [];
      return bytes;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Sends the bytes unchanged and reads one reply. */
export async function resend(url: string, bytes: Uint8Array): Promise<{ status: number; body: unknown }> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname).setEncoding('latin1');
  socket.write(bytes);
  let text = '';
  for await (const chunk of socket) {
    text += chunk;
    const [, status, length, body = ''] =
      /^HTTP\/1\.1 (\d+).*?\r\ncontent-length: (\d+)\r\n.*?\r\n\r\n(.*)$/is.exec(text) ?? [];
    if (status && body.length === Number(length)) return { status: Number(status), body: JSON.parse(body) };
  }
  throw new Error(`the connection ended after: ${text}`);
}
