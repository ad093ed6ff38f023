/** What a call makes of answers, errors, and services that do not answer. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { isNativeError } from 'node:util/types';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { awsCall } from '../../lib/clients/aws.ts';
import { AwsError } from '../../lib/clients/aws-errors.ts';
import { type AwsServer, type Behaviour, json, plain, startAwsServer } from '../support/aws/fake-server.ts';

const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
const SESSION_TOKEN = 'IQoJb3JpZ2luX2VjEXAMPLEtokenOfTheSession0123456789==';
const AWS = {
  region: 'eu-central-1',
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: SECRET,
  sessionToken: SESSION_TOKEN,
};
const LONG_MS = 5_000;
const SHORT_MS = 150;

let server: AwsServer;

beforeEach(async () => {
  server = await startAwsServer();
});
afterEach(() => server.stop());

/** One call. @returns its answer, or what it threw */
async function result(timeoutMs = LONG_MS, endpoint = server.endpoint): Promise<unknown> {
  const call = awsCall(AWS, { name: 'dynamodb', target: 'DynamoDB_20120810', jsonVersion: '1.0', endpoint });
  return call('GetItem', { TableName: 'kms-grants' }, timeoutMs).catch((error: unknown) => error);
}

/** Not an answer that would be final. Errors of Node itself are not of the class that tests see. */
function expectNoAnswer(error: unknown): void {
  expect(isNativeError(error)).toBe(true);
  expect(error).not.toBeInstanceOf(AwsError);
}

/** Everything that a log line could show of an error. */
const told = (error: unknown): string =>
  isNativeError(error) ? [error.stack, error.message, told(error.cause)].join('\n') : String(error);

describe('an error is known by its name', () => {
  test.each([
    // DynamoDB's own: DynamoDB Developer Guide, "Error handling with DynamoDB".
    ['com.amazonaws.dynamodb.v20120810#ResourceNotFoundException', 'ResourceNotFoundException'],
    ['com.amazon.coral.service#UnrecognizedClientException', 'UnrecognizedClientException'],
    ['com.amazon.coral.validate#ValidationException', 'ValidationException'],
    // Secrets Manager sends the bare name. Source: AWS JSON 1.1 protocol of Smithy, "Operation error serialization".
    ['ResourceNotFoundException', 'ResourceNotFoundException'],
    ['InternalServiceError', 'InternalServiceError'],
  ])('%s', async (__type, type) => {
    server.answer(json(400, { __type, message: 'a reason' }));
    const error = await result();
    expect(error).toBeInstanceOf(AwsError);
    expect(error).toMatchObject({ type, status: 400 });
    expect(told(error)).toContain(`GetItem: ${type} (400): a reason`);
  });

  test('the message may be spelled with a capital, or be missing', async () => {
    server.answer(json(400, { __type: 'x#AccessDeniedException', Message: 'not authorized' }));
    expect(told(await result())).toContain('GetItem: AccessDeniedException (400): not authorized');
    server.answer(json(500, { __type: 'x#InternalServerError' }));
    expect(told(await result())).toContain('GetItem: InternalServerError (500): no message');
  });

  test('the whole answer is kept for who has to look further', async () => {
    const answer = { __type: 'x#TransactionCanceledException', CancellationReasons: [{ Code: 'None' }] };
    server.answer(json(400, answer));
    expect(await result()).toMatchObject({ answer });
  });
});

describe('an answer other than 200 is an error, whatever its body', () => {
  test.each([
    [500, '<html>Internal Server Error</html>'],
    [502, ''],
    [503, '{"__type":'],
    [403, '<Error><Code>AccessDenied</Code></Error>'],
    [404, 'null'],
    [400, '[]'],
    [400, '"text"'],
    [301, ''],
    [204, ''],
  ])('%i %s', async (status, body) => {
    server.answer(plain(status, body));
    const error = await result();
    expect(error).toBeInstanceOf(AwsError);
    expect(error).toMatchObject({ status });
  });
});

describe('a 200 that no AWS service sends is an error and no answer', () => {
  test.each([
    ['a web page', '<html>It works!</html>'],
    ['nothing', ''],
    ['half of an answer', '{"Item":{"pk":{"S":"a"}'],
    ['null', 'null'],
    ['a list', '[]'],
    ['a text', '"text"'],
  ])('%s', async (_what, body) => {
    server.answer(plain(200, body));
    const error = await result();
    expectNoAnswer(error);
  });
});

describe('without a whole answer in time it ends with an error, and so does the connection', () => {
  test.each([
    ['never answers', () => undefined],
    ['stops after the headers', (response) => response.writeHead(200).flushHeaders()],
    ['stops in the middle of the body', (response) => response.writeHead(200).write('{"Item":')],
  ] satisfies [string, Behaviour][])('a service that %s', async (_what, behaviour) => {
    server.answer(behaviour);
    const startedAtMs = performance.now();
    const error = await result(SHORT_MS);
    expectNoAnswer(error);
    expect(performance.now() - startedAtMs).toBeLessThan(LONG_MS / 2);
    const [connection] = server.connections;
    if (connection && !connection.closed) await once(connection, 'close');
    expect(connection?.closed).toBe(true);
  });
});

describe('a connection that breaks ends with an error at once', () => {
  test.each([
    ['before the answer', (_response, request) => request.socket.destroy()],
    [
      'in the middle of a body of known length',
      (response, request) => {
        response.writeHead(200, { 'content-length': '100' }).write('{"Item":', () => request.socket.destroy());
      },
    ],
    [
      'in the middle of a chunked body',
      (response, request) => {
        response.writeHead(200).write('{"Item":', () => request.socket.destroy());
      },
    ],
  ] satisfies [string, Behaviour][])('%s', async (_when, behaviour) => {
    server.answer(behaviour);
    const startedAtMs = performance.now();
    const error = await result();
    expectNoAnswer(error);
    expect(performance.now() - startedAtMs).toBeLessThan(LONG_MS / 2);
  });

  test('where nothing listens', async () => {
    const nobody = createServer().listen(0, '127.0.0.1');
    await once(nobody, 'listening');
    const { port } = nobody.address() as { port: number };
    nobody.close();
    await once(nobody, 'close');
    const error = await result(LONG_MS, `http://127.0.0.1:${port}`);
    expectNoAnswer(error);
    expect(told(error)).toContain('ECONNREFUSED');
  });

  test('where something listens that speaks no HTTP', async () => {
    const other = createServer((socket) => socket.end('220 mail.example.com ESMTP\r\n')).listen(0, '127.0.0.1');
    await once(other, 'listening');
    const error = await result(LONG_MS, `http://127.0.0.1:${(other.address() as { port: number }).port}`);
    other.close();
    expectNoAnswer(error);
  });
});

describe('no error shows the secret key or the session token', () => {
  /** Source: IAM User Guide, "Troubleshoot Signature Version 4": services tell what they have signed, headers and all. */
  const canonical = `The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.

The Canonical String for this request should have been
'POST
/

content-type:application/x-amz-json-1.1
x-amz-security-token:${SESSION_TOKEN}
'`;
  const faults: [string, Behaviour][] = [
    ['wrong signature', json(400, { __type: 'x#InvalidSignatureException', message: canonical })],
    ['wrong token', json(400, { __type: 'x#UnrecognizedClientException', message: 'The security token is invalid.' })],
    ['an echo', (response, request) => plain(400, JSON.stringify(request.headers))(response)],
    ['never answers', () => undefined],
    ['a cut', (_response, request) => request.socket.destroy()],
  ];
  test.each(faults)('%s', async (_what, behaviour) => {
    server.answer(behaviour);
    const text = told(await result(SHORT_MS));
    expect(text).toContain('Error');
    expect(text.includes(SECRET)).toBe(false);
    expect(text.includes(SESSION_TOKEN)).toBe(false);
  });
});
