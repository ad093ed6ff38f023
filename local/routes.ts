import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** A function and the request that reaches it, as `serverless.yml` has them. */
export interface Route {
  /** The function's name. */
  name: string;
  /** For example `POST /v1.0/{project_id}/kms/list-grants`; `*` for all that no other route takes. */
  key: string;
  /** For example `functions/grants/list-grants.handler`. */
  handler: string;
}

interface ServerlessFile {
  functions: Record<string, { handler: string; events: { httpApi?: string }[] }>;
}

/** The one list of routes, read from the file that deploys them. */
export function readRoutes(): Route[] {
  const file = parse(readFileSync(new URL('../serverless.yml', import.meta.url), 'utf8')) as ServerlessFile;
  return Object.entries(file.functions).flatMap(([name, { handler, events }]) =>
    events.flatMap(({ httpApi }) => (httpApi === undefined ? [] : [{ name, key: httpApi, handler }])),
  );
}

interface Match<T> {
  target: T;
  routeKey: string;
  pathParameters: Record<string, string>;
}

/**
 * Prepares the search for a request's route, as API Gateway does it.
 * @param targets by route key; `*` must be one of them
 */
export function router<T>(targets: ReadonlyMap<string, T>): (method: string, path: string) => Match<T> {
  const exact = [...targets].map(([routeKey, target]) => {
    const [method = '', pattern = ''] = routeKey.split(' ');
    return { method, segments: pattern.split('/'), target, routeKey };
  });
  const fallback = targets.get('*');
  if (fallback === undefined) throw new Error('there is no route for "*"');

  return (method, path) => {
    const segments = path.split('/');
    for (const route of exact) {
      if (route.method !== method || route.segments.length !== segments.length) continue;
      const pathParameters = match(route.segments, segments);
      if (pathParameters) return { target: route.target, routeKey: route.routeKey, pathParameters };
    }
    return { target: fallback, routeKey: '$default', pathParameters: {} };
  };
}

/** The values of `{name}` segments; undefined when a segment differs. */
function match(pattern: readonly string[], segments: readonly string[]): Record<string, string> | undefined {
  const parameters: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    const segment = segments[index] ?? '';
    if (part.startsWith('{') && segment !== '') parameters[part.slice(1, -1)] = segment;
    else if (part !== segment) return undefined;
  }
  return parameters;
}
