import { sign } from '../../lib/signing/sdk-hmac.ts';
import type { DemoUser } from '../../local/demo.ts';
import type { ApiResponse, TestService } from './service.ts';

/** Sends a POST signed with the user's AK/SK, dated by the service's clock, as SDKs send it. */
export function sendSigned(service: TestService, user: DemoUser, path: string, body: string): Promise<ApiResponse> {
  const headers = {
    'content-type': 'application/json',
    'x-sdk-date': new Date(service.clock.nowMs).toISOString().replace(/[-:]|\.\d+/g, ''),
  };
  const authorization = sign(
    { method: 'POST', path, query: '', headers, body: Buffer.from(body) },
    { accessKey: user.access_key, secretKey: user.secret_key },
    ['content-type', 'x-sdk-date'],
  );
  return service.send(path, { headers: { ...headers, authorization }, body });
}
