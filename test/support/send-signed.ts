import { sign } from '../../lib/signing/sdk-hmac.ts';
import type { DemoUser } from '../../local/demo.ts';
import type { ApiResponse, TestService } from './service.ts';

/**
 * Sends a POST signed with the user's AK/SK, dated by the service's clock, as SDKs send it.
 * @param more further headers, signed or not; a date replaces that of the clock
 */
export function sendSigned(
  service: TestService,
  user: DemoUser,
  path: string,
  body: string,
  more: { signed?: Record<string, string>; unsigned?: Record<string, string> } = {},
): Promise<ApiResponse> {
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    'x-sdk-date': new Date(service.clock.nowMs).toISOString().replace(/[-:]|\.\d+/g, ''),
    ...more.signed,
  };
  const authorization = sign(
    { method: 'POST', path, query: '', headers, body: Buffer.from(body) },
    { accessKey: user.access_key, secretKey: user.secret_key },
    Object.keys(headers).sort(),
  );
  return service.send(path, { headers: { ...headers, ...more.unsigned, authorization }, body });
}
