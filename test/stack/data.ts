/** Checks of the packaged table, root key and function settings. */
import { expect, test } from '@jest/globals';
import { functionsOf, type Stack } from './packaged.ts';

export function testData(stack: Stack): void {
  const { stage, resources, outputs, provider } = stack;

  test('the table is on demand, encrypted, recoverable, protected from deletion, and outlives the stack', () => {
    expect(resources['Table']).toEqual({
      Type: 'AWS::DynamoDB::Table',
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        TableName: `kms-grants-${stage}`,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [
          { AttributeName: 'pk', AttributeType: 'S' },
          { AttributeName: 'sk', AttributeType: 'S' },
        ],
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
        TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        SSESpecification: { SSEEnabled: true, SSEType: 'KMS' },
        DeletionProtectionEnabled: true,
      },
    });
  });

  test('Secrets Manager generates the root key, and it outlives the stack', () => {
    expect(resources['RootKey']).toEqual({
      Type: 'AWS::SecretsManager::Secret',
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        Description: `kms-grants ${stage}, root key. Without it no access key can be read.`,
        GenerateSecretString: { PasswordLength: 64, ExcludePunctuation: true },
      },
    });
  });

  test('the stack is protected from deletion, and no update may replace the table or change the root key', () => {
    expect(provider['deletionProtection']).toBe(true);
    expect(provider['stackPolicy']).toEqual([
      { Effect: 'Allow', Principal: '*', Action: ['Update:*'], Resource: '*' },
      {
        Effect: 'Deny',
        Principal: '*',
        Action: ['Update:Replace', 'Update:Delete'],
        Resource: 'LogicalResourceId/Table',
      },
      { Effect: 'Deny', Principal: '*', Action: ['Update:*'], Resource: 'LogicalResourceId/RootKey' },
    ]);
  });

  test('functions get the settings and the name of the root key secret, not its value', () => {
    for (const { properties } of functionsOf(stack)) {
      expect(properties['Environment']).toEqual({
        Variables: {
          STORE: 'dynamodb',
          TABLE: `kms-grants-${stage}`,
          ROOT_KEY_SECRET: { Ref: 'RootKey' },
          REGION: 'eu-central-1',
          GRANTS_PER_KEY: '100',
          KEYS_PER_PROJECT: '100',
          AUTHORITY: 'standalone',
          KMS_ENDPOINT: '',
          KMS_CREDENTIALS: '',
          KMS_RATE_PER_SECOND: '20',
          KMS_TIMEOUT_SECONDS: '20',
          IDENTITY: 'directory',
          IAM_ENDPOINT: '',
          TOKEN_CACHE_SECONDS: '30',
          PROJECTS: '',
          PUBLIC_URL: '',
          HOOKS: '',
          TARGETS: '',
          CHAT_APPROVERS: '1',
          QUEUE_URL: { Ref: 'Queue' },
        },
      });
    }
  });

  test('no ARN names an account or a region', () => {
    const arns = JSON.stringify(resources).match(/"arn:[^"]*/g) ?? [];
    expect(arns.length).toBeGreaterThan(0);
    expect(arns.filter((arn) => /\d{12}|eu-central-1/.test(arn))).toEqual([]);
  });

  test('the outputs are the URL, the table name and the root key secret', () => {
    expect(outputs['HttpApiUrl']?.Value).toEqual({
      'Fn::Join': [
        '',
        ['https://', { Ref: 'HttpApi' }, '.execute-api.', { Ref: 'AWS::Region' }, '.', { Ref: 'AWS::URLSuffix' }],
      ],
    });
    expect(outputs['TableName']?.Value).toBe(`kms-grants-${stage}`);
    expect(outputs['RootKeySecretArn']?.Value).toEqual({ Ref: 'RootKey' });
  });
}
