import { readFile } from 'node:fs/promises';
import { type AwsSettings, awsCall } from './aws.ts';
import { retryAwsCall } from './aws-errors.ts';
import { READ_TIMEOUT_MS } from './refreshing-value.ts';

/** A file, or a secret of AWS Secrets Manager by its name or ARN. */
export type SecretReference =
  | { kind: 'file'; path: string }
  | { kind: 'aws'; secretId: string; aws: AwsSettings; endpoint?: string };

const SECRETS_MANAGER = { name: 'secretsmanager', target: 'secretsmanager', jsonVersion: '1.1' } as const;

/**
 * Returns the text of a secret, without the byte order mark that some editors write before it.
 * @throws an error that never contains any of the text
 */
export async function readSecret(reference: SecretReference): Promise<string> {
  return (await readText(reference)).replace(/^\ufeff/, '');
}

async function readText(reference: SecretReference): Promise<string> {
  if (reference.kind === 'file') return readFile(reference.path, 'utf8');
  const { secretId, aws, endpoint } = reference;
  const call = awsCall(aws, { ...SECRETS_MANAGER, endpoint });
  const { SecretString: text } = await retryAwsCall(READ_TIMEOUT_MS, (timeoutMs) =>
    call('GetSecretValue', { SecretId: secretId }, timeoutMs),
  );
  return String(text ?? '');
}
