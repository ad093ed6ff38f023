import { expect } from '@jest/globals';
import type { ApiResponse } from './service.ts';

/** The whole reply of a refusal: the documented nested form, the gateway's flat form, and the request id in both places. */
export function expectError({ status, headers, body }: ApiResponse, [expectedStatus, code]: [number, string]): void {
  expect([status, body?.error_code]).toEqual([expectedStatus, code]);
  expect(headers.get('content-type')).toBe('application/json');
  expect(headers.get('x-request-id')).toMatch(/^[0-9a-f]{32}$/);
  expect(body).toEqual({
    error: { error_code: code, error_msg: body.error_msg },
    error_code: code,
    error_msg: expect.stringMatching(/^.{10,1024}$/),
    request_id: headers.get('x-request-id'),
  });
}

/** The whole reply of a refusal in Keystone's form, where `code` is a number. */
export function expectKeystoneError(
  { status, headers, body }: ApiResponse,
  expectedStatus: number,
  title: string,
): void {
  expect([status, body]).toEqual([
    expectedStatus,
    { error: { code: expectedStatus, message: expect.stringMatching(/./), title } },
  ]);
  expect(headers.get('content-type')).toBe('application/json');
  expect(headers.get('x-request-id')).toMatch(/^[0-9a-f]{32}$/);
}
