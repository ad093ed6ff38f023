/** deploy/secrets.js: the statements that allow functions to read the secrets in the settings. */
import { describe, expect, test } from '@jest/globals';
import { chatSecrets, hooks, kmsCredentials, targets } from '../../deploy/secrets.js';

const STATEMENTS = { chatSecrets, hooks, kmsCredentials, targets };

const ARN = 'arn:aws-us-gov:secretsmanager:us-gov-west-1:111122223333:secret:kms-8hLtkJ';
const THAT_SECRET = { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: ARN };
const NO_STATEMENT = { Ref: 'AWS::NoValue' };

/** Values that name no secret, or several. */
const INVALID = [
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
    resolveConfigurationProperty: () => Promise.reject(new Error('not expected')),
  });

const forKms = (authority: string, kmsCredentials: string) =>
  statementFor('kmsCredentials', { authority, kmsCredentials });

test('with an upstream, kmsCredentials allows reading the secret that it names', async () => {
  expect(await forKms('upstream', `aws:${ARN}`)).toEqual(THAT_SECRET);
});

test.each([
  ['standalone', ''],
  ['standalone', `aws:${ARN}`],
  ['upstream', 'caller'],
])('with authority %s and kmsCredentials "%s" there is no statement', async (authority, credentials) => {
  expect(await forKms(authority, credentials)).toEqual(NO_STATEMENT);
});

test.each(['', ...INVALID])(
  'kmsCredentials="%s" stops the packaging, because a function cannot use it',
  (credentials) =>
    expect(forKms('upstream', credentials)).rejects.toThrow(
      'kmsCredentials must be caller or aws:<ARN of a secret> for authority=upstream',
    ),
);

describe.each(['hooks', 'targets'] as const)('%s', (name) => {
  test('allows reading the secret that the setting names', async () => {
    expect(await statementFor(name, { [name]: `aws:${ARN}` })).toEqual(THAT_SECRET);
  });

  test('gives no statement if the setting is empty', async () => {
    expect(await statementFor(name, { [name]: '' })).toEqual(NO_STATEMENT);
  });

  test.each([...INVALID, 'caller'])('stops the packaging if a function cannot use the value "%s"', (value) =>
    expect(statementFor(name, { [name]: value })).rejects.toThrow(`${name} must be aws:<ARN of a secret>, or empty`),
  );
});

test('the setting hooks with kmsCredentials=caller stops the packaging', () =>
  expect(statementFor('hooks', { hooks: `aws:${ARN}`, kmsCredentials: 'caller' })).rejects.toThrow(
    'kmsCredentials must be aws:<ARN of a secret> because hooks is set: webhooks and chat carry no token of a caller',
  ));

test('kmsCredentials=caller is allowed if the setting hooks is empty', async () => {
  expect(await statementFor('hooks', { hooks: '', kmsCredentials: 'caller' })).toEqual(NO_STATEMENT);
});

test('chatSecrets allows reading each secret that it names, and none if it is empty', async () => {
  const other = ARN.replace('kms-', 'slack-');
  expect(await statementFor('chatSecrets', { chatSecrets: `aws:${ARN}, aws:${other}` })).toEqual({
    ...THAT_SECRET,
    Resource: [ARN, other],
  });
  expect(await statementFor('chatSecrets', { chatSecrets: '' })).toEqual(NO_STATEMENT);
});

test.each([...INVALID, `aws:${ARN},`, `aws:${ARN},env`])('chatSecrets="%s" stops the packaging', (value) =>
  expect(statementFor('chatSecrets', { chatSecrets: value })).rejects.toThrow('chatSecrets must be aws:<ARN'),
);
