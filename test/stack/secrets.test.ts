/** Which secrets functions may read, by the settings of the stage. */
import { describe, expect, test } from '@jest/globals';
import { hooks, kmsCredentials, targets } from '../../deploy/secrets.js';

const STATEMENTS = { hooks, kmsCredentials, targets };

const ARN = 'arn:aws-us-gov:secretsmanager:us-gov-west-1:111122223333:secret:kms-8hLtkJ';
const THAT_SECRET = { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: ARN };
const NONE = { Ref: 'AWS::NoValue' };

/** What opens more than one secret, or none that a function can read. */
const UNUSABLE = [
  'env',
  'file:/run/secrets/kms.json',
  'aws:kms-credentials',
  'aws:arn:aws:secretsmanager:eu-central-1:111122223333:secret:*',
  'aws:arn:aws:secretsmanager:eu-central-1:111122223333:secret:kms-??????',
  `aws:${ARN} ${ARN}`,
  ARN,
];

const statementFor = (name: keyof typeof STATEMENTS, params: Record<string, string>): Promise<unknown> =>
  STATEMENTS[name]({
    resolveVariable: async (variable: string) => params[variable.replace('param:', '')],
    resolveConfigurationProperty: () => Promise.reject(new Error('nothing else is asked for')),
  });

const forKms = (authority: string, kmsCredentials: string) =>
  statementFor('kmsCredentials', { authority, kmsCredentials });

test('in front of another KMS, signing: the one secret of the setting', async () => {
  expect(await forKms('upstream', `aws:${ARN}`)).toEqual(THAT_SECRET);
});

test.each([
  ['standalone', ''],
  ['standalone', `aws:${ARN}`],
  ['upstream', 'caller'],
])('with authority %s and credentials "%s" there is no secret to read', async (authority, credentials) => {
  expect(await forKms(authority, credentials)).toEqual(NONE);
});

test.each(['', ...UNUSABLE])('credentials that a function cannot use stop the packaging: "%s"', (credentials) =>
  expect(forKms('upstream', credentials)).rejects.toThrow(
    'kmsCredentials must be caller or aws:<ARN of a secret> for authority=upstream',
  ),
);

describe.each(['hooks', 'targets'] as const)('%s', (name) => {
  test('the one secret of the setting', async () => {
    expect(await statementFor(name, { [name]: `aws:${ARN}` })).toEqual(THAT_SECRET);
  });

  test('without the setting there is no secret to read', async () => {
    expect(await statementFor(name, { [name]: '' })).toEqual(NONE);
  });

  test.each([...UNUSABLE, 'caller'])('what a function cannot use stops the packaging: "%s"', (value) =>
    expect(statementFor(name, { [name]: value })).rejects.toThrow(`${name} must be aws:<ARN of a secret>, or empty`),
  );
});

test('hooks stop the packaging where the token of whoever calls is passed on', () =>
  expect(statementFor('hooks', { hooks: `aws:${ARN}`, kmsCredentials: 'caller' })).rejects.toThrow(
    'hooks needs other kmsCredentials than caller: nobody calls when a hook comes',
  ));

test('without hooks that token may be passed on', async () => {
  expect(await statementFor('hooks', { hooks: '', kmsCredentials: 'caller' })).toEqual(NONE);
});
