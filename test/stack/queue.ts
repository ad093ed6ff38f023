/** Checks of the packaged queue, its dead letters and their alarms. */
import { expect, test } from '@jest/globals';
import { functionsOf, ofType, type Stack } from './packaged.ts';

const DAYS14_SECONDS = 1_209_600;

export function testQueue(stack: Stack): void {
  const { stage, resources, outputs } = stack;
  const work = functionsOf(stack).find(({ name }) => name === 'work');
  const [[, mapping] = []] = ofType(stack, 'AWS::Lambda::EventSourceMapping');

  test('messages are encrypted and stored for two weeks; after 12 receives a message becomes a dead letter', () => {
    expect(ofType(stack, 'AWS::SQS::Queue').map(([name, { Properties }]) => [name, Properties])).toEqual([
      [
        'Queue',
        {
          QueueName: `kms-grants-${stage}`,
          VisibilityTimeout: 120,
          MessageRetentionPeriod: DAYS14_SECONDS,
          MaximumMessageSize: 1024 * 1024,
          SqsManagedSseEnabled: true,
          RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': ['DeadLetters', 'Arn'] }, maxReceiveCount: 12 },
        },
      ],
      [
        'DeadLetters',
        {
          QueueName: `kms-grants-${stage}-dead-letters`,
          MessageRetentionPeriod: DAYS14_SECONDS,
          SqsManagedSseEnabled: true,
          RedriveAllowPolicy: {
            redrivePermission: 'byQueue',
            sourceQueueArns: [
              { 'Fn::Sub': `arn:\${AWS::Partition}:sqs:\${AWS::Region}:\${AWS::AccountId}:kms-grants-${stage}` },
            ],
          },
        },
      ],
    ]);
  });

  test('only the function work receives the messages, and it times out before the visibility timeout', () => {
    expect(ofType(stack, 'AWS::Lambda::EventSourceMapping')).toHaveLength(1);
    expect(mapping?.Properties).toEqual({
      EventSourceArn: { 'Fn::GetAtt': ['Queue', 'Arn'] },
      FunctionName: { 'Fn::GetAtt': [work?.id, 'Arn'] },
      Enabled: true,
      BatchSize: 10,
      // Of a batch of ten, only the failed messages become visible again.
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 2 },
    });
    expect(work?.properties['Timeout']).toBe(110);
  });

  test('find-lost-work runs once a minute', () => {
    expect(resources['FindDashlostDashworkEventsRuleSchedule1']?.Properties).toMatchObject({
      ScheduleExpression: 'rate(1 minute)',
      State: 'ENABLED',
      Targets: [{ Arn: { 'Fn::GetAtt': ['FindDashlostDashworkLambdaFunction', 'Arn'] } }],
    });
  });

  test('the outputs are the URLs of both queues', () => {
    expect(outputs['QueueUrl']?.Value).toEqual({ Ref: 'Queue' });
    expect(outputs['DeadLetterUrl']?.Value).toEqual({ Ref: 'DeadLetters' });
  });

  test('dead letters and old messages have alarms', () => {
    expect(resources['DeadLettersThere']?.Properties).toMatchObject({
      Namespace: 'AWS/SQS',
      MetricName: 'ApproximateNumberOfMessagesVisible',
      Dimensions: [{ Name: 'QueueName', Value: { 'Fn::GetAtt': ['DeadLetters', 'QueueName'] } }],
      Statistic: 'Maximum',
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      Threshold: 1,
    });
    expect(resources['QueueOld']?.Properties).toMatchObject({
      Namespace: 'AWS/SQS',
      MetricName: 'ApproximateAgeOfOldestMessage',
      Dimensions: [{ Name: 'QueueName', Value: { 'Fn::GetAtt': ['Queue', 'QueueName'] } }],
      Statistic: 'Maximum',
      ComparisonOperator: 'GreaterThanThreshold',
      Threshold: 900,
    });
  });

  test('jobs of which a person must resolve the rest are counted in the log of the function work, and have an alarm', () => {
    expect(resources['UnresolvedJobFound']?.Properties).toEqual({
      LogGroupName: { Ref: work?.id.replace('LambdaFunction', 'LogGroup') },
      FilterPattern:
        '{ $.level = "ERROR" && $.message = "job" && ($.state = "leftovers" || $.state = "unreadable" ' +
        '|| $.state = "needs-person" || $.state = "paused") }',
      MetricTransformations: [
        { MetricNamespace: `kms-grants-${stage}`, MetricName: 'UnresolvedJobs', MetricValue: '1' },
      ],
    });
    expect(resources['UnresolvedJobs']?.Properties).toMatchObject({
      Namespace: `kms-grants-${stage}`,
      MetricName: 'UnresolvedJobs',
      Statistic: 'Sum',
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      Threshold: 1,
    });
  });
}
