/** How the gateway reads bodies: memory of one body, and the memory limit of all together. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createGateway, drain } from '../../../local/gateway.ts';
import { expectError } from '../../support/expect-error.ts';
import { connectTo, parseResponse, readToEnd } from '../../support/raw-http.ts';
import { startService, type TestService } from '../../support/service.ts';
import { storedRows } from '../../support/stored-rows.ts';
import { arrival, listen } from '../gateway-fixture.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const TOO_LARGE: [number, string] = [413, 'APIGW.0201'];
/** An API handler's reply to a body over 64 KiB. */
const TOO_LONG: [number, string] = [400, 'KMS.0203'];

let service: TestService;
let token: string;
let rows: Record<string, unknown[]>;
let gateway: Server;
let url: string;

beforeAll(async () => {
  service = await startService();
  token = await service.token(service.creator);
  rows = await storedRows(service);
});
afterAll(() => service.stop());

async function open(limits?: Parameters<typeof createGateway>[1]): Promise<void> {
  gateway = await createGateway([], limits);
  url = await listen(gateway);
}
afterEach(async () => {
  await drain(gateway, 0);
  expect(await storedRows(service)).toEqual(rows);
});

const head = (length: string) =>
  [
    `POST /v1.0/${service.demo.project_id}/kms/list-keys HTTP/1.1`,
    'Host: a',
    `X-Auth-Token: ${token}`,
    'Connection: close',
    length,
    '',
    '',
  ].join('\r\n');

/** Sends a request with the first `sent` bytes of its body, and keeps the connection open. */
async function sendPart(declared: number, sent: number): Promise<Socket> {
  const socket = await connectTo(url);
  const arrived = arrival(gateway, sent);
  socket.write(head(`Content-Length: ${declared}`));
  socket.write(Buffer.alloc(sent, ' '));
  await arrived;
  return socket;
}

/** Sends a request that is complete, or rejected, at its last byte sent. @returns the reply */
const replyTo = async (declared: number, sent: number) =>
  parseResponse(await readToEnd(await sendPart(declared, sent)));

const closeOf = (socket: Socket) => new Promise((resolve) => socket.once('close', resolve));

/** Memory in use after a garbage collection. */
function bytesInUse(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

describe('one body', () => {
  beforeEach(() => open());

  test('in chunks of one byte takes memory for its bytes, not for each chunk', async () => {
    const length = 512 * KIB;
    const socket = await connectTo(url);
    const arrived = arrival(gateway, length);
    const chunks = Buffer.from('1\r\n \r\n'.repeat(length));
    const before = bytesInUse();
    socket.write(head('Transfer-Encoding: chunked'));
    socket.write(chunks);
    await arrived;
    expect(bytesInUse() - before).toBeLessThan(16 * MIB);
    socket.write('0\r\n\r\n');
    expectError(parseResponse(await readToEnd(socket)), TOO_LONG);
  });

  test.each([1, 7, 1000, 4096, 65_535])('in chunks of %d bytes is assembled in order', async (size) => {
    const json = `{"limit":"1","note":"${Array.from({ length: 6000 }, (_, index) => `${index} é`).join()}"}`;
    const body = Buffer.from(json);
    const socket = await connectTo(url);
    socket.write(head('Transfer-Encoding: chunked'));
    for (let offset = 0; offset < body.length; offset += size) {
      const chunk = body.subarray(offset, offset + size);
      socket.write(`${chunk.length.toString(16)}\r\n`);
      socket.write(chunk);
      socket.write('\r\n');
    }
    socket.write('0\r\n\r\n');
    const reply = parseResponse(await readToEnd(socket));
    expect([reply.status, reply.body.keys.length]).toEqual([200, 1]);
  });

  test('of 2 MiB is read, and one byte more is rejected when it arrives, whatever Content-Length says', async () => {
    expectError(await replyTo(2 * MIB, 2 * MIB), TOO_LONG);
    expectError(await replyTo(2 * MIB + 1, 2 * MIB + 1), TOO_LARGE);
    expectError(await replyTo(Number.MAX_SAFE_INTEGER, 2 * MIB + 1), TOO_LARGE);
  });
});

test('bodies in progress together may use 32 MiB beyond the first 64 KiB of each; the next one gets 413', async () => {
  await open();
  const sockets: Socket[] = [];
  for (let count = 0; count < 16; count += 1) sockets.push(await sendPart(2 * MIB, 2 * MIB - 1));
  expectError(await replyTo(2 * MIB, MIB + 1), TOO_LARGE);
  for (const socket of sockets) socket.destroy();
});

describe('while another body uses all of the memory', () => {
  let other: Socket;
  /** The gateway's end of the same connection. */
  let otherAtGateway: Socket;
  beforeEach(async () => {
    await open({ bodiesBytesMax: 64 * KIB });
    const connected = once(gateway, 'connection');
    other = await sendPart(3 * MIB, 64 * KIB + 1);
    [otherAtGateway] = await connected;
  });
  afterEach(() => void other.destroy());

  const expectNextFits = async () => expectError(await replyTo(128 * KIB, 128 * KIB), TOO_LONG);

  test('a body over 64 KiB gets 413, each time', async () => {
    for (const _ of [1, 2, 3]) expectError(await replyTo(128 * KIB, 64 * KIB + 1), TOO_LARGE);
  });

  test('a body of 64 KiB gets a normal reply', async () => {
    const socket = await connectTo(url);
    socket.write(head(`Content-Length: ${64 * KIB}`));
    socket.write(`{${' '.repeat(64 * KIB - 2)}}`);
    expect(parseResponse(await readToEnd(socket)).status).toBe(200);
  });

  test('a client that disconnects frees the memory', async () => {
    const closed = closeOf(otherAtGateway);
    other.resetAndDestroy();
    await closed;
    await expectNextFits();
  });

  test('a rejected body frees the memory', async () => {
    other.write(Buffer.alloc(64 * KIB, ' '));
    expectError(parseResponse(await readToEnd(other)), TOO_LARGE);
    await expectNextFits();
  });

  test('a reply frees the memory', async () => {
    const closed = closeOf(otherAtGateway);
    other.destroy();
    await closed;
    await expectNextFits();
    await expectNextFits();
  });
});
