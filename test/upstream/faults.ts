/** The faults that the proxy can inject between the backend and the upstream KMS. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Call, Fault, UpstreamResponse } from './proxy.ts';

const HTML = { 'content-type': 'text/html' };
const JSON_TYPE = { 'content-type': 'application/json' };
const PAGE = '<html><body><h1>Not a reply of the KMS</h1></body></html>';

/** A fault may wait long after its client has gone; it does not keep the process alive. */
const wait = (ms: number) => pause(ms, undefined, { ref: false });

function fault(name: string, run: Fault['run']): Fault {
  return { name, run };
}

/** Returns a fault that sends this response without calling the upstream. */
function respondInstead(name: string, status: number, headers: Record<string, string>, body: string): Fault {
  return fault(name, async ({ answer }) => answer(status, headers, body));
}

/** Returns a fault that forwards the call and then passes the response to `send`. */
function afterForwarding(name: string, send: (answer: UpstreamResponse, call: Call) => void | Promise<void>): Fault {
  return fault(name, async (call) => send(await call.forwardCall(), call));
}

export const delayBefore = (ms: number) =>
  fault(`${ms} ms before the upstream is called`, async ({ forwardCall, answer }) => {
    await wait(ms);
    const { status, headers, body } = await forwardCall();
    answer(status, headers, body);
  });

/** Forwards the call after a delay, even if the client has disconnected. */
export const lateWork = (ms: number) =>
  fault(`forwarded after ${ms} ms, even without the client`, async ({ forwardCall, answer }) => {
    await wait(ms);
    const { status, headers, body } = await forwardCall({ evenIfClientLeft: true });
    answer(status, headers, body);
  });

export const delayAfter = (ms: number) =>
  afterForwarding(`${ms} ms after the upstream has responded`, async ({ status, headers, body }, { answer }) => {
    await wait(ms);
    answer(status, headers, body);
  });

export const resetBefore = fault('reset before the upstream is called', async ({ reset }) => reset());

export const lostResponse = afterForwarding('reset after the upstream has responded', (_, { reset }) => reset());

export const cutResponse = afterForwarding(
  'reset in the middle of the response',
  async (answer, { response, reset }) => {
    await begin(response, answer);
    reset();
  },
);

/** A valid HTTP response with the first half of the JSON. */
export const halfJson = afterForwarding('half of the JSON', ({ status, headers, body }, { answer }) =>
  answer(status, headers, half(body)),
);

/** Half of the body under the Content-Length of all of it, then an orderly end of the connection. */
export const halfJsonLying = afterForwarding(
  'half of the JSON with the Content-Length of all of it',
  async (answer, { response }) => {
    await begin(response, answer);
    response.socket?.end();
  },
);

export const wrongType = afterForwarding(
  'JSON with the content type text/html',
  ({ status, headers, body }, { answer }) => answer(status, { ...headers, ...HTML }, body),
);

/** The complete response after a slow sequence of spaces. */
export const drip = (totalMs: number) =>
  afterForwarding(`a slow body of ${totalMs} ms`, async ({ status, headers, body }, { response }) => {
    const spaces = 20;
    response.writeHead(status, { ...headers, 'content-length': spaces + body.length });
    for (let sent = 0; sent < spaces && !response.closed; sent += 1) {
      response.write(' ');
      await wait(totalMs / spaces);
    }
    response.end(body);
  });

export const html200 = respondInstead('HTML with 200', 200, HTML, PAGE);
export const html502 = respondInstead('502 HTML', 502, HTML, PAGE);
export const html503 = respondInstead('503 HTML', 503, HTML, PAGE);
export const empty504 = respondInstead('504 without a body', 504, {}, '');
export const emptyList = respondInstead('200 with a JSON array', 200, JSON_TYPE, '[]');
export const otherShape = respondInstead(
  '200 with JSON of another form',
  200,
  JSON_TYPE,
  '{"grants":{"total":"many"},"grant_id":7}',
);
export const jsonText = respondInstead('200 with a JSON string', 200, JSON_TYPE, '"done"');
export const errorWith200 = respondInstead(
  '200 with an error body',
  200,
  JSON_TYPE,
  '{"error":{"error_code":"KMS.0101","error_msg":"KMS error."}}',
);

/** The 502 of the upstream's gateway after the KMS has applied the change but its response was lost. */
export const lostInGateway = afterForwarding('502 HTML after the upstream has responded', (_, { answer }) =>
  answer(502, HTML, PAGE),
);

export const throttled = respondInstead(
  '429',
  429,
  JSON_TYPE,
  flat('APIGW.0308', 'The throttling threshold has been reached.'),
);

/** @param retryAfter value of the header: seconds or a date */
export const throttledFor = (retryAfter: string | (() => string)) =>
  fault('429 with Retry-After', async ({ answer }) => {
    const value = typeof retryAfter === 'string' ? retryAfter : retryAfter();
    answer(
      429,
      { ...JSON_TYPE, 'retry-after': value },
      flat('APIGW.0308', 'The throttling threshold has been reached.'),
    );
  });

/** @param redirectTarget origin of the Location */
export const moved = (status: 301 | 302 | 307 | 308, redirectTarget: string) =>
  respondInstead(`redirect with ${status}`, status, { location: `${redirectTarget}/v1.0/x/kms/y` }, '');

/** The three documented forms of an error. */
export const nestedError = (status: number, code: string, message: string) =>
  respondInstead(
    `${status} ${code}`,
    status,
    JSON_TYPE,
    JSON.stringify({ error: { error_code: code, error_msg: message } }),
  );
export const flatError = (status: number, code: string, message: string) =>
  respondInstead(`${status} ${code}`, status, JSON_TYPE, flat(code, message));
export const keystoneError = (status: number, title: string, message: string) =>
  respondInstead(
    `${status} in Keystone's form`,
    status,
    JSON_TYPE,
    JSON.stringify({ error: { code: status, message, title } }),
  );

function flat(error_code: string, error_msg: string): string {
  return JSON.stringify({ error_msg, error_code, request_id: '0123456789abcdef0123456789abcdef' });
}

const half = (body: Buffer) => body.subarray(0, body.length / 2);

/** Sends the head and half of the body. */
function begin(response: Call['response'], { status, headers, body }: UpstreamResponse): Promise<void> {
  response.writeHead(status, { ...headers, 'content-length': body.length });
  return new Promise((resolve) => response.write(half(body), () => resolve()));
}

/** Forwards the call and never sends the response. */
export const holdAfter: Fault = {
  name: 'held after the upstream has responded',
  async run({ forwardCall, response }) {
    await forwardCall();
    await new Promise((resolve) => response.once('close', resolve));
  },
};
export const holdBefore: Fault = {
  name: 'held before the upstream is called',
  run: ({ response }) => new Promise((resolve) => response.once('close', () => resolve())),
};
