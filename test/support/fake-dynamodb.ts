/**
 * A fault proxy for DynamoDB: a server on loopback that forwards requests to DynamoDB Local, or responds with the
 * faults that a test has planned. Errors have the form that AWS documents: status, `__type`, `message` and
 * `CancellationReasons`. Source: DynamoDB Developer Guide, "Error handling with DynamoDB"; DynamoDB API Reference,
 * "TransactWriteItems" and "Common Errors"; IAM User Guide, "Troubleshoot Signature Version 4 signing".
 */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

export interface FakeRequest {
  /** Such as `GetItem`. */
  operation: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into requests of every form
  input: any;
  headers: IncomingHttpHeaders;
}

export interface FakeResponse {
  status: number;
  body: string;
}

/** `drop` closes the connection without a response; `silence` leaves it open and never responds. */
type StepResult = FakeResponse | 'drop' | 'silence';

/** Handles one request. `forward` sends it to DynamoDB Local, as it came or with another input. */
export type Step = (request: FakeRequest, forward: (input?: object) => Promise<FakeResponse>) => Promise<StepResult>;

export interface FakeDynamodb {
  endpoint: string;
  /** Every request since the start or the last reset. */
  requests: FakeRequest[];
  /** The operations of these requests. */
  operations(): string[];
  /** Plans one step for each of the next requests of this operation. Requests after them are forwarded. */
  next(operation: string, ...steps: Step[]): void;
  /** Plans a step for every request of this operation; `*` stands for all operations. */
  always(operation: string, step: Step): void;
  /** Cancels all plans and forgets the requests. */
  reset(): void;
  stop(): Promise<void>;
}

/** @param upstream the address of DynamoDB Local; without it, every request needs a planned step */
export async function startFakeDynamodb(upstream?: string): Promise<FakeDynamodb> {
  const requests: FakeRequest[] = [];
  const nextSteps = new Map<string, Step[]>();
  const permanentSteps = new Map<string, Step>();
  const running = new Set<Promise<unknown>>();

  // DynamoDB Local does not check signatures, so the input may differ from what was signed.
  async function forward({ headers }: FakeRequest, input: object): Promise<FakeResponse> {
    if (!upstream) throw new Error('a request has no planned step and there is no upstream');
    const names = ['content-type', 'x-amz-target', 'authorization', 'x-amz-date', 'x-amz-content-sha256'];
    const response = await fetch(upstream, {
      method: 'POST',
      headers: Object.fromEntries(names.map((name) => [name, String(headers[name])])),
      body: JSON.stringify(input),
    });
    return { status: response.status, body: await response.text() };
  }

  async function handle(request: FakeRequest): Promise<StepResult> {
    const { operation } = request;
    const planned = nextSteps.get(operation)?.shift() ?? permanentSteps.get(operation) ?? permanentSteps.get('*');
    const step = planned ?? forwardRequest;
    const result = step(request, (input = request.input) => forward(request, input));
    running.add(result);
    return result.finally(() => running.delete(result));
  }

  const server = createServer(async (incoming, response) => {
    const body = await buffer(incoming).catch(() => undefined);
    if (!body) return;
    const operation = String(incoming.headers['x-amz-target']).replace(/^.*\./, '');
    const request = { operation, input: JSON.parse(body.toString()), headers: incoming.headers };
    requests.push(request);
    const result = await handle(request).catch((): StepResult => 'drop');
    if (result === 'drop') incoming.socket.destroy();
    else if (result !== 'silence') {
      response.writeHead(result.status, { 'content-type': 'application/x-amz-json-1.0' }).end(result.body);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    operations: () => requests.map(({ operation }) => operation),
    next: (operation, ...steps) => void nextSteps.set(operation, [...(nextSteps.get(operation) ?? []), ...steps]),
    always: (operation, step) => void permanentSteps.set(operation, step),
    reset() {
      requests.length = 0;
      nextSteps.clear();
      permanentSteps.clear();
    },
    async stop() {
      server.close();
      server.closeAllConnections();
      await Promise.allSettled(running);
    },
  };
}

const forwardRequest: Step = (_request, forward) => forward();

/** The request is applied, but its response is lost. */
export const responseLost: Step = async (_request, forward) => {
  await forward();
  return 'drop';
};

/** The connection is closed before the request is applied. */
export const connectionCut: Step = async () => 'drop';

export const noResponse: Step = async () => 'silence';

export const respondWith =
  (status: number, body: object | string): Step =>
  async () => ({ status, body: typeof body === 'string' ? body : JSON.stringify(body) });

/** An error in the namespace of DynamoDB. */
const dynamodbError = (type: string, message: string, status = 400) =>
  respondWith(status, { __type: `com.amazonaws.dynamodb.v20120810#${type}`, message });

/** An error in the namespace that AWS's services share. The case of `message` differs between errors, as at AWS. */
const sharedError = (type: string, text: object) =>
  respondWith(400, { __type: `com.amazon.coral.service#${type}`, ...text });

export const tableMissing = dynamodbError('ResourceNotFoundException', 'Requested resource not found');

export const accessDenied = sharedError('AccessDeniedException', {
  Message:
    'User: arn:aws:sts::111122223333:assumed-role/reader/list-grants is not authorized to perform: dynamodb:GetItem on resource: arn:aws:dynamodb:eu-central-1:111122223333:table/kms-grants because no identity-based policy allows the dynamodb:GetItem action',
});

export const unknownCredentials = sharedError('UnrecognizedClientException', {
  message: 'The security token included in the request is invalid.',
});

export const expiredCredentials = sharedError('ExpiredTokenException', {
  message: 'The security token included in the request is expired',
});

export const wrongSecret = sharedError('InvalidSignatureException', {
  message:
    'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
});

export const clockBehind = sharedError('InvalidSignatureException', {
  message: 'Signature expired: 20261122T055200Z is now earlier than 20261122T060000Z (20261122T061500Z - 15 min.)',
});

export const clockAhead = sharedError('InvalidSignatureException', {
  message:
    'Signature not yet current: 20261122T063200Z is still later than 20261122T061500Z (20261122T060000Z + 15 min.)',
});

export const throttled = respondWith(400, {
  __type: 'com.amazon.coral.availability#ThrottlingException',
  message: 'Rate of requests exceeds the allowed throughput.',
});

export const throughputExceeded = dynamodbError(
  'ProvisionedThroughputExceededException',
  'The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API.',
);

export const internalError = dynamodbError('InternalServerError', 'Could not process your request.', 500);

export const unavailable = respondWith(503, {
  __type: 'com.amazon.coral.service#ServiceUnavailableException',
  message: 'Service unavailable.',
});

export const transactionInProgress = dynamodbError(
  'TransactionInProgressException',
  'The transaction with the given request token is already in progress.',
);

const REASONS = {
  None: undefined,
  ConditionalCheckFailed: 'The conditional request failed',
  TransactionConflict: 'Transaction is ongoing for the item',
  ThrottlingError:
    'Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling your table or index so please try again shortly.',
  ProvisionedThroughputExceeded: 'The level of configured provisioned throughput for the table was exceeded.',
  ValidationError: 'Item size has exceeded the maximum allowed size',
};

/** The transaction is cancelled, with these reasons for its first writes and `None` for the others. */
export function cancelled(...codes: (keyof typeof REASONS)[]): Step {
  return async ({ input }) => {
    const all = (input.TransactItems as object[]).map((_, index) => codes[index] ?? 'None');
    const body = {
      __type: 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException',
      Message: `Transaction cancelled, please refer cancellation reasons for specific reasons [${all.join(', ')}]`,
      CancellationReasons: all.map((Code) => ({ Code, ...(REASONS[Code] && { Message: REASONS[Code] }) })),
    };
    return { status: 400, body: JSON.stringify(body) };
  };
}

/** A BatchGetItem response in which the last `count` keys are unprocessed. */
export const unprocessedKeys =
  (count: number): Step =>
  async ({ input }, forward) => {
    const { Responses } = JSON.parse((await forward()).body);
    const [[table, request]] = Object.entries(input.RequestItems) as [[string, { Keys: object[] }]];
    const unprocessed = { ...request, Keys: request.Keys.slice(-count) };
    const isUnprocessed = (item: Record<string, unknown>) =>
      unprocessed.Keys.some((key) => Object.entries(key).every(([name, value]) => isEqual(item[name], value)));
    Responses[table] = Responses[table].filter((item: Record<string, unknown>) => !isUnprocessed(item));
    return { status: 200, body: JSON.stringify({ Responses, UnprocessedKeys: { [table]: unprocessed } }) };
  };

const isEqual = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
