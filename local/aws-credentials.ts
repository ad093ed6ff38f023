/**
 * AWS credentials on one machine. With an access key in the environment, the service uses it. Without one, the
 * credential provider chain of AWS's SDK finds credentials (a profile, a web identity, the role of a container or an
 * instance), and renews them before they expire. Deployed functions do not bundle it: Lambda sets an access key.
 */
import type { AwsCredentials, AwsSettings } from '../lib/clients/aws.ts';
import { type Config, readConfig } from '../lib/config.ts';

/** Parses the environment of this process. */
export function readLocalConfig(): Config {
  return withProviderChain(readConfig());
}

/** Returns the settings with the provider chain wherever the environment has no access key for AWS. */
export function withProviderChain(config: Config): Config {
  const credentials = providerChain();
  const complete = <T extends { aws: AwsSettings }>(settings: T): T => {
    const { aws } = settings;
    return aws.accessKeyId ? settings : { ...settings, aws: { ...aws, credentials } };
  };
  const completeReference = <T extends { kind: string }>(reference: T): T =>
    'aws' in reference ? complete(reference as T & { aws: AwsSettings }) : reference;
  const { dynamodb, sqs, hooks, targets, upstream, aws } = config;
  return {
    ...config,
    dynamodb: dynamodb && complete(dynamodb),
    sqs: sqs && complete(sqs),
    hooks: hooks && completeReference(hooks),
    targets: targets && completeReference(targets),
    aws: aws && complete({ aws }).aws,
    upstream: upstream && {
      ...upstream,
      credentials: upstream.credentials === 'caller' ? 'caller' : completeReference(upstream.credentials),
    },
  };
}

/** Loads the SDK's chain on first use: most processes need none. It caches credentials until shortly before expiry. */
function providerChain(): () => Promise<AwsCredentials> {
  let chain: Promise<() => Promise<AwsCredentials>> | undefined;
  return async () => {
    chain ??= import('@aws-sdk/credential-provider-node').then(({ defaultProvider }) => defaultProvider());
    try {
      return await (await chain)();
    } catch (error) {
      throw new Error(
        'No AWS credentials. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give the machine a role.',
        { cause: error },
      );
    }
  };
}

/**
 * Returns whether the service uses temporary credentials of the environment, which nothing can renew: calls to AWS fail
 * when they expire.
 */
export function usesTemporaryKey({ dynamodb, sqs, hooks, targets, upstream }: Config): boolean {
  const settings = [dynamodb, sqs, hooks, targets, upstream?.credentials];
  return settings.some((one) => typeof one === 'object' && 'aws' in one && Boolean(one.aws.sessionToken));
}
