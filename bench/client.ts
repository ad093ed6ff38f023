/** The load client: keep-alive connections over node:net with one request in flight each; it records every latency. */
import { connect, type Socket } from 'node:net';

export interface Load {
  port: number;
  connections: number;
  /** No request is sent after this long. */
  seconds: number;
  /** No more requests than this. */
  requestsMax: number;
  /** Returns the bytes of the nth request, which are prepared before the measurement. */
  request: (n: number) => Buffer;
}

/** The result of one round of load. */
export interface Round {
  /** Number of replies. */
  replies: number;
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  /** Share of the time that this process was busy; near 1, the client limits the result. */
  clientBusy: number;
}

/** The time that replies may take after the load's duration. */
const REPLY_TIMEOUT_MS = 10_000;

/** The most bytes of a reply's status line and headers. An error message quotes as much of the reply. */
const HEAD_BYTES_MAX = 1024;
const READ_BYTES = 64 * 1024;

/**
 * Sends the load.
 * @throws Error on any status but 200, on a broken connection, and on a missing reply
 */
export async function drive({ port, connections, seconds, requestsMax, request }: Load): Promise<Round> {
  const latenciesMs = new Float64Array(requestsMax);
  const sockets: Socket[] = [];
  let sent = 0;
  let replies = 0;
  let startMs = 0;
  let endMs = 0;

  const { promise: failure, reject: fail } = Promise.withResolvers<never>();
  const open = async (): Promise<() => Promise<void>> => {
    let sentAtMs = 0;
    let finish = () => {};
    const send = () => {
      const nowMs = performance.now();
      if (sent >= requestsMax || nowMs - startMs >= seconds * 1000) return finish();
      sentAtMs = nowMs;
      socket.write(request(sent++));
    };
    const onReply = () => {
      endMs = performance.now();
      latenciesMs[replies++] = endMs - sentAtMs;
      send();
    };
    const socket = await connection(port, replyReader(onReply), fail);
    sockets.push(socket);
    return () =>
      new Promise((resolve) => {
        finish = resolve;
        send();
      });
  };

  const guard = setTimeout(
    () => fail(new Error('the server did not reply in time')),
    seconds * 1000 + REPLY_TIMEOUT_MS,
  );
  try {
    const starts = await Promise.race([Promise.all(Array.from({ length: connections }, open)), failure]);
    const idle = performance.eventLoopUtilization();
    startMs = performance.now();
    await Promise.race([Promise.all(starts.map((start) => start())), failure]);
    const { utilization } = performance.eventLoopUtilization(idle);
    return { ...summarize(latenciesMs.subarray(0, replies), (endMs - startMs) / 1000), clientBusy: utilization };
  } finally {
    clearTimeout(guard);
    for (const socket of sockets) socket.destroy();
  }
}

/** Returns the bytes of a POST request. @param json the body */
export function post(path: string, headers: Record<string, string>, json: string): Buffer {
  const head = [
    `POST ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Content-Type: application/json',
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    `Content-Length: ${Buffer.byteLength(json)}`,
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${json}`);
}

function connection(
  port: number,
  read: (bytes: Buffer, length: number) => void,
  fail: (error: Error) => void,
): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer: Buffer.allocUnsafe(READ_BYTES),
        callback(length, bytes) {
          try {
            read(bytes as Buffer, length);
          } catch (error) {
            fail(error as Error);
          }
          return true;
        },
      },
    });
    socket.once('connect', () => resolve(socket));
    socket.once('error', fail);
    socket.once('end', () => fail(new Error('the server closed a connection')));
  });
}

/** Checks the status of each reply and skips its body by Content-Length. */
function replyReader(onReply: () => void): (bytes: Buffer, length: number) => void {
  let head = '';
  let bodyBytesLeft = 0;

  function readHead(bytes: Buffer, length: number): void {
    const before = head.length;
    head += bytes.toString('latin1', 0, Math.min(length, HEAD_BYTES_MAX));
    const end = head.indexOf('\r\n\r\n');
    if (end < 0 && head.length < HEAD_BYTES_MAX) return;
    const contentLength = /\r\ncontent-length: (\d+)\r\n/i.exec(head.slice(0, end + 4));
    if (!head.startsWith('HTTP/1.1 200 ') || !contentLength)
      throw new Error(`the reply is not a 200 with Content-Length:\n${head}`);
    skipBody(Number(contentLength[1]), length - (end + 4 - before));
  }

  function skipBody(expectedBytes: number, receivedBytes: number): void {
    if (receivedBytes > expectedBytes) throw new Error('the reply is longer than its Content-Length');
    bodyBytesLeft = expectedBytes - receivedBytes;
    if (bodyBytesLeft > 0) return;
    head = '';
    onReply();
  }

  return (bytes, length) => {
    if (bodyBytesLeft > 0) skipBody(bodyBytesLeft, length);
    else readHead(bytes, length);
  };
}

/** Exact percentiles: of n sorted latencies, the one at rank ceil(p × n). */
function summarize(latenciesMs: Float64Array, seconds: number): Omit<Round, 'clientBusy'> {
  const replies = latenciesMs.length;
  latenciesMs.sort();
  const rank = (p: number) => latenciesMs[Math.ceil(p * replies) - 1] ?? Number.NaN;
  return { replies, perSecond: replies / seconds, p50Ms: rank(0.5), p99Ms: rank(0.99) };
}
