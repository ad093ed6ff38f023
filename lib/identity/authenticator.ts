import type { Caller } from '../domain/request-context.ts';
import type { SignableRequest } from '../signing/signed-request.ts';

/** The port: tells who is calling. */
export interface Authenticator {
  /**
   * @param request as received, before anything of its body is parsed
   * @param projectId the project in the URL, where the URL has one
   * @param source the address it comes from
   * @throws KmsError APIGW.0301 for no, bad or expired credentials
   */
  authenticate(request: SignableRequest, projectId: string | undefined, source?: string): Promise<Caller>;
}
