/** The replies of an API by status: its own, and its errors. */
import { STATUS_CODES } from 'node:http';
import { ERRORS, type ErrorCode } from '../lib/errors.ts';
import { sentCode } from './error-codes.ts';
import { ref, string } from './schemas/common.ts';
import type { Header, Operation, Schema, Text } from './types.ts';

/** Statuses with which Amazon API Gateway itself may refuse a request of a deployed service, in a form of its own. */
const GATEWAY_STATUSES = [413, 429, 500, 503];

const header = ({ description, schema, required = false }: Header): object => ({
  description: description.en,
  'x-zh': { description: description.zh },
  schema,
  ...(required && { required }),
});

/** Of every reply of this service. */
export const COMMON_HEADERS = {
  RequestId: header({
    description: { en: 'The id of the request, as in the log.', zh: '请求 ID，与日志中一致。' },
    schema: { type: 'string', pattern: '^[0-9a-f]{32}$' },
  }),
  RetryAfter: header({
    description: { en: 'After how many seconds to try again, if known.', zh: '建议在多少秒后重试（如已知）。' },
    schema: { type: 'string', pattern: '^[0-9]+$' },
  }),
  Allow: header({
    description: { en: 'The methods of the path.', zh: '该路径支持的方法。' },
    schema: string,
  }),
  UpstreamRequestId: header({
    description: {
      en: "The request id of the upstream KMS's last response, if there is an upstream.",
      zh: '对接上游 KMS 时，上游最近一次响应的请求 ID。',
    },
    schema: string,
  }),
};

const commonHeader = (name: keyof typeof COMMON_HEADERS) => ({ $ref: `#/components/headers/${name}` });

interface Shape {
  isHead: boolean;
  hasUpstream: boolean;
  hasScimErrors: boolean;
  hasSetErrors: boolean;
}

function headersOf({ hasUpstream }: Shape): object {
  return {
    'X-Request-Id': commonHeader('RequestId'),
    ...(hasUpstream && { 'X-Upstream-Request-Id': commonHeader('UpstreamRequestId') }),
  };
}

const oneOrMore = (schemas: readonly Schema[]): Schema =>
  schemas.length === 1 && schemas[0] ? schemas[0] : { anyOf: schemas };

function errorResponse(status: number, codes: readonly ErrorCode[], shape: Shape): object {
  const isKeystone = (code: ErrorCode) => code.startsWith('Keystone.');
  const forms = [
    ...(codes.some((code) => !isKeystone(code)) ? ['Error'] : []),
    ...(codes.some(isKeystone) ? ['KeystoneError'] : []),
    ...(shape.hasSetErrors && status === 400 ? ['SetError'] : []),
    ...(GATEWAY_STATUSES.includes(status) ? ['GatewayMessage'] : []),
  ].map(ref);
  const texts = codes.map((code) => {
    const sent = sentCode(code);
    return sent ? `\`${sent}\` ${ERRORS[code].text}` : ERRORS[code].text;
  });
  const sentCodes = [...new Set(codes.flatMap((code) => sentCode(code) ?? []))];
  return {
    description: texts.length > 0 ? texts.join('  \n') : `${STATUS_CODES[status]}.`,
    headers: {
      ...headersOf(shape),
      ...(status === 405 && { Allow: commonHeader('Allow') }),
      ...([429, 502, 503, 504].includes(status) && { 'Retry-After': commonHeader('RetryAfter') }),
    },
    ...(!shape.isHead && {
      content: {
        'application/json': { schema: oneOrMore(forms) },
        ...(shape.hasScimErrors && { 'application/scim+json': { schema: ref('ScimError') } }),
      },
    }),
    'x-error-codes': sentCodes,
  };
}

export function errorResponses(codes: readonly ErrorCode[], shape: Shape): Record<string, object> {
  const byStatus = Map.groupBy(codes, (code) => ERRORS[code].status);
  if (!byStatus.has(503)) byStatus.set(503, []);
  const statuses = [...byStatus].sort(([a], [b]) => a - b);
  return Object.fromEntries(statuses.map(([status, ofStatus]) => [status, errorResponse(status, ofStatus, shape)]));
}

const describe = ({ en, zh }: Text) => ({ description: en, 'x-zh': { description: zh } });

/** The replies of a request that is done. */
export function ownResponses({ replies }: Operation, shape: Shape): Record<string, object> {
  return Object.fromEntries(
    Object.entries(replies).map(([status, reply]) => {
      const { description, schema, example, contentType = 'application/json', headers = {}, mayBeEmpty } = reply;
      const own = Object.entries(headers).map(([name, value]) => [name, header(value)]);
      const response = {
        ...describe(description),
        headers: { ...headersOf(shape), ...Object.fromEntries(own) },
        ...(schema && { content: { [contentType]: { schema, ...(example !== undefined && { example }) } } }),
        ...(mayBeEmpty && { 'x-may-be-empty': true }),
      };
      return [status, response];
    }),
  );
}
