/**
 * DynamoDB as it is on a bad day: a server on loopback that hands requests on to DynamoDB Local, or does with each what
 * the test has planned. Errors have the form that AWS documents: status, `__type`, `message`, `CancellationReasons`.
 * Source: DynamoDB Developer Guide, "Error handling with DynamoDB" (Programming.Errors.html); DynamoDB API Reference,
 * "TransactWriteItems" and "Common Errors"; IAM User Guide, "Troubleshoot Signature Version 4 signing".
 */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

export interface Asked {
  /** Such as `GetItem`. */
  operation: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into requests of every form
  input: any;
  headers: IncomingHttpHeaders;
}

export interface Answer {
  status: number;
  body: string;
}

/** `drop` ends the connection without an answer; `silence` leaves it open and never answers. */
export type Outcome = Answer | 'drop' | 'silence';

/** What is done with one request; `forward` hands it on to DynamoDB Local, as it came or with another input. */
export type Step = (asked: Asked, forward: (input?: object) => Promise<Answer>) => Promise<Outcome>;

export interface FakeDynamodb {
  endpoint: string;
  /** Every request so far. */
  asked: Asked[];
  /** The operations asked for so far. */
  operations(): string[];
  /** The next requests of this operation take these steps, one each; those after them are handed on. */
  next(operation: string, ...steps: Step[]): void;
  /** Every request of this operation takes this step; `*` is every operation. */
  always(operation: string, step: Step): void;
  /** From now on all requests are handed on, and none has been asked. */
  reset(): void;
  stop(): Promise<void>;
}

/** @param upstream where DynamoDB Local is; without it, every request needs a step */
export async function startFakeDynamodb(upstream?: string): Promise<FakeDynamodb> {
  const asked: Asked[] = [];
  const planned = new Map<string, Step[]>();
  const standing = new Map<string, Step>();
  const underWay = new Set<Promise<unknown>>();

  // DynamoDB Local checks no signature, so another input passes.
  async function handOn({ headers }: Asked, input: object): Promise<Answer> {
    if (!upstream) throw new Error('nowhere to hand it on to');
    const names = ['content-type', 'x-amz-target', 'authorization', 'x-amz-date', 'x-amz-content-sha256'];
    const kept = names.map((name) => [name, String(headers[name])]);
    const answer = await fetch(upstream, {
      method: 'POST',
      headers: Object.fromEntries(kept),
      body: JSON.stringify(input),
    });
    return { status: answer.status, body: await answer.text() };
  }

  async function outcomeOf(request: Asked): Promise<Outcome> {
    const step =
      planned.get(request.operation)?.shift() ?? standing.get(request.operation) ?? standing.get('*') ?? forwarded;
    const outcome = step(request, (input = request.input) => handOn(request, input));
    underWay.add(outcome);
    return outcome.finally(() => underWay.delete(outcome));
  }

  const server = createServer(async (request, response) => {
    const body = await buffer(request).catch(() => undefined);
    if (!body) return;
    const operation = String(request.headers['x-amz-target']).replace(/^.*\./, '');
    const one = { operation, input: JSON.parse(body.toString()), headers: request.headers };
    asked.push(one);
    const outcome = await outcomeOf(one).catch((): Outcome => 'drop');
    if (outcome === 'drop') request.socket.destroy();
    else if (outcome !== 'silence') {
      response.writeHead(outcome.status, { 'content-type': 'application/x-amz-json-1.0' }).end(outcome.body);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    operations: () => asked.map(({ operation }) => operation),
    next: (operation, ...steps) => void planned.set(operation, [...(planned.get(operation) ?? []), ...steps]),
    always: (operation, step) => void standing.set(operation, step),
    reset() {
      asked.length = 0;
      planned.clear();
      standing.clear();
    },
    async stop() {
      server.close();
      server.closeAllConnections();
      await Promise.allSettled(underWay);
    },
  };
}

export const forwarded: Step = (_asked, forward) => forward();

/** Done, but nobody hears of it. */
export const lost: Step = async (_asked, forward) => {
  await forward();
  return 'drop';
};

/** The connection is cut before anything is done. */
export const cut: Step = async () => 'drop';

export const silent: Step = async () => 'silence';

export const answered =
  (status: number, body: object | string): Step =>
  async () => ({ status, body: typeof body === 'string' ? body : JSON.stringify(body) });

/** An error of DynamoDB itself. */
const refused = (type: string, message: string, status = 400) =>
  answered(status, { __type: `com.amazonaws.dynamodb.v20120810#${type}`, message });

/** An error of the front door that AWS's services share; its message is spelled with a capital where it is AWS's way. */
const turnedAway = (type: string, text: object) =>
  answered(400, { __type: `com.amazon.coral.service#${type}`, ...text });

export const tableMissing = refused('ResourceNotFoundException', 'Requested resource not found');

export const accessDenied = turnedAway('AccessDeniedException', {
  Message:
    'User: arn:aws:sts::111122223333:assumed-role/reader/list-grants is not authorized to perform: dynamodb:GetItem on resource: arn:aws:dynamodb:eu-central-1:111122223333:table/kms-grants because no identity-based policy allows the dynamodb:GetItem action',
});

export const unknownCredentials = turnedAway('UnrecognizedClientException', {
  message: 'The security token included in the request is invalid.',
});

export const expiredCredentials = turnedAway('ExpiredTokenException', {
  message: 'The security token included in the request is expired',
});

export const wrongSecret = turnedAway('InvalidSignatureException', {
  message:
    'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
});

export const clockBehind = turnedAway('InvalidSignatureException', {
  message: 'Signature expired: 20261122T055200Z is now earlier than 20261122T060000Z (20261122T061500Z - 15 min.)',
});

export const clockAhead = turnedAway('InvalidSignatureException', {
  message:
    'Signature not yet current: 20261122T063200Z is still later than 20261122T061500Z (20261122T060000Z + 15 min.)',
});

export const throttled = answered(400, {
  __type: 'com.amazon.coral.availability#ThrottlingException',
  message: 'Rate of requests exceeds the allowed throughput.',
});

export const throughputExceeded = refused(
  'ProvisionedThroughputExceededException',
  'The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API.',
);

export const internalError = refused('InternalServerError', 'Could not process your request.', 500);

export const unavailable = answered(503, {
  __type: 'com.amazon.coral.service#ServiceUnavailableException',
  message: 'Service unavailable.',
});

export const inProgress = refused(
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

/** A transaction that is cancelled: these reasons for its first writes, none for the others. */
export function cancelled(...codes: (keyof typeof REASONS)[]): Step {
  return async ({ input }) => {
    const all = (input.TransactItems as object[]).map((_, place) => codes[place] ?? 'None');
    const body = {
      __type: 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException',
      Message: `Transaction cancelled, please refer cancellation reasons for specific reasons [${all.join(', ')}]`,
      CancellationReasons: all.map((Code) => ({ Code, ...(REASONS[Code] && { Message: REASONS[Code] }) })),
    };
    return { status: 400, body: JSON.stringify(body) };
  };
}

/** A batch of which the last `many` keys were not read. */
export const unprocessed =
  (many: number): Step =>
  async ({ input }, forward) => {
    const { Responses } = JSON.parse((await forward()).body);
    const [[table, asked]] = Object.entries(input.RequestItems) as [[string, { Keys: object[] }]];
    const left = { ...asked, Keys: asked.Keys.slice(-many) };
    const isLeft = (item: Record<string, unknown>) =>
      left.Keys.some((key) => Object.entries(key).every(([name, value]) => equal(item[name], value)));
    Responses[table] = Responses[table].filter((item: Record<string, unknown>) => !isLeft(item));
    return { status: 200, body: JSON.stringify({ Responses, UnprocessedKeys: { [table]: left } }) };
  };

const equal = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);
