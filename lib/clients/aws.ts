/** Calls AWS's JSON services (DynamoDB, Secrets Manager, SQS) with AWS's signer and HTTP handler, without its SDK. */
import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { HttpRequest } from '@smithy/core/protocols';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { SignatureV4 } from '@smithy/signature-v4';
import { parseJson } from '../util/json.ts';
import { AwsError } from './aws-errors.ts';
import { newAgents } from './connections.ts';

export interface AwsCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string | undefined;
}

/** With the credentials of the environment, or with a function that is called for each request and may renew them. */
export interface AwsSettings {
  region: string;
  accessKeyId?: string | undefined;
  secretAccessKey?: string | undefined;
  sessionToken?: string | undefined;
  credentials?: (() => Promise<AwsCredentials>) | undefined;
}

export interface AwsService {
  /** Name in the signature: `dynamodb`, `secretsmanager`, `sqs`. */
  name: string;
  /** Prefix of the operation in `X-Amz-Target`. */
  target: string;
  jsonVersion: '1.0' | '1.1';
  /** Replaces AWS's own endpoint, such as `http://127.0.0.1:8000`. */
  endpoint?: string | undefined;
}

/**
 * Sends one request and returns the parsed response.
 * @param timeoutMs until the last byte of the response
 * @throws AwsError for a status other than 200; another error when no complete response came
 */
export type AwsCall = (operation: string, input: object, timeoutMs: number) => Promise<Record<string, unknown>>;

const CONNECT_MS = 1_000;
/** The default of AWS's HTTP handler. */
const CONNECTIONS_MAX = 50;

/** Returns the function that calls one service. It reuses connections. */
export function awsCall(settings: AwsSettings, service: AwsService): AwsCall {
  const { region, credentials = () => staticCredentials(settings) } = settings;
  const { protocol, hostname, port } = new URL(service.endpoint ?? endpointOf(service.name, region));
  const agents = newAgents({ keepAlive: true, maxSockets: CONNECTIONS_MAX });
  const handler = new NodeHttpHandler({
    connectionTimeout: CONNECT_MS,
    httpAgent: agents.http,
    httpsAgent: agents.https,
  });
  const signer = new SignatureV4({
    service: service.name,
    region,
    credentials: async () => {
      const { accessKeyId, secretAccessKey, sessionToken = '' } = await credentials();
      return { accessKeyId, secretAccessKey, sessionToken };
    },
    sha256: Sha256,
  });
  const host = port === '' ? hostname : `${hostname}:${port}`;

  return async (operation, input, timeoutMs) => {
    const request = new HttpRequest({
      method: 'POST',
      protocol,
      hostname,
      ...(port !== '' && { port: Number(port) }),
      path: '/',
      headers: {
        host,
        'content-type': `application/x-amz-json-${service.jsonVersion}`,
        'x-amz-target': `${service.target}.${operation}`,
      },
      body: JSON.stringify(input),
    });
    const signal = AbortSignal.timeout(timeoutMs);
    const signed = await signer.sign(request);
    const { response } = await handler.handle(signed as HttpRequest, { abortSignal: signal });
    const output = parseObject(await readText(response.body, signal));
    if (response.statusCode !== 200) throw new AwsError(operation, response.statusCode, output ?? {});
    if (!output) throw new Error(`${operation}: the response is not a JSON object`);
    return output;
  };
}

async function staticCredentials({ accessKeyId, secretAccessKey, sessionToken }: AwsSettings): Promise<AwsCredentials> {
  if (!accessKeyId || !secretAccessKey) throw new Error('AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set');
  return { accessKeyId, secretAccessKey, sessionToken };
}

/** Source: AWS General Reference, "Service endpoints"; the Chinese regions use another domain. */
function endpointOf(service: string, region: string): string {
  return `https://${service}.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
}

async function readText(body: NodeJS.ReadableStream & { destroy(error?: Error): void }, signal: AbortSignal) {
  const stop = () => body.destroy(new Error('no complete response in time'));
  signal.addEventListener('abort', stop, { once: true });
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of body) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString();
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function parseObject(text: string): Record<string, unknown> | undefined {
  const value = parseJson(text);
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

/** SHA-256 and HMAC-SHA-256 of node:crypto, with the interface that the signer expects. */
class Sha256 {
  readonly #hash: Hash | Hmac;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret));
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {
    throw new Error('this hash cannot be reset');
  }
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data);
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}
