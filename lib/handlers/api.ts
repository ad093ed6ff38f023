import type { RequestContext } from '../domain/request-context.ts';
import type { ErrorCode, KmsError } from '../errors.ts';
import type { Reply } from '../http/reply.ts';
import type { Permission } from '../identity/roles.ts';
import type { Services } from '../services.ts';
import type { SignableRequest } from '../signing/signed-request.ts';
import type { Body, Fields } from '../validation/body-parser.ts';

/** One API, as its file in functions/ describes it. */
export interface Api<F extends Fields = Fields> {
  /** The required permission; `caller` for anyone with valid credentials; `anyone` for no check. */
  access: Permission | 'caller' | 'anyone';
  /** The API's name in logs and events; the last segment of the route when absent. */
  name?: string;
  /** The API is not part of the documented KMS API, so an upstream cannot check the caller's role for it. */
  isExtension?: boolean;
  /** The route names no project; the project is that of the token, or the signed X-Project-Id. */
  usesCallerProject?: boolean;
  /** The fields of the body; absent when the body is not parsed. */
  fields?: F;
  /** Refuses unknown fields and nulls, where ignoring a mistyped field would change more than requested. */
  rejectsUnknownFields?: boolean;
  /** The largest accepted body; 64 KiB when absent. */
  bodyBytesMax?: number;
  /** The error code for a body that is not a JSON object; KMS.0202 when absent. */
  malformedBodyCode?: ErrorCode;
  /**
   * Returns the reply to an error in the form that the protocol of the route requires; undefined for the documented
   * form of the KMS.
   * @param params of the route
   */
  errorReplyOf?(error: KmsError, params: Call<F>['params']): Reply | undefined;
  /**
   * Work that Lambda does while it loads the function, such as reading secrets, so that the first request need not
   * wait. An error is ignored: the first request does the same work again and reports it.
   */
  initialize?(services: Services): Promise<unknown>;
  /** The API manages the embedded directory, so it does not exist when an external IAM checks tokens. */
  requiresDirectory?: boolean;
}

/** The input of an API's `handle`. */
export interface Call<F extends Fields> extends Services {
  body: Body<F>;
  context: RequestContext;
  request: SignableRequest;
  /** Values of the route's parameters, such as `{id}`. */
  params: Readonly<Record<string, string | undefined>>;
  sourceIp: string;
}
