import type { Authority } from '../authority/authority.ts';
import type { Config } from '../config.ts';
import type { Queue } from '../queue/queue.ts';
import type { Store } from '../store/store.ts';

export interface ChatDependencies {
  authority: Authority;
  store: Store;
  queue: Queue;
  config: Config;
  /** ms since 1970 */
  now: () => number;
}

/** What functions need that only read. */
export type Reader = Pick<ChatDependencies, 'authority' | 'store'>;
