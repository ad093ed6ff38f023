import type { Store } from './store.ts';

/**
 * A store whose changes are told of: once one that leaves an event is durable.
 * @param tell answered before the change is; what it meets is its own to report
 */
export function withOutboxNotification(store: Store, tell: () => Promise<void>): Store {
  const { grants, events } = store;
  return {
    ...store,
    grants: {
      ...grants,
      async commit(change, event, once) {
        const outcome = await grants.commit(change, event, once);
        if (outcome.type === 'done') await tell();
        return outcome;
      },
    },
    events: {
      ...events,
      async append(event, remembered) {
        await events.append(event, remembered);
        await tell();
      },
    },
  };
}
