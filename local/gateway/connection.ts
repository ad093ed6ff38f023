/** A connection of a client, as the HTTP server sees it: one request at a time, whatever the client has sent ahead. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/**
 * The server parses all bytes that it gets at once, and creates an object for each request in them: 64 KB of the
 * shortest requests block the process for 0.1 s. So it gets few bytes at a time.
 */
const SLICE_BYTES = 2 * 1024;

const EMPTY = Buffer.alloc(0);

type Done = (error?: Error | null) => void;

/**
 * Wraps a socket. The server's parser gets the bytes of the next request when the previous requests have been answered;
 * until then the socket is not read, so the client cannot send much more.
 */
export class Connection extends Duplex {
  /** Requests that have begun. */
  requests = 0;
  #inFlight = 0;
  #latest: IncomingMessage | undefined;
  /** When the work for the current request started; monotonic. */
  #startedAtMs = 0;
  /** Requests that wait for the one before. */
  readonly #waiting: (() => void)[] = [];
  readonly #socket: Socket;
  /** Bytes that the parser has not got yet. */
  #received: Buffer = EMPTY;
  /** Whether the client has sent its last byte. */
  #hasEnded = false;
  /** Whether the parser wants more bytes. */
  #isWanted = false;

  constructor(socket: Socket) {
    super({ readableHighWaterMark: SLICE_BYTES, decodeStrings: false });
    this.#socket = socket;
    socket.on('data', (bytes) => {
      this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes]);
      this.#feed();
    });
    socket.on('end', () => {
      this.#hasEnded = true;
      this.#feed();
    });
    socket.on('timeout', () => this.emit('timeout'));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
  }

  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress;
  }

  /** Whether no request is being answered. */
  get isIdle(): boolean {
    return this.#inFlight === 0;
  }

  /** For how long the body of the current request has been arriving; -1 if none is, or if more requests wait. */
  get arrivingMs(): number {
    const isArriving = this.#inFlight === 1 && this.#latest?.complete === false;
    return isArriving ? performance.now() - this.#startedAtMs : -1;
  }

  /** Starts the work for a request when the requests before it have been answered. */
  inTurn(request: IncomingMessage, response: ServerResponse, start: () => void): void {
    this.requests += 1;
    this.#inFlight += 1;
    this.#latest = request;
    response.once('close', () => this.#next());
    const startNow = () => {
      this.#startedAtMs = performance.now();
      start();
    };
    if (this.#inFlight === 1) startNow();
    else this.#waiting.push(startNow);
  }

  #next(): void {
    this.#inFlight -= 1;
    const start = this.#waiting.shift();
    if (this.isIdle) this.emit('idle');
    if (!start && this.#received.length === 0) return;
    // After a turn of the event loop, so that other connections come first.
    setImmediate(() => {
      if (this.destroyed) return;
      if (start) start();
      else this.#feed();
    });
  }

  /** Passes bytes on, unless they belong to a request after the one that is being answered. */
  #feed(): void {
    while (this.#isWanted && this.#received.length > 0 && (this.isIdle || this.#latest?.complete === false)) {
      const slice = this.#received.subarray(0, SLICE_BYTES);
      this.#received = this.#received.subarray(SLICE_BYTES);
      this.#isWanted = this.push(slice);
    }
    if (this.#received.length > 0) this.#socket.pause();
    else if (this.#hasEnded) this.push(null);
    else if (this.#socket.isPaused()) this.#socket.resume();
  }

  override _read(): void {
    this.#isWanted = true;
    this.#feed();
  }

  override _write(chunk: string | Uint8Array, encoding: BufferEncoding, done: Done): void {
    this.#socket.write(chunk, encoding, done);
  }

  override _writev(chunks: { chunk: string | Uint8Array; encoding: BufferEncoding }[], done: Done): void {
    this.#socket.cork();
    for (const [index, { chunk, encoding }] of chunks.entries()) {
      this.#socket.write(chunk, encoding, index === chunks.length - 1 ? done : undefined);
    }
    this.#socket.uncork();
  }

  override _final(done: Done): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#received = EMPTY;
    this.#waiting.length = 0;
    this.#socket.destroy();
    done(error);
  }

  // The server uses these methods of a socket if it has them.

  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  setTimeout(ms: number, listener?: () => void): this {
    this.#socket.setTimeout(ms);
    if (listener) this.once('timeout', listener);
    return this;
  }
}
