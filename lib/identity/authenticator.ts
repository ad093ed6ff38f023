import type { Caller } from '../domain/request-context.ts';
import type { SignableRequest } from '../signing/signed-request.ts';

/** The port that identifies callers: the embedded directory or Keystone. */
export interface Authenticator {
  /**
   * Returns the caller of a request.
   * @param request as received, with the unparsed body
   * @param projectId from the URL, if it has one
   * @param clientAddress its IP address, for limits
   * @throws KmsError APIGW.0301 for missing, invalid or expired credentials. With Keystone also APIGW.0308 for too many
   *   lookups, and APIGW.0201:502 or :504 without a usable response
   */
  authenticate(request: SignableRequest, projectId: string | undefined, clientAddress?: string): Promise<Caller>;
}
