/** What API Gateway does itself. */
import { expect, test } from '@jest/globals';
import { readRoutes } from '../../local/routes.ts';
import { functionsOf, ofType, type Stack } from './packaged.ts';

interface Throttle {
  ThrottlingRateLimit: number;
  ThrottlingBurstLimit: number;
}

/** By the role of the function. */
const PER_SECOND: Record<string, number> = {
  ReaderRole: 500,
  ChangerRole: 100,
  LoginRole: 20,
  HookRole: 100,
  NothingRole: 50,
};

export const upTo = (perSecond: number): Throttle => ({
  ThrottlingRateLimit: perSecond,
  ThrottlingBurstLimit: perSecond,
});

export function testApi(stack: Stack): void {
  const stage = stack.resources['HttpApiStage'];
  const settings = stage?.Properties['RouteSettings'] as Record<string, Throttle>;
  const routes = ofType(stack, 'AWS::ApiGatewayV2::Route');

  test('every route is throttled by what its function does, tokens tighter than all others', () => {
    const perSecond = new Map(functionsOf(stack).map(({ name, role }) => [name, PER_SECOND[role] ?? 0]));
    const wanted = readRoutes().map(({ name, key }) => [
      key === '*' ? '$default' : key,
      upTo(perSecond.get(name) ?? 0),
    ]);
    expect(settings).toEqual(Object.fromEntries(wanted));
    expect(settings).toMatchObject({
      'POST /v1.0/{project_id}/kms/list-grants': upTo(500),
      'POST /v1.0/{project_id}/kms/revoke-grant': upTo(100),
      'POST /v3/auth/tokens': upTo(20),
      'POST /hooks/{source}': upTo(100),
      $default: upTo(50),
    });
    expect(stage?.Properties['DefaultRouteSettings']).toEqual({ DetailedMetricsEnabled: false, ...upTo(50) });
  });

  test('the settings of a route wait for the route', () => {
    expect(routes.map(([, { Properties }]) => Properties['RouteKey']).sort()).toEqual(Object.keys(settings).sort());
    expect(stage?.DependsOn).toEqual(expect.arrayContaining(routes.map(([name]) => name)));
  });

  test('browsers of no origin may call', () => {
    expect(stack.resources['HttpApi']?.Properties).toEqual({ Name: `${stack.stage}-kms-grants`, ProtocolType: 'HTTP' });
  });

  test('the access log tells who asked for what and how it went, and holds no header, query, path or body', () => {
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
