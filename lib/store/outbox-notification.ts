import type { Store } from './store.ts';

/**
 * Returns a store that calls `notify` after each durable write of an event.
 * @param notify must not reject; the write resolves only after it
 */
export function withOutboxNotification(store: Store, notify: () => Promise<void>): Store {
  const { grants, events } = store;
  return {
    ...store,
    grants: {
      ...grants,
      async commit(change, event, records) {
        const result = await grants.commit(change, event, records);
        if (result.type === 'done') await notify();
        return result;
      },
    },
    events: {
      ...events,
      async append(event, records) {
        const isWritten = await events.append(event, records);
        if (isWritten) await notify();
        return isWritten;
      },
    },
  };
}
