/** Tabs tell each other that something has changed, and nothing else: no token, no id. */
import type { QueryClient } from '@tanstack/react-query';

const channel = new BroadcastChannel('kms-grants-console');

/** Reads everything again that this tab shows, and has the other tabs do the same. */
export async function announceChange(queryClient: QueryClient): Promise<void> {
  channel.postMessage('changed');
  await queryClient.invalidateQueries();
}

export function followOtherTabs(queryClient: QueryClient): void {
  channel.addEventListener('message', () => void queryClient.invalidateQueries());
}
