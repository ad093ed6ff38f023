/** A client that writes what it is told, byte by byte, and minds no protocol. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { ApiResponse } from './service.ts';

export async function connectTo(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  // A peer that cuts the connection is what these tests look for; what came before it is still read.
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** All that comes until the other side ends the connection. */
export async function readToEnd(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  await once(socket, 'close');
  return text;
}

/** Sends bytes as they are on a connection of their own. */
export async function sendRaw(url: string, sent: string): Promise<string> {
  const socket = await connectTo(url);
  socket.write(sent, 'latin1');
  return readToEnd(socket);
}

/** One whole reply, whose length must be what it says. */
export function parseResponse(text: string): ApiResponse {
  const end = text.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = text.slice(0, end).split('\r\n');
  const headers = new Headers(lines.map((line) => line.split(/: */, 2) as [string, string]));
  const body = text.slice(end + 4);
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(statusLine)?.[1]);
  const isJson = headers.get('content-length') === String(body.length) && body !== '';
  return { status, headers, body: isJson ? JSON.parse(body) : undefined };
}
