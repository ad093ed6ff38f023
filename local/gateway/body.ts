/** Reads request bodies, with a size limit for each and a memory limit for all that are in memory together. */
import type { IncomingMessage } from 'node:http';
import { KmsError } from '../../lib/errors.ts';
import { BODY_BYTES_MAX as API_BYTES_MAX } from '../../lib/handlers/middleware/body-limit.ts';

/** The gateway rejects larger bodies; the handlers reject smaller ones: API_BYTES_MAX, and 1 MiB for webhooks. */
const BODY_BYTES_MAX = 2 * 1024 * 1024;

/** Size of the first buffer if the request has no Content-Length. */
const FIRST_BUFFER_BYTES = 4 * 1024;

const EMPTY = Buffer.alloc(0);

/** Memory that all bodies share. The first API_BYTES_MAX of each body do not count, so small bodies always fit. */
interface BodyMemory {
  availableBytes: number;
}

/**
 * Reads the request's body and runs `use` with it; the body occupies the shared memory until `use` has ended.
 * @throws KmsError APIGW.0201:413 if the body exceeds 2 MiB or the available memory
 */
export async function withBody<T>(
  request: IncomingMessage,
  memory: BodyMemory,
  use: (body: Buffer) => Promise<T>,
): Promise<T> {
  const body = new Body(memory, Number(request.headers['content-length']));
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
      // Released here because more chunks may arrive before the caller handles the rejection; they are discarded.
      body.release();
      reject(new KmsError('APIGW.0201:413'));
    });
    request.on('end', resolve);
    request.on('close', () => reject(new Error('the client disconnected')));
    request.on('error', reject);
  });
}

/** A body as it arrives: one buffer that doubles when full, because a list of small chunks takes far more memory. */
class Body {
  #buffer: Buffer = EMPTY;
  #length = 0;
  /** Bytes that this body occupies of the shared memory. */
  #occupiedBytes = 0;
  #isReleased = false;
  readonly #memory: BodyMemory;
  readonly #declaredBytes: number | undefined;

  constructor(memory: BodyMemory, declaredBytes: number) {
    this.#memory = memory;
    this.#declaredBytes = declaredBytes <= BODY_BYTES_MAX ? declaredBytes : undefined;
  }

  /** @returns false if the body is too large or the shared memory is exhausted */
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
    this.#memory.availableBytes += this.#occupiedBytes;
    this.#occupiedBytes = 0;
  }

  #grow(neededBytes: number): boolean {
    const doubledBytes = this.#buffer.length * 2 || Math.min(this.#declaredBytes ?? FIRST_BUFFER_BYTES, API_BYTES_MAX);
    const capacityBytes = Math.max(neededBytes, Math.min(doubledBytes, this.#declaredBytes ?? BODY_BYTES_MAX));
    const moreBytes = Math.max(0, capacityBytes - API_BYTES_MAX) - this.#occupiedBytes;
    if (moreBytes > this.#memory.availableBytes) return false;
    this.#memory.availableBytes -= moreBytes;
    this.#occupiedBytes += moreBytes;
    const buffer = Buffer.allocUnsafe(capacityBytes);
    this.#buffer.copy(buffer);
    this.#buffer = buffer;
    return true;
  }
}
