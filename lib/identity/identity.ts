import type { SignableRequest } from '../signing/sdk-hmac.ts';

/** Who is calling, as far as the credentials prove. */
export interface Caller {
  userId: string;
  domainId: string;
  /** The project that the credentials are good for; undefined when for none (or not for the one in the URL). */
  projectId?: string | undefined;
  /** Roles in that project. */
  roles: readonly string[];
  /** The signature that proved it, where the request was signed: it makes a captured request recognisable. */
  signature?: string | undefined;
}

/** The port: tells who is calling. */
export interface Identity {
  /**
   * @param request as received, before anything of its body is parsed
   * @param projectId the project in the URL, where the URL has one
   * @param source the address it comes from
   * @throws KmsError APIGW.0301 for no, bad or expired credentials
   */
  identify(request: SignableRequest, projectId: string | undefined, source?: string): Promise<Caller>;
}
