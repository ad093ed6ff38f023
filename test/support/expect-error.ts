import { expect } from '@jest/globals';
import type { ApiResponse, TestService } from './service.ts';
import { storedRows } from './stored-rows.ts';

/** Expects a complete error reply: the documented nested form, the gateway's flat form, and the request id in both. */
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

/**
 * Sends a request that must fail with this error and write nothing.
 * @returns the reply
 */
export async function expectErrorAndNoWrite(
  service: TestService,
  send: () => Promise<ApiResponse>,
  expected: [status: number, code: string],
): Promise<ApiResponse> {
  const rows = await storedRows(service);
  const response = await send();
  expectError(response, expected);
  expect(await storedRows(service)).toEqual(rows);
  return response;
}

/** Expects a complete error reply in Keystone's form, where `code` is a number. */
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
