/**
 * The routes of serverless.yml by path, for requests that match none of them: a deployed function cannot read that
 * file. A test compares the two.
 */
const METHODS_BY_PATH: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(
    [
      'list-grants',
      'list-retirable-grants',
      'revoke-grant',
      'create-grant',
      'retire-grant',
      'list-principal-grants',
      'revoke-principal-grants',
      'list-grant-events',
      'list-issued-grants',
      'search',
      'describe-principals',
      'create-revocation-job',
      'list-jobs',
      'retry-job',
      'stop-job',
      'create-key',
      'list-keys',
      'list-key-usage',
      'describe-key',
      'enable-key',
      'disable-key',
      'schedule-key-deletion',
      'cancel-key-deletion',
      'list-sources',
      'list-mappings',
      'create-mapping',
      'delete-mapping',
    ].map((name) => [`/v1.0/{project_id}/kms/${name}`, ['POST']]),
  ),
  '/v1.0/caller': ['GET'],
  '/v3/auth/tokens': ['POST', 'GET', 'HEAD', 'DELETE'],
  '/v3/projects': ['GET'],
  '/v3/projects/{id}': ['GET'],
  '/v3/auth/projects': ['GET'],
  '/v3/users/{user_id}/projects': ['GET'],
  '/v3/users': ['GET'],
  '/v3/users/{user_id}': ['GET', 'PATCH'],
  '/v3.0/OS-CREDENTIAL/credentials': ['GET'],
  '/v3.0/OS-CREDENTIAL/credentials/{access_key}': ['PUT'],
  '/v3/auth/domains': ['GET'],
  '/v3/domains': ['GET'],
  '/v3/domains/{id}': ['GET'],
  '/v3/auth/catalog': ['GET'],
  '/v3/regions': ['GET'],
  '/': ['GET'],
  '/v3': ['GET'],
  '/v1.0': ['GET'],
  ...Object.fromEntries(
    ['slack', 'feishu', 'lark', 'mattermost', 'bot', 'smn', 'sns'].map((name) => [`/hooks/${name}`, ['POST']]),
  ),
  '/hooks/{source}': ['POST', 'GET'],
  '/hooks/{source}/events': ['POST'],
  '/hooks/{source}/Users/{id}': ['PATCH', 'PUT', 'DELETE'],
  '/hooks/jobs/{id}': ['GET'],
  '/console': ['GET'],
  '/console/{path+}': ['GET'],
  '/docs': ['GET'],
  '/docs/{path+}': ['GET'],
  '/openapi.json': ['GET'],
};

/** Every route as serverless.yml writes it, such as `GET /v3/projects`; without `*`. */
export const ROUTE_KEYS: readonly string[] = Object.entries(METHODS_BY_PATH).flatMap(([pattern, methods]) =>
  methods.map((method) => `${method} ${pattern}`),
);

/** Returns the methods that the path has routes for; none for an unknown path. */
export function methodsOf(path: string): readonly string[] {
  const segments = path.split('/');
  const methods = Object.entries(METHODS_BY_PATH).flatMap(([pattern, methods]) =>
    matchSegments(pattern.split('/'), segments) ? methods : [],
  );
  return [...new Set(methods)];
}

/**
 * Returns the values of `{name}` segments, or undefined if another segment differs. A last segment `{name+}` stands for
 * one or more segments.
 */
export function matchSegments(
  pattern: readonly string[],
  segments: readonly string[],
): Record<string, string> | undefined {
  if (pattern.at(-1)?.endsWith('+}')) {
    const start = pattern.length - 1;
    const rest = segments.slice(start).join('/');
    const matched = matchSegments(pattern.slice(0, start), segments.slice(0, start));
    return matched && rest !== '' ? { ...matched, [pattern[start]?.slice(1, -2) ?? '']: rest } : undefined;
  }
  if (pattern.length !== segments.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    const segment = segments[index] ?? '';
    if (part.startsWith('{') && segment !== '') parameters[part.slice(1, -1)] = segment;
    else if (part !== segment) return undefined;
  }
  return parameters;
}
