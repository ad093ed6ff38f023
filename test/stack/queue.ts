/** Where work waits, and how one learns that it does not end well. */
import { expect, test } from '@jest/globals';
import { functionsOf, ofType, type Stack } from './packaged.ts';

const DAYS14_SECONDS = 1_209_600;

export function testQueue(stack: Stack): void {
  const { stage, resources, outputs } = stack;
  const work = functionsOf(stack).find(({ name }) => name === 'work');
  const [[, mapping] = []] = ofType(stack, 'AWS::Lambda::EventSourceMapping');

  test('work waits encrypted for two weeks; what was taken twelve times becomes a dead letter, which waits as long', () => {
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

  test('the queue hands its work to one function, which ends before the queue hands it out again', () => {
    expect(ofType(stack, 'AWS::Lambda::EventSourceMapping')).toHaveLength(1);
    expect(mapping?.Properties).toEqual({
      EventSourceArn: { 'Fn::GetAtt': ['Queue', 'Arn'] },
      FunctionName: { 'Fn::GetAtt': [work?.id, 'Arn'] },
      Enabled: true,
      BatchSize: 10,
      // Of ten, those that are not finished come back, and no others.
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 2 },
    });
    expect(work?.properties['Timeout']).toBe(110);
  });

  test('what was lost sight of is looked for once a minute', () => {
    expect(resources['FindDashlostDashworkEventsRuleSchedule1']?.Properties).toMatchObject({
      ScheduleExpression: 'rate(1 minute)',
      State: 'ENABLED',
      Targets: [{ Arn: { 'Fn::GetAtt': ['FindDashlostDashworkLambdaFunction', 'Arn'] } }],
    });
  });

  test('the outputs tell the admin command where both queues are', () => {
    expect(outputs['QueueUrl']?.Value).toEqual({ Ref: 'Queue' });
    expect(outputs['DeadLetterUrl']?.Value).toEqual({ Ref: 'DeadLetters' });
  });

  test('dead letters, and work that nobody does, have alarms', () => {
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

  test('leftovers of a job are counted in the log of the function that leaves them, and have an alarm', () => {
    expect(resources['LeftoversFound']?.Properties).toEqual({
      LogGroupName: { Ref: work?.id.replace('LambdaFunction', 'LogGroup') },
      FilterPattern: '{ $.level = "ERROR" && $.message = "job" && $.state = "leftovers" }',
      MetricTransformations: [{ MetricNamespace: `kms-grants-${stage}`, MetricName: 'Leftovers', MetricValue: '1' }],
    });
    expect(resources['Leftovers']?.Properties).toMatchObject({
      Namespace: `kms-grants-${stage}`,
      MetricName: 'Leftovers',
      Statistic: 'Sum',
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      Threshold: 1,
    });
  });
}
