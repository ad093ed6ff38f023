/** What functions need that receive webhooks: they authenticate no caller, and never touch a key or a grant. */
import { useProxies } from '../../clients/connections.ts';
import { type Config, ConfigError, readConfig } from '../../config.ts';
import type { Queue } from '../../queue/queue.ts';
import { sqsSender } from '../../queue/sqs-sender.ts';
import { openDynamodbReceiver } from '../../store/dynamodb/receiver.ts';
import type { ReceiverStore } from '../../store/store.ts';

export interface ReceiverServices {
  config: Config;
  now: () => number;
  store: ReceiverStore;
  queue: Pick<Queue, 'send'>;
}

let current: ReceiverServices | undefined;

/** Returns the services that all webhooks of this process use. On Lambda the first call creates them. */
export function receiverServices(): ReceiverServices {
  current ??= openDeployed();
  return current;
}

/** Sets the services of this process; `useServices` calls it. */
export function useReceiverServices(services: ReceiverServices): void {
  current = services;
}

function openDeployed(): ReceiverServices {
  const config = readConfig();
  useProxies(config.proxies);
  const { dynamodb, sqs } = deployedSettings(config);
  return { config, now: Date.now, store: openDynamodbReceiver(dynamodb), queue: sqsSender(sqs) };
}

/** Returns the settings of the table and the queue, which every deployed function has. @throws ConfigError */
export function deployedSettings({ dynamodb, sqs }: Config) {
  if (!dynamodb) throw new ConfigError('STORE must be dynamodb: a function has no disk of its own');
  if (!sqs) throw new ConfigError('QUEUE_URL must be set: a Lambda function cannot use the queue in SQLite');
  return { dynamodb, sqs };
}
