/** Checks of the packaged API Gateway: throttles, CORS and access log. */
import { expect, test } from '@jest/globals';
import { readRoutes } from '../../local/routes.ts';
import { functionsOf, ofType, type Stack } from './packaged.ts';

interface Throttle {
  ThrottlingRateLimit: number;
  ThrottlingBurstLimit: number;
}

/** Requests per second by role of the function. */
const PER_SECOND: Record<string, number> = {
  ReaderRole: 500,
  LookupRole: 500,
  ChangerRole: 100,
  JobsRole: 100,
  LoginRole: 20,
  RevokeTokenRole: 50,
  MappingRole: 50,
  DirectoryRole: 50,
  HookRole: 100,
  ScimRole: 100,
  ChatRole: 100,
  NothingRole: 50,
};

export const throttleOf = (perSecond: number): Throttle => ({
  ThrottlingRateLimit: perSecond,
  ThrottlingBurstLimit: perSecond,
});

export function testApi(stack: Stack): void {
  const stage = stack.resources['HttpApiStage'];
  const settings = stage?.Properties['RouteSettings'] as Record<string, Throttle>;
  const routes = ofType(stack, 'AWS::ApiGatewayV2::Route');

  test('every route has the throttle of the role of its function; the login route has the lowest', () => {
    const perSecond = new Map(functionsOf(stack).map(({ name, role }) => [name, PER_SECOND[role] ?? 0]));
    const expected = readRoutes().map(({ name, key }) => [
      key === '*' ? '$default' : key,
      throttleOf(perSecond.get(name) ?? 0),
    ]);
    expect(settings).toEqual(Object.fromEntries(expected));
    expect(settings).toMatchObject({
      'POST /v1.0/{project_id}/kms/list-grants': throttleOf(500),
      'POST /v1.0/{project_id}/kms/revoke-grant': throttleOf(100),
      'POST /v3/auth/tokens': throttleOf(20),
      'POST /hooks/{source}': throttleOf(100),
      'POST /hooks/slack': throttleOf(100),
      $default: throttleOf(50),
    });
    expect(stage?.Properties['DefaultRouteSettings']).toEqual({ DetailedMetricsEnabled: false, ...throttleOf(50) });
  });

  test('the stage depends on every route that it has settings for', () => {
    expect(routes.map(([, { Properties }]) => Properties['RouteKey']).sort()).toEqual(Object.keys(settings).sort());
    expect(stage?.DependsOn).toEqual(expect.arrayContaining(routes.map(([name]) => name)));
  });

  test('no origin is allowed for browsers by default', () => {
    expect(stack.resources['HttpApi']?.Properties).toEqual({ Name: `${stack.stage}-kms-grants`, ProtocolType: 'HTTP' });
  });

  test('the access log has the client, route, status and times, and no header, query, path or body', () => {
    const log = stage?.Properties['AccessLogSettings'] as Record<string, unknown> | undefined;
    expect(log?.['DestinationArn']).toEqual({ 'Fn::GetAtt': ['HttpApiLogGroup', 'Arn'] });
    expect(JSON.parse(String(log?.['Format']))).toEqual({
      at: '$context.requestTime',
      request_id: '$context.requestId',
      ip: '$context.identity.sourceIp',
      route: '$context.routeKey',
      status: '$context.status',
      ms: '$context.responseLatency',
      function_ms: '$context.integrationLatency',
      bytes: '$context.responseLength',
      error: '$context.error.message',
      function_error: '$context.integrationErrorMessage',
    });
  });
}
