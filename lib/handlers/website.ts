import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { isOnLambda } from '../config.ts';
import { KmsError } from '../errors.ts';
import type { Result } from '../http/reply.ts';
import { securityHeaders } from '../http/reply.ts';
import { fileResult, type StaticFile } from '../http/static-file.ts';
import { logger } from '../logger.ts';
import type { HttpContext, HttpMiddleware } from './http-context.ts';
import { errorMapping } from './middleware/error-mapping.ts';
import { requestContext } from './middleware/request-context.ts';
import { requestLog } from './middleware/request-log.ts';

export interface Website {
  /** Its name in logs. */
  name: string;
  /** Loads the files that the build made; called once, at the first request. */
  load(): Promise<{ default: readonly StaticFile[] }>;
  /**
   * The page for paths that are no file, because the page shows them itself. Without it, such a path is an error.
   */
  fallbackPage?: string;
}

/**
 * Only what the website's own files do is allowed: no inline script or style, no other origin, no frame, and no text
 * that becomes code. Source: Content Security Policy Level 3; Trusted Types.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

const UNUSED_FEATURES = ['camera', 'geolocation', 'microphone', 'payment', 'usb', 'display-capture', 'fullscreen'];

const PAGE_HEADERS = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': UNUSED_FEATURES.map((feature) => `${feature}=()`).join(', '),
};

/** Creates the Lambda handler of a website: the console, or the documentation. Anyone may read its files. */
export function websiteHandler({ name, load, fallbackPage }: Website) {
  let files: Promise<ReadonlyMap<string, StaticFile>> | undefined;
  const loadOnce = () => {
    files ??= load().then(
      ({ default: list }) => new Map(list.map((file) => [file.path, file])),
      (cause: unknown) => {
        throw new KmsError('APIGW.0101', { detail: 'The website is not built. Run: npm run build', cause });
      },
    );
    return files;
  };
  const handler = middy<APIGatewayProxyEventV2, Result, Error, HttpContext>()
    .use(injectLambdaContext(logger, { logEvent: false }))
    .use(requestLog())
    .use(websiteHeaders())
    .use(errorMapping({}))
    .use(requestContext(name))
    .handler(async ({ rawPath }: APIGatewayProxyEventV2, { http }: HttpContext): Promise<Result> => {
      const byPath = await loadOnce();
      // A page of an older version that asks for its script must not get a page.
      const page = fallbackPage && !rawPath.includes('/assets/') ? byPath.get(fallbackPage) : undefined;
      const file = byPath.get(rawPath) ?? page;
      if (!file) throw new KmsError('APIGW.0101');
      return fileResult(file, http.request.headers, http.requestId);
    });
  return Object.assign(handler, { api: { access: 'anyone', name } as const });
}

function websiteHeaders(): HttpMiddleware {
  const headers = { ...securityHeaders(isOnLambda()), ...PAGE_HEADERS };
  const add: NonNullable<HttpMiddleware['after']> = ({ response }) => {
    if (response) response.headers = { ...headers, ...response.headers };
  };
  return { after: add, onError: add };
}
