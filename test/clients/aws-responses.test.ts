/**
 * How lib/clients/aws.ts treats responses, errors, and services that do not respond; with lib/clients/aws-errors.ts.
 * Also tests: lib/clients/aws-errors.ts.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { isNativeError } from 'node:util/types';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { awsCall } from '../../lib/clients/aws.ts';
import { AwsError } from '../../lib/clients/aws-errors.ts';
import { type FakeServer, json, plain, type Responder, startFakeServer } from '../support/aws/fake-server.ts';

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

let server: FakeServer;

beforeEach(async () => {
  server = await startFakeServer();
});
afterEach(() => server.stop());

/** Makes one call. @returns its result, or the error that it threw */
async function callResult(timeoutMs = LONG_MS, endpoint = server.endpoint): Promise<unknown> {
  const call = awsCall(AWS, { name: 'dynamodb', target: 'DynamoDB_20120810', jsonVersion: '1.0', endpoint });
  return call('GetItem', { TableName: 'kms-grants' }, timeoutMs).catch((error: unknown) => error);
}

/** Expects an error that is not an AwsError. `instanceof Error` fails for errors of Node itself under jest. */
function expectNoResponse(error: unknown): void {
  expect(isNativeError(error)).toBe(true);
  expect(error).not.toBeInstanceOf(AwsError);
}

/** Everything of an error that a log line could show. */
const loggedText = (error: unknown): string =>
  isNativeError(error) ? [error.stack, error.message, loggedText(error.cause)].join('\n') : String(error);

describe('an AwsError has the type and the message of the response', () => {
  test.each([
    // DynamoDB's own: DynamoDB Developer Guide, "Error handling with DynamoDB".
    ['com.amazonaws.dynamodb.v20120810#ResourceNotFoundException', 'ResourceNotFoundException'],
    ['com.amazon.coral.service#UnrecognizedClientException', 'UnrecognizedClientException'],
    ['com.amazon.coral.validate#ValidationException', 'ValidationException'],
    // Secrets Manager sends the bare name. Source: AWS JSON 1.1 protocol of Smithy, "Operation error serialization".
    ['ResourceNotFoundException', 'ResourceNotFoundException'],
    ['InternalServiceError', 'InternalServiceError'],
  ])('%s', async (__type, type) => {
    server.respondWith(json(400, { __type, message: 'a reason' }));
    const error = await callResult();
    expect(error).toBeInstanceOf(AwsError);
    expect(error).toMatchObject({ type, status: 400 });
    expect(loggedText(error)).toContain(`GetItem: ${type} (400): a reason`);
  });

  test('the message may be in `Message`, or missing', async () => {
    server.respondWith(json(400, { __type: 'x#AccessDeniedException', Message: 'not authorized' }));
    expect(loggedText(await callResult())).toContain('GetItem: AccessDeniedException (400): not authorized');
    server.respondWith(json(500, { __type: 'x#InternalServerError' }));
    expect(loggedText(await callResult())).toContain('GetItem: InternalServerError (500): no message');
  });

  test('an AwsError has the whole response body', async () => {
    const answer = { __type: 'x#TransactionCanceledException', CancellationReasons: [{ Code: 'None' }] };
    server.respondWith(json(400, answer));
    expect(await callResult()).toMatchObject({ answer });
  });
});

describe('a status other than 200 is an AwsError, whatever the body', () => {
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
    server.respondWith(plain(status, body));
    const error = await callResult();
    expect(error).toBeInstanceOf(AwsError);
    expect(error).toMatchObject({ status });
  });
});

describe('a 200 whose body is not a JSON object is an error', () => {
  test.each([
    ['a web page', '<html>It works!</html>'],
    ['an empty body', ''],
    ['a truncated object', '{"Item":{"pk":{"S":"a"}'],
    ['null', 'null'],
    ['an array', '[]'],
    ['a string', '"text"'],
  ])('%s', async (_what, body) => {
    server.respondWith(plain(200, body));
    const error = await callResult();
    expectNoResponse(error);
  });
});

describe('without a complete response in time, the call fails and the connection is closed', () => {
  test.each([
    ['never responds', () => undefined],
    ['stops after the headers', (response) => response.writeHead(200).flushHeaders()],
    ['stops in the middle of the body', (response) => response.writeHead(200).write('{"Item":')],
  ] satisfies [string, Responder][])('a service that %s', async (_what, behaviour) => {
    server.respondWith(behaviour);
    const startedAtMs = performance.now();
    const error = await callResult(SHORT_MS);
    expectNoResponse(error);
    expect(performance.now() - startedAtMs).toBeLessThan(LONG_MS / 2);
    const [connection] = server.connections;
    if (connection && !connection.closed) await once(connection, 'close');
    expect(connection?.closed).toBe(true);
  });
});

describe('a broken connection fails the call immediately', () => {
  test.each([
    ['before the response', (_response, request) => request.socket.destroy()],
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
  ] satisfies [string, Responder][])('%s', async (_when, behaviour) => {
    server.respondWith(behaviour);
    const startedAtMs = performance.now();
    const error = await callResult();
    expectNoResponse(error);
    expect(performance.now() - startedAtMs).toBeLessThan(LONG_MS / 2);
  });

  test('a refused connection', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as { port: number };
    closed.close();
    await once(closed, 'close');
    const error = await callResult(LONG_MS, `http://127.0.0.1:${port}`);
    expectNoResponse(error);
    expect(loggedText(error)).toContain('ECONNREFUSED');
  });

  test('a server that does not speak HTTP', async () => {
    const mailServer = createServer((socket) => socket.resume().end('220 mail.example.com ESMTP\r\n')).listen(
      0,
      '127.0.0.1',
    );
    await once(mailServer, 'listening');
    const error = await callResult(LONG_MS, `http://127.0.0.1:${(mailServer.address() as { port: number }).port}`);
    mailServer.close();
    expectNoResponse(error);
  });
});

describe('no error contains the secret key or the session token', () => {
  /**
   * Source: IAM User Guide, "Troubleshoot Signature Version 4": services return the canonical request with its
   * headers.
   */
  const canonical = `The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.

The Canonical String for this request should have been
'POST
/

content-type:application/x-amz-json-1.1
x-amz-security-token:${SESSION_TOKEN}
'`;
  const faults: [string, Responder][] = [
    ['wrong signature', json(400, { __type: 'x#InvalidSignatureException', message: canonical })],
    ['wrong token', json(400, { __type: 'x#UnrecognizedClientException', message: 'The security token is invalid.' })],
    ['an echo of the request headers', (response, request) => plain(400, JSON.stringify(request.headers))(response)],
    ['no response', () => undefined],
    ['a cut connection', (_response, request) => request.socket.destroy()],
  ];
  test.each(faults)('%s', async (_what, behaviour) => {
    server.respondWith(behaviour);
    const text = loggedText(await callResult(SHORT_MS));
    expect(text).toContain('Error');
    expect(text.includes(SECRET)).toBe(false);
    expect(text.includes(SESSION_TOKEN)).toBe(false);
  });
});
