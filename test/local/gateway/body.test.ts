/** What the gateway holds of bodies while they arrive: each as one piece, and all of them within a bound. */
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
/** What an API says of a body over 64 KiB that has reached it. */
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

/** A request of which so many bytes of the body are there, and no more for now. */
async function hold(declared: number, sent: number): Promise<Socket> {
  const socket = await connectTo(url);
  const arrived = arrival(gateway, sent);
  socket.write(head(`Content-Length: ${declared}`));
  socket.write(Buffer.alloc(sent, ' '));
  await arrived;
  return socket;
}

/** The reply to a request that is refused, or whole, at its last byte sent. */
const replyTo = async (declared: number, sent: number) => parseResponse(await readToEnd(await hold(declared, sent)));

/** Its end, in whatever way. */
const closeOf = (socket: Socket) => new Promise((resolve) => socket.once('close', resolve));

/** What is in use, without what only waits to be collected. */
function bytesInUse(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

describe('one body', () => {
  beforeEach(() => open());

  test('in chunks of one byte takes the memory of its bytes, not of its chunks', async () => {
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

  test.each([1, 7, 1000, 4096, 65_535])('in chunks of %d bytes is put together as it was sent', async (size) => {
    const json = `{"limit":"1","note":"${Array.from({ length: 6000 }, (_, index) => `${index} é`).join()}"}`;
    const body = Buffer.from(json);
    const socket = await connectTo(url);
    socket.write(head('Transfer-Encoding: chunked'));
    for (let at = 0; at < body.length; at += size) {
      const chunk = body.subarray(at, at + size);
      socket.write(`${chunk.length.toString(16)}\r\n`);
      socket.write(chunk);
      socket.write('\r\n');
    }
    socket.write('0\r\n\r\n');
    const reply = parseResponse(await readToEnd(socket));
    expect([reply.status, reply.body.keys.length]).toEqual([200, 1]);
  });

  test('of 2 MiB is read whole, and one byte more is refused where it comes, however long it says it is', async () => {
    expectError(await replyTo(2 * MIB, 2 * MIB), TOO_LONG);
    expectError(await replyTo(2 * MIB + 1, 2 * MIB + 1), TOO_LARGE);
    expectError(await replyTo(Number.MAX_SAFE_INTEGER, 2 * MIB + 1), TOO_LARGE);
  });
});

test('beyond 64 KiB of each, bodies that arrive at the same time hold 32 MiB, and the next is refused', async () => {
  await open();
  const holders: Socket[] = [];
  for (let count = 0; count < 16; count += 1) holders.push(await hold(2 * MIB, 2 * MIB - 1));
  expectError(await replyTo(2 * MIB, MIB + 1), TOO_LARGE);
  for (const socket of holders) socket.destroy();
});

describe('while the others hold all there is', () => {
  let holder: Socket;
  /** The gateway's end of it. */
  let held: Socket;
  beforeEach(async () => {
    await open({ bodiesBytesMax: 64 * KIB });
    const connected = once(gateway, 'connection');
    holder = await hold(3 * MIB, 64 * KIB + 1);
    [held] = await connected;
  });
  afterEach(() => void holder.destroy());

  const nextFits = async () => expectError(await replyTo(128 * KIB, 128 * KIB), TOO_LONG);

  test('a body over 64 KiB is refused, each time', async () => {
    for (const _ of [1, 2, 3]) expectError(await replyTo(128 * KIB, 64 * KIB + 1), TOO_LARGE);
  });

  test('a body of 64 KiB is answered', async () => {
    const socket = await connectTo(url);
    socket.write(head(`Content-Length: ${64 * KIB}`));
    socket.write(`{${' '.repeat(64 * KIB - 2)}}`);
    expect(parseResponse(await readToEnd(socket)).status).toBe(200);
  });

  test('a client that goes away makes room', async () => {
    const gone = closeOf(held);
    holder.resetAndDestroy();
    await gone;
    await nextFits();
  });

  test('a refusal makes room', async () => {
    holder.write(Buffer.alloc(64 * KIB, ' '));
    expectError(parseResponse(await readToEnd(holder)), TOO_LARGE);
    await nextFits();
  });

  test('a reply makes room', async () => {
    const gone = closeOf(held);
    holder.destroy();
    await gone;
    await nextFits();
    await nextFits();
  });
});
