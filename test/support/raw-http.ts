/** An HTTP client that sends exactly the bytes it is given, also those that no HTTP library would send. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { ApiResponse } from './service.ts';

export async function connectTo(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  // Tests expect the server to cut connections; the bytes that came before are still read.
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** @returns everything that the server sends until the connection closes */
export async function readToEnd(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  await once(socket, 'close');
  return text;
}

/**
 * Sends bytes on a new connection.
 * @param bytes latin1
 * @returns everything that the server sends until it closes the connection
 */
export async function sendRaw(url: string, bytes: string): Promise<string> {
  const socket = await connectTo(url);
  socket.write(bytes, 'latin1');
  return readToEnd(socket);
}

/** Parses one response. Its body is undefined unless its length is the one that Content-Length gives. */
export function parseResponse(text: string): ApiResponse {
  const headEnd = text.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = text.slice(0, headEnd).split('\r\n');
  const headers = new Headers(lines.map((line) => line.split(/: */, 2) as [string, string]));
  const body = text.slice(headEnd + 4);
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(statusLine)?.[1]);
  const isJson = headers.get('content-length') === String(body.length) && body !== '';
  return { status, headers, body: isJson ? JSON.parse(body) : undefined };
}
