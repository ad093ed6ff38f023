/** The kinds of sources that send to `POST /hooks/{source}` on one machine, where one process has all the code. */
import { ADAPTERS } from './adapters.ts';
import { NOTIFICATION_ADAPTERS } from './notification-kinds.ts';
import { sourceKinds } from './sources.ts';

export const WEBHOOKS = sourceKinds({ ...ADAPTERS, ...NOTIFICATION_ADAPTERS });
