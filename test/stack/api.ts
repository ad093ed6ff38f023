/** What API Gateway does itself. */
import { expect, test } from '@jest/globals';
import { readRoutes } from '../../local/routes.ts';
import { ofType, type Stack } from './packaged.ts';

interface Throttle {
  ThrottlingRateLimit: number;
  ThrottlingBurstLimit: number;
}

const READS = ['describe-key', 'list-grants', 'list-keys', 'list-retirable-grants'];
const CHANGES = [
  'cancel-key-deletion',
  'create-grant',
  'create-key',
  'disable-key',
  'enable-key',
  'retire-grant',
  'revoke-grant',
  'schedule-key-deletion',
];
const upTo = (perSecond: number): Throttle => ({ ThrottlingRateLimit: perSecond, ThrottlingBurstLimit: perSecond });
const kms = (name: string) => `POST /v1.0/{project_id}/kms/${name}`;

export function testApi(stack: Stack): void {
  const stage = stack.resources['HttpApiStage'];
  const settings = stage?.Properties['RouteSettings'] as Record<string, Throttle>;
  const routes = ofType(stack, 'AWS::ApiGatewayV2::Route');

  test('every route is throttled, tokens tighter than all others', () => {
    expect(settings).toEqual(
      Object.fromEntries([
        ...READS.map((name) => [kms(name), upTo(500)]),
        ...CHANGES.map((name) => [kms(name), upTo(100)]),
        ['POST /v3/auth/tokens', upTo(20)],
        ['GET /v3/auth/tokens', upTo(50)],
        ['GET /v3/projects', upTo(50)],
        ['$default', upTo(50)],
      ]),
    );
    const listed = readRoutes().map(({ key }) => (key === '*' ? '$default' : key));
    expect(Object.keys(settings).sort()).toEqual(listed.sort());
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
