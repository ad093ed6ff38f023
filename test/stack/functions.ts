/** Checks of the packaged functions: runtime, schedules, logs and alarms. */
import { expect, test } from '@jest/globals';
import { functionsOf, ofType, type Stack } from './packaged.ts';

const RETENTION_DAYS: Record<string, number> = { dev: 14, prod: 365 };
const SWEEPER = 'DeleteDashdueDashkeys';
/** Of the functions that serve no HTTP request. */
const TIMEOUT_SECONDS: Record<string, number> = { 'delete-due-keys': 50, 'find-lost-work': 50, work: 110 };

export function testFunctions(stack: Stack): void {
  const { stage, resources } = stack;
  const functions = functionsOf(stack);
  const alarms = ofType(stack, 'AWS::CloudWatch::Alarm').map(([, { Properties }]) => Properties);

  test('all functions run on Node 24 on arm64 with 512 MB, and time out before API Gateway does', () => {
    for (const { name, properties } of functions) {
      expect(properties).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'], MemorySize: 512 });
      expect([name, properties['Timeout']]).toEqual([name, TIMEOUT_SECONDS[name] ?? 29]);
    }
  });

  test('due keys are deleted once a minute, and a run ends before the next one starts', () => {
    expect(resources[`${SWEEPER}EventsRuleSchedule1`]?.Properties).toMatchObject({
      ScheduleExpression: 'rate(1 minute)',
      State: 'ENABLED',
      Targets: [{ Arn: { 'Fn::GetAtt': [`${SWEEPER}LambdaFunction`, 'Arn'] } }],
    });
    expect(resources[`${SWEEPER}LambdaEvConf`]?.Properties).toMatchObject({
      MaximumRetryAttempts: 0,
      MaximumEventAgeInSeconds: 60,
    });
    const reserved = functions
      .filter(({ properties }) => 'ReservedConcurrentExecutions' in properties)
      .map(({ name, properties }) => [name, properties['ReservedConcurrentExecutions']]);
    expect(reserved).toEqual(stage === 'prod' ? [['delete-due-keys', 1]] : []);
  });

  test('every log is stored for the logRetentionDays of the stage', () => {
    const groups = ofType(stack, 'AWS::Logs::LogGroup').map(([, { Properties }]) => Properties);
    const names = functions.map(({ name }) => `/aws/lambda/kms-grants-${stage}-${name}`);
    expect(groups.map((group) => group['LogGroupName']).sort()).toEqual(
      [...names, `/aws/http-api/kms-grants-${stage}`].sort(),
    );
    for (const group of groups) expect(group['RetentionInDays']).toBe(RETENTION_DAYS[stage]);
  });

  test.each(functions)('$name has an alarm for errors, for throttles and for slow calls', ({ id }) => {
    const ofFunction = alarms.filter(
      (alarm) => JSON.stringify(alarm['Dimensions']) === `[{"Name":"FunctionName","Value":{"Ref":"${id}"}}]`,
    );
    const statistics = ofFunction.map((alarm) => [
      alarm['MetricName'],
      alarm['Statistic'] ?? alarm['ExtendedStatistic'],
    ]);
    expect(Object.fromEntries(statistics)).toEqual({ Errors: 'Sum', Throttles: 'Sum', Duration: 'p99' });
  });

  test('the alarm for slow calls has a higher threshold for functions that do more', () => {
    const slowMs = (name: string) => resources[`${name}Slow`]?.Properties['Threshold'];
    expect(['ListGrants', 'RevokeGrant', 'CreateToken', 'Unmatched', 'DeleteDueKeys'].map(slowMs)).toEqual([
      2000, 5000, 3000, 1000, 45_000,
    ]);
    expect(['Webhook', 'Chat', 'Work', 'FindLostWork'].map(slowMs)).toEqual([2000, 2500, 105_000, 30_000]);
  });

  test('replies of 500 and above, throttles of the table and failures of the table have alarms', () => {
    expect(resources['ApiFailures']?.Properties).toMatchObject({
      Namespace: 'AWS/ApiGateway',
      MetricName: '5xx',
      Dimensions: [{ Name: 'ApiId', Value: { Ref: 'HttpApi' } }],
    });
    const operations = ['GetItem', 'BatchGetItem', 'Query', 'PutItem', 'TransactWriteItems', 'DeleteItem'];
    const metricsOf = (MetricName: string) => [
      { Id: 'all', Expression: 'SUM(METRICS())', ReturnData: true },
      ...operations.map((operation, index) => ({
        Id: `m${index + 1}`,
        ReturnData: false,
        MetricStat: {
          Metric: {
            Namespace: 'AWS/DynamoDB',
            MetricName,
            Dimensions: [
              { Name: 'TableName', Value: `kms-grants-${stage}` },
              { Name: 'Operation', Value: operation },
            ],
          },
          Period: 300,
          Stat: 'Sum',
        },
      })),
    ];
    expect(resources['TableThrottles']?.Properties['Metrics']).toEqual(metricsOf('ThrottledRequests'));
    expect(resources['TableFailures']?.Properties['Metrics']).toEqual(metricsOf('SystemErrors'));
  });

  test('by default no alarm has an action, and missing data raises none', () => {
    expect(alarms).toHaveLength(3 * functions.length + 6);
    for (const alarm of alarms) {
      expect(alarm).not.toHaveProperty('AlarmActions');
      expect(alarm).toMatchObject({ TreatMissingData: 'notBreaching', AlarmDescription: expect.any(String) });
    }
  });

  test('by default no function is traced', () => {
    for (const { properties } of functions) expect(properties).not.toHaveProperty('TracingConfig');
    for (const [, { Properties }] of ofType(stack, 'AWS::IAM::Role')) {
      expect(Properties['ManagedPolicyArns']).toEqual([]);
    }
  });
}
