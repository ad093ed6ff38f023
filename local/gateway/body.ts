/** Reads the bodies of requests, within a bound for each and one for all that are there at the same time. */
import type { IncomingMessage } from 'node:http';
import { KmsError } from '../../lib/errors.ts';
import { BODY_BYTES_MAX as API_BYTES_MAX } from '../../lib/handlers/middleware/body-limit.ts';

/** What is read of a body before the connection is dropped; the APIs themselves take far less. */
const BODY_BYTES_MAX = 2 * 1024 * 1024;

/** The first buffer where the request does not say how long its body is. */
const FIRST_BYTES = 4 * 1024;

const EMPTY = Buffer.alloc(0);

/** What all bodies together may still take, beyond what the APIs accept of each: that much is always there. */
export interface BodyRoom {
  leftBytes: number;
}

/**
 * Runs `use` with the request's body; until it ends, the body takes its part of the room.
 * @throws KmsError APIGW.0201:413 for a body over 2 MiB, or one that the room has no place for
 */
export async function withBody<T>(
  request: IncomingMessage,
  room: BodyRoom,
  use: (body: Buffer) => Promise<T>,
): Promise<T> {
  const body = new Body(room, Number(request.headers['content-length']));
  try {
    await receive(request, body);
    return await use(body.bytes());
  } finally {
    body.release();
  }
}

function receive(request: IncomingMessage, body: Body): Promise<void> {
  return new Promise((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      if (body.append(chunk)) return;
      // At once: more chunks may come before the promise is seen to fail. They are read and forgotten.
      body.release();
      reject(new KmsError('APIGW.0201:413'));
    });
    request.on('end', resolve);
    request.on('close', () => reject(new Error('the client went away')));
    request.on('error', reject);
  });
}

/** One body as it arrives: one buffer, doubled when it is full, because a chunk kept as it came costs far more. */
class Body {
  #buffer: Buffer = EMPTY;
  #length = 0;
  /** Taken of the room. */
  #takenBytes = 0;
  #isReleased = false;
  readonly #room: BodyRoom;
  readonly #declaredBytes: number | undefined;

  constructor(room: BodyRoom, declaredBytes: number) {
    this.#room = room;
    this.#declaredBytes = declaredBytes <= BODY_BYTES_MAX ? declaredBytes : undefined;
  }

  /** @returns whether there was place for it */
  append(chunk: Buffer): boolean {
    const length = this.#length + chunk.length;
    if (this.#isReleased || length > BODY_BYTES_MAX) return false;
    if (length > this.#buffer.length && !this.#grow(length)) return false;
    chunk.copy(this.#buffer, this.#length);
    this.#length = length;
    return true;
  }

  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  release(): void {
    this.#isReleased = true;
    this.#buffer = EMPTY;
    this.#room.leftBytes += this.#takenBytes;
    this.#takenBytes = 0;
  }

  #grow(leastBytes: number): boolean {
    const wanted = this.#buffer.length * 2 || Math.min(this.#declaredBytes ?? FIRST_BYTES, API_BYTES_MAX);
    const capacity = Math.max(leastBytes, Math.min(wanted, this.#declaredBytes ?? BODY_BYTES_MAX));
    const moreBytes = Math.max(0, capacity - API_BYTES_MAX) - this.#takenBytes;
    if (moreBytes > this.#room.leftBytes) return false;
    this.#room.leftBytes -= moreBytes;
    this.#takenBytes += moreBytes;
    const buffer = Buffer.allocUnsafe(capacity);
    this.#buffer.copy(buffer);
    this.#buffer = buffer;
    return true;
  }
}
