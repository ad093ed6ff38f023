import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { KmsError } from '../lib/errors.ts';
import { matchSegments } from '../lib/handlers/routes.ts';

/** A function and a route of it, as in `serverless.yml`. */
export interface Route {
  /** The function's name. */
  name: string;
  /** For example `POST /v1.0/{project_id}/kms/list-grants`; `*` matches every request that no other route matches. */
  key: string;
  /** For example `functions/grants/list-grants.handler`. */
  handler: string;
}

interface ServerlessFile {
  functions: Record<string, { handler: string; events: { httpApi?: string }[] }>;
}

/** Returns the routes that `serverless.yml` deploys. */
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
 * Returns a function that finds the target of a request, with API Gateway's rules. For a malformed percent-encoding it
 * throws KmsError APIGW.0201:400.
 * @param targets by route key; `*` is required
 */
export function router<T>(targets: ReadonlyMap<string, T>): (method: string, path: string) => Match<T> {
  const routes = [...targets]
    .map(([routeKey, target]) => {
      const [method = '', pattern = ''] = routeKey.split(' ');
      return { method, segments: pattern.split('/'), target, routeKey };
    })
    // Where several routes match a path, the one with the fewest parameters is used, as in API Gateway.
    .sort((a, b) => parameterCount(a.segments) - parameterCount(b.segments));
  const fallback = targets.get('*');
  if (fallback === undefined) throw new Error('the route "*" is missing in serverless.yml');

  return (method, path) => {
    const segments = path.split('/');
    for (const route of routes) {
      if (route.method !== method) continue;
      const encoded = matchSegments(route.segments, segments);
      if (!encoded) continue;
      const pathParameters = Object.fromEntries(Object.entries(encoded).map(([name, value]) => [name, decode(value)]));
      return { target: route.target, routeKey: route.routeKey, pathParameters };
    }
    return { target: fallback, routeKey: '$default', pathParameters: {} };
  };
}

const parameterCount = (segments: readonly string[]) => segments.filter((segment) => segment.startsWith('{')).length;

/**
 * Source: AWS, "Create routes for HTTP APIs": API Gateway decodes request parameters.
 * @throws KmsError APIGW.0201:400
 */
function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (cause) {
    throw new KmsError('APIGW.0201:400', { detail: 'The path has a malformed percent-encoding.', cause });
  }
}
