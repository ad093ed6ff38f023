import type { Stats } from 'node:fs';
import { open } from 'node:fs/promises';
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
  if (reference.kind === 'file') return (await readPrivateFile(reference.path)).toString();
  const { secretId, aws, endpoint } = reference;
  const call = awsCall(aws, { ...SECRETS_MANAGER, endpoint });
  const { SecretString: text } = await retryAwsCall(READ_TIMEOUT_MS, (timeoutMs) =>
    call('GetSecretValue', { SecretId: secretId }, timeoutMs),
  );
  return String(text ?? '');
}

/**
 * Reads a file with secrets. The mode is that of the open file: the path may lead to another file a moment later.
 * @throws Error if other users of the machine may read it
 */
export async function readPrivateFile(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    assertPrivate(path, await file.stat());
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/**
 * Refuses a file with secrets that other users of the machine may read. The group may read a file of another owner:
 * this process may have no other way to read it, as with volumes of Kubernetes. Windows has no such modes.
 * @throws Error with the command that corrects the mode
 */
export function assertPrivate(path: string, { mode, uid }: Pick<Stats, 'mode' | 'uid'>): void {
  if (process.platform === 'win32') return;
  const forbidden = uid === process.getuid?.() ? 0o077 : 0o007;
  if ((mode & forbidden) === 0) return;
  throw new Error(`other users of this machine may read it. Run: chmod 600 '${path.replaceAll("'", "'\\''")}'`);
}
