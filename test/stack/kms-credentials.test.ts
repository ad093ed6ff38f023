/** Which secret functions may read to sign with, by the settings of the stage. */
import { expect, test } from '@jest/globals';
import { statement } from '../../deploy/kms-credentials.js';

const ARN = 'arn:aws-us-gov:secretsmanager:us-gov-west-1:111122223333:secret:kms-8hLtkJ';

const statementFor = (authority: string, kmsCredentials: string): Promise<unknown> => {
  const params = new Map(Object.entries({ 'param:authority': authority, 'param:kmsCredentials': kmsCredentials }));
  return statement({
    resolveVariable: async (name: string) => params.get(name),
    resolveConfigurationProperty: () => Promise.reject(new Error('nothing else is asked for')),
  });
};

test('in front of another KMS, signing: the one secret of the setting', async () => {
  expect(await statementFor('upstream', `aws:${ARN}`)).toEqual({
    Effect: 'Allow',
    Action: 'secretsmanager:GetSecretValue',
    Resource: ARN,
  });
});

test.each([
  ['standalone', ''],
  ['standalone', `aws:${ARN}`],
  ['upstream', 'caller'],
])('with authority %s and credentials "%s" there is no secret to read', async (authority, credentials) => {
  expect(await statementFor(authority, credentials)).toEqual({ Ref: 'AWS::NoValue' });
});

test.each([
  '',
  'env',
  'file:/run/secrets/kms.json',
  'aws:kms-credentials',
  'aws:arn:aws:secretsmanager:eu-central-1:111122223333:secret:*',
  'aws:arn:aws:secretsmanager:eu-central-1:111122223333:secret:kms-??????',
  `aws:${ARN} ${ARN}`,
  ARN,
])('credentials that a function cannot use, or that would open more than one secret, stop it: "%s"', (credentials) =>
  expect(statementFor('upstream', credentials)).rejects.toThrow(
    'kmsCredentials must be caller or aws:<ARN of a secret> for authority=upstream',
  ),
);
