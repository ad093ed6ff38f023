import * as z from 'zod/mini';
import type { HttpResponse } from '../../clients/http.ts';
import { CONTROL } from '../../domain/characters.ts';
import { ERRORS, ForwardedError } from '../../errors.ts';
import { parseJson } from '../../util/json.ts';

const CODE = /^[A-Z][A-Za-z]{1,9}\.\d{3,6}$/;
const TEXT_CHARS_MAX = 1024;

const error = z.object({ error_code: z.string().check(z.regex(CODE)), error_msg: z.optional(z.unknown()) });
/** The three forms of an error reply: nested from the KMS, flat from its gateway, numeric codes from its IAM. */
const FORMS = {
  nested: z.object({ error }),
  flat: error,
  keystone: z.object({ error: z.object({ code: z.int(), message: z.string() }) }),
};

/** The gateway's codes for Keystone's numbers. */
const KEYSTONE_CODES: Readonly<Record<number, keyof typeof ERRORS>> = {
  401: 'APIGW.0301',
  403: 'APIGW.0302',
  404: 'APIGW.0101',
  429: 'APIGW.0308',
};

/**
 * Maps an error reply of the upstream to an error with the same status and code.
 * Only texts of KMS.* errors are passed on: a gateway's text may repeat what was signed, credentials included.
 * @param detail appended to the text
 * @returns undefined when the reply is not in a documented form
 */
export function mapErrorResponse(
  { status, text }: Pick<HttpResponse, 'status' | 'text'>,
  { detail, retryAfterSeconds }: { detail?: string | undefined; retryAfterSeconds?: number | undefined } = {},
): ForwardedError | undefined {
  if (status < 400 || status > 599) return undefined;
  const found = codeIn(text, status);
  if (!found) return undefined;
  const { code, message } = found;
  const words = code.startsWith('KMS.') && message ? message : ownText(code, status);
  return new ForwardedError({ status, code, text: detail ? `${words} ${detail}` : words }, { retryAfterSeconds });
}

function codeIn(text: string, status: number): { code: string; message?: string } | undefined {
  const json = parseJson(text);
  const nested = z.safeParse(FORMS.nested, json);
  const flat = nested.success ? nested.data.error : z.safeParse(FORMS.flat, json).data;
  if (flat) return { code: flat.error_code, message: oneLine(flat.error_msg) };
  const keystone = z.safeParse(FORMS.keystone, json);
  const code = keystone.success && keystone.data.error.code === status ? KEYSTONE_CODES[status] : undefined;
  return code && { code };
}

const CONTROLS = new RegExp(`[${CONTROL}]+`, 'gu');

function oneLine(text: unknown): string {
  return typeof text === 'string' ? text.replace(CONTROLS, ' ').slice(0, TEXT_CHARS_MAX) : '';
}

function ownText(code: string, status: number): string {
  const row = Object.entries(ERRORS).find(([name]) => name === code || name === `${code}:${status}`);
  return row?.[1].text ?? 'Refused by the upstream KMS.';
}
