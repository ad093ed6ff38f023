/** What can go wrong between a service and a cloud KMS, each fault by what the service gets to see. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Call, CloudAnswer, Fault } from './proxy.ts';

const HTML = { 'content-type': 'text/html' };
const JSON_TYPE = { 'content-type': 'application/json' };
const PAGE = '<html><body><h1>It works, or does it?</h1></body></html>';

function fault(name: string, run: Fault['run']): Fault {
  return { name, run };
}

/** An answer that does not come from the cloud, which hears nothing of the call. */
function instead(name: string, status: number, headers: Record<string, string>, body: string): Fault {
  return fault(name, async ({ answer }) => answer(status, headers, body));
}

/** The cloud does the work; then its answer is sent as `send` likes. */
function afterwards(name: string, send: (answer: CloudAnswer, call: Call) => void | Promise<void>): Fault {
  return fault(name, async (call) => send(await call.handOn(), call));
}

export const delayBefore = (ms: number) =>
  fault(`${ms} ms before the work`, async ({ handOn, answer }) => {
    await wait(ms);
    const { status, headers, body } = await handOn();
    answer(status, headers, body);
  });

/** The work is done after all, when the client may have given up. */
export const lateWork = (ms: number) =>
  fault(`the work done after ${ms} ms, for whomever`, async ({ handOn, answer }) => {
    await wait(ms);
    const { status, headers, body } = await handOn({ clientHasGone: true });
    answer(status, headers, body);
  });

export const delayAfter = (ms: number) =>
  afterwards(`${ms} ms after the work`, async ({ status, headers, body }, { answer }) => {
    await wait(ms);
    answer(status, headers, body);
  });

export const resetBefore = fault('reset before the work', async ({ reset }) => reset());

export const lostAnswer = afterwards('reset after the work', (_, { reset }) => reset());

export const cutAnswer = afterwards('reset in the middle of the answer', async (answer, { response, reset }) => {
  await begin(response, answer);
  reset();
});

/** Valid HTTP, half of the JSON. */
export const halfJson = afterwards('half of the JSON', ({ status, headers, body }, { answer }) =>
  answer(status, headers, half(body)),
);

/** The length of all, half of the bytes, and a connection that ends in order. */
export const halfJsonLying = afterwards('half of the JSON by the length of all', async (answer, { response }) => {
  await begin(response, answer);
  response.socket?.end();
});

export const wrongType = afterwards('JSON called text/html', ({ status, headers, body }, { answer }) =>
  answer(status, { ...headers, ...HTML }, body),
);

/** The whole answer, but spaces come first, one by one. */
export const drip = (totalMs: number) =>
  afterwards(`a drip of ${totalMs} ms`, async ({ status, headers, body }, { response }) => {
    const spaces = 20;
    response.writeHead(status, { ...headers, 'content-length': spaces + body.length });
    for (let sent = 0; sent < spaces && !response.closed; sent += 1) {
      response.write(' ');
      await wait(totalMs / spaces);
    }
    response.end(body);
  });

export const html200 = instead('HTML with 200', 200, HTML, PAGE);
export const html502 = instead('502 HTML', 502, HTML, PAGE);
export const html503 = instead('503 HTML', 503, HTML, PAGE);
export const empty504 = instead('504 with nothing', 504, {}, '');
export const emptyList = instead('200 of a JSON array', 200, JSON_TYPE, '[]');
export const otherShape = instead('200 of other JSON', 200, JSON_TYPE, '{"grants":{"total":"many"},"grant_id":7}');
export const jsonText = instead('200 of a JSON text', 200, JSON_TYPE, '"done"');
export const errorWith200 = instead(
  '200 that holds an error',
  200,
  JSON_TYPE,
  '{"error":{"error_code":"KMS.0101","error_msg":"KMS error."}}',
);

/** The cloud's own 502 when it did the work, but the front door did not hear of it. */
export const lostBehindDoor = afterwards('502 HTML after the work', (_, { answer }) => answer(502, HTML, PAGE));

export const throttled = instead(
  '429',
  429,
  JSON_TYPE,
  flat('APIGW.0308', 'The throttling threshold has been reached.'),
);

/** @param retryAfter as sent: seconds, or a date */
export const throttledFor = (retryAfter: string | (() => string)) =>
  fault('429 with Retry-After', async ({ answer }) => {
    const value = typeof retryAfter === 'string' ? retryAfter : retryAfter();
    answer(
      429,
      { ...JSON_TYPE, 'retry-after': value },
      flat('APIGW.0308', 'The throttling threshold has been reached.'),
    );
  });

/** @param elsewhere where a client that follows would go, with all that it carries */
export const moved = (status: 301 | 302 | 307 | 308, elsewhere: string) =>
  instead(`${status} to elsewhere`, status, { location: `${elsewhere}/v1.0/x/kms/y` }, '');

/** The three forms of an error. */
export const nestedError = (status: number, code: string, message: string) =>
  instead(`${status} ${code}`, status, JSON_TYPE, JSON.stringify({ error: { error_code: code, error_msg: message } }));
export const flatError = (status: number, code: string, message: string) =>
  instead(`${status} ${code}`, status, JSON_TYPE, flat(code, message));
export const keystoneError = (status: number, title: string, message: string) =>
  instead(`${status} of Keystone`, status, JSON_TYPE, JSON.stringify({ error: { code: status, message, title } }));

function flat(error_code: string, error_msg: string): string {
  return JSON.stringify({ error_msg, error_code, request_id: '0123456789abcdef0123456789abcdef' });
}

const half = (body: Buffer) => body.subarray(0, body.length / 2);

/** Sends the head, and half of the body that it tells of. */
function begin(response: Call['response'], { status, headers, body }: CloudAnswer): Promise<void> {
  response.writeHead(status, { ...headers, 'content-length': body.length });
  return new Promise((resolve) => response.write(half(body), () => resolve()));
}

/** The cloud does the work and the answer never comes. */
export const holdAfter: Fault = {
  name: 'held after the work',
  async run({ handOn, response }) {
    await handOn();
    await new Promise((resolve) => response.once('close', resolve));
  },
};
export const holdBefore: Fault = {
  name: 'held before the work',
  run: ({ response }) => new Promise((resolve) => response.once('close', () => resolve())),
};
