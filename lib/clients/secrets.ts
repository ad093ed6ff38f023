import { readFile } from 'node:fs/promises';
import { type AwsSettings, awsCall } from './aws.ts';
import { retryWithBackoff } from './aws-retry.ts';
import { READ_MS } from './refreshing-value.ts';

export type SecretReference = { kind: 'file'; path: string } | { kind: 'aws'; secretId: string; aws: AwsSettings };

/** @throws an error that never holds anything of the text */
export async function readSecret(reference: SecretReference): Promise<string> {
  if (reference.kind === 'file') return readFile(reference.path, 'utf8');
  const call = awsCall(reference.aws, { name: 'secretsmanager', target: 'secretsmanager', jsonVersion: '1.1' });
  const { SecretString: text } = await retryWithBackoff(READ_MS, (timeoutMs) =>
    call('GetSecretValue', { SecretId: reference.secretId }, timeoutMs),
  );
  return String(text ?? '');
}
