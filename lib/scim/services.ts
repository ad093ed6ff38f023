/** What the SCIM server needs: what every receiver of webhooks needs, and provisioned users and mappings. */
import { openDynamodbProvisioning } from '../store/dynamodb/provisioning.ts';
import type { ReceiverStore, Store } from '../store/store.ts';
import { memoizeByStore } from '../util/memoize.ts';
import { deployedSettings, type ReceiverServices, receiverServices } from '../webhooks/inbound/services.ts';

type ScimParts = Pick<Store, 'scim' | 'mappings'>;

export interface ScimServices extends ReceiverServices {
  store: ReceiverStore & ScimParts;
}

/** Returns the services that all requests of this process use. On Lambda the first call creates them. */
export const scimServices = (): ScimServices => completed(receiverServices());

const completed = memoizeByStore((services: ReceiverServices): ScimServices => {
  // On one machine, all functions share a store that has every part.
  if (hasScim(services)) return services;
  const { dynamodb } = deployedSettings(services.config);
  return { ...services, store: { ...services.store, ...openDynamodbProvisioning(dynamodb) } };
});

const hasScim = (services: ReceiverServices): services is ScimServices => 'scim' in services.store;
