import { gunzipSync } from 'node:zlib';
import { REPLY, Reply, type Result } from './reply.ts';

/** A file of the console or of the documentation pages, compressed when it was built. */
export interface StaticFile {
  /** Such as `/console/assets/index-4f2a.js`. */
  path: string;
  contentType: string;
  /** The hash of the contents, in quotes. */
  etag: string;
  /** Whether the path contains a hash of the contents, so that browsers may keep the file. */
  isImmutable: boolean;
  /** Base64. */
  gzip: string;
  /** Base64. */
  br: string;
}

/** A reply with bytes instead of JSON. */
class FileReply extends Reply {
  readonly #content: Buffer;

  constructor(content: Buffer) {
    super('');
    this.#content = content;
  }

  override bytes(): Buffer {
    return this.#content;
  }
}

/**
 * Returns the file in the best encoding that the client accepts, or 304 if the client has it already.
 * Source: RFC 9110, sections 12.5.3 and 13.1.2.
 * @param requestHeaders with names in lower case
 */
export function fileResult(
  file: StaticFile,
  requestHeaders: Readonly<Record<string, string | undefined>>,
  requestId: string,
): Result {
  const headers: Record<string, string> = {
    'content-type': file.contentType,
    etag: file.etag,
    vary: 'accept-encoding',
    'cache-control': cacheControlOf(file),
    'x-request-id': requestId,
  };
  if (hasEtag(requestHeaders['if-none-match'], file.etag)) {
    const { 'content-type': _, ...withoutBody } = headers;
    return { statusCode: 304, headers: withoutBody, body: '', [REPLY]: new FileReply(Buffer.alloc(0)) };
  }
  const encoding = bestEncoding(requestHeaders['accept-encoding'] ?? '');
  const content =
    encoding === undefined ? gunzipSync(Buffer.from(file.gzip, 'base64')) : Buffer.from(file[encoding], 'base64');
  return {
    statusCode: 200,
    headers: { ...headers, ...(encoding && { 'content-encoding': encoding }) },
    body: encoding === undefined ? content.toString('base64') : file[encoding],
    isBase64Encoded: true,
    [REPLY]: new FileReply(content),
  };
}

/** Pages are asked for again each time, so that an update shows at once; `no-store` keeps them out of every cache. */
function cacheControlOf({ isImmutable, contentType }: StaticFile): string {
  if (isImmutable) return 'public, max-age=31536000, immutable';
  return contentType.startsWith('text/html') ? 'no-store' : 'no-cache';
}

function hasEtag(ifNoneMatch: string | undefined, etag: string): boolean {
  const tags = ifNoneMatch?.split(',').map((tag) => tag.trim().replace(/^W\//, '')) ?? [];
  return tags.includes(etag) || tags.includes('*');
}

function bestEncoding(acceptEncoding: string): 'br' | 'gzip' | undefined {
  const accepted = new Map(
    acceptEncoding.split(',').map((item) => {
      // Not a pattern with spaces: it would backtrack over a header of spaces for seconds.
      const [name = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase());
      return [name, parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter))] as const;
    }),
  );
  return (['br', 'gzip'] as const).find((name) => accepted.get(name) === false);
}
