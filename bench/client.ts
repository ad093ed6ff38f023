/** The load client: keep-alive connections over node:net, one request in flight on each, every latency kept. */
import { connect, type Socket } from 'node:net';

export interface Load {
  port: number;
  connections: number;
  /** No request is sent after this long. */
  seconds: number;
  /** No more requests than this. */
  requestsMax: number;
  /** The bytes of the nth request, made beforehand. */
  request: (n: number) => Buffer;
}

/** What one round of load gave. */
export interface Round {
  answered: number;
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  /** Share of the time that this process was busy; near 1, it is the client that is measured. */
  clientBusy: number;
}

/** How long after the last request may have been sent the last answer may come. */
const GRACE_MS = 10_000;

/** A head is shorter than this; of a refusal, as much is told. */
const HEAD_BYTES_MAX = 1024;
const READ_BYTES = 64 * 1024;

/**
 * Runs the load to its end.
 * @throws on any answer but a 200, and when a connection breaks or falls silent
 */
export async function drive({ port, connections, seconds, requestsMax, request }: Load): Promise<Round> {
  const latenciesMs = new Float64Array(requestsMax);
  const sockets: Socket[] = [];
  let sent = 0;
  let answered = 0;
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
      latenciesMs[answered++] = endMs - sentAtMs;
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

  const guard = setTimeout(() => fail(new Error('the answers stopped coming')), seconds * 1000 + GRACE_MS);
  try {
    const starts = await Promise.race([Promise.all(Array.from({ length: connections }, open)), failure]);
    const idle = performance.eventLoopUtilization();
    startMs = performance.now();
    await Promise.race([Promise.all(starts.map((start) => start())), failure]);
    const { utilization } = performance.eventLoopUtilization(idle);
    return { ...spread(latenciesMs.subarray(0, answered), (endMs - startMs) / 1000), clientBusy: utilization };
  } finally {
    clearTimeout(guard);
    for (const socket of sockets) socket.destroy();
  }
}

/** A POST of JSON as it goes over the wire. */
export function post(path: string, token: string, body: object): Buffer {
  const json = JSON.stringify(body);
  const head = [
    `POST ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Content-Type: application/json',
    `X-Auth-Token: ${token}`,
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

/** Reads status and content-length of each reply and counts its body away. */
function replyReader(onReply: () => void): (bytes: Buffer, length: number) => void {
  let head = '';
  let bodyBytesLeft = 0;

  function readHead(bytes: Buffer, length: number): void {
    const before = head.length;
    head += bytes.toString('latin1', 0, Math.min(length, HEAD_BYTES_MAX));
    const end = head.indexOf('\r\n\r\n');
    if (end < 0 && head.length < HEAD_BYTES_MAX) return;
    const announced = /\r\ncontent-length: (\d+)\r\n/i.exec(head.slice(0, end + 4));
    if (!head.startsWith('HTTP/1.1 200 ') || !announced) throw new Error(`not a 200 with a length:\n${head}`);
    countBody(Number(announced[1]), length - (end + 4 - before));
  }

  function countBody(left: number, came: number): void {
    if (came > left) throw new Error('more bytes came than were announced');
    bodyBytesLeft = left - came;
    if (bodyBytesLeft > 0) return;
    head = '';
    onReply();
  }

  return (bytes, length) => {
    if (bodyBytesLeft > 0) countBody(bodyBytesLeft, length);
    else readHead(bytes, length);
  };
}

/** Exact percentiles: of n latencies in order, the one at rank ceil(p × n). */
function spread(latenciesMs: Float64Array, seconds: number): Omit<Round, 'clientBusy'> {
  const answered = latenciesMs.length;
  latenciesMs.sort();
  const rank = (p: number) => latenciesMs[Math.ceil(p * answered) - 1] ?? Number.NaN;
  return { answered, perSecond: answered / seconds, p50Ms: rank(0.5), p99Ms: rank(0.99) };
}
